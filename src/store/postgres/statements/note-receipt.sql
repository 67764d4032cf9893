UPDATE ringback.outbox SET outcome = $3, reason = $4, receipt_ms = $5
WHERE message_id = $1 AND provider_id = $2 AND outcome NOT IN ('delivered', 'undelivered')
