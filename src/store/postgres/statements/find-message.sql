SELECT * FROM ringback.outbox WHERE message_id = $1
