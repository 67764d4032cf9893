UPDATE ringback.outbox o SET
  outcome = n.outcome, reason = n.reason, settled_ms = n.settled_ms, attempts = n.attempts,
  provider_id = n.provider_id, provider_message_id = n.provider_message_id, encoding = n.encoding,
  segments = n.segments, sealed = NULL, is_leased = FALSE
FROM jsonb_populate_record(NULL::ringback.outbox, $1::jsonb) AS n
WHERE o.message_id = n.message_id AND o.sealed IS NOT NULL
