INSERT INTO ringback.inbox_messages
  (id, message_id, user_id, purpose, recipient, text, code, created_ms, expires_ms) OVERRIDING SYSTEM VALUE
SELECT id, message_id, user_id, purpose, recipient, text, code, created_ms, expires_ms
FROM jsonb_populate_recordset(NULL::ringback.inbox_messages, $1::jsonb)
