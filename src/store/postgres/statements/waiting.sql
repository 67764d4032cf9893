SELECT message_id, number, due_ms, sealed FROM ringback.outbox
WHERE outcome IS NULL AND (due_ms, number) > ($1, $2) ORDER BY due_ms, number LIMIT $3
