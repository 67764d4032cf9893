UPDATE ringback.outbox SET attempts = $3, due_ms = $4, is_leased = FALSE
WHERE message_id = $1 AND attempt = $2 AND is_leased AND outcome IS NULL
