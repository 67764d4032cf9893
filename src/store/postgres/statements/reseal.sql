UPDATE ringback.outbox SET sealed = $3 WHERE message_id = $1 AND sealed = $2
