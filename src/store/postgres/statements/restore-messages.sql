INSERT INTO ringback.outbox (
  number, message_id, user_id, session_id, purpose, recipient, channel, created_ms, expires_ms, sealed, due_ms,
  is_leased, attempt, attempts, outcome, reason, settled_ms, provider_id, provider_message_id, encoding, segments,
  receipt_ms
) OVERRIDING SYSTEM VALUE
SELECT
  number, message_id, user_id, session_id, purpose, recipient, channel, created_ms, expires_ms, sealed, due_ms,
  is_leased, attempt, attempts, outcome, reason, settled_ms, provider_id, provider_message_id, encoding, segments,
  receipt_ms
FROM jsonb_populate_recordset(NULL::ringback.outbox, $1::jsonb)
