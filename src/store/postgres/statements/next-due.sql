SELECT min(due_ms) AS due_ms FROM ringback.outbox WHERE outcome IS NULL
