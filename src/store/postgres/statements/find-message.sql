SELECT
  number, message_id, user_id, session_id, purpose, recipient, channel, created_ms, expires_ms, attempts, outcome,
  reason, settled_ms, provider_id, provider_message_id, encoding, segments, receipt_ms
FROM ringback.outbox WHERE message_id = $1
