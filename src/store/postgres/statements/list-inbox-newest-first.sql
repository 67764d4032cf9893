SELECT id, message_id, user_id, purpose, recipient, text, code, created_ms, expires_ms FROM ringback.inbox_messages
WHERE id > $1 AND ($2::text IS NULL OR recipient = $2) ORDER BY id DESC LIMIT $3
