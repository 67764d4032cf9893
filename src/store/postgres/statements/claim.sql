-- Only the front of the table is looked at for what is past its time, so that a step stays small: records behind
-- messages that have waited for as long go when those are settled.
WITH pruned AS (
  DELETE FROM ringback.outbox WHERE outcome IS NOT NULL AND created_ms < $4
    AND number IN (SELECT number FROM ringback.outbox ORDER BY number LIMIT $5)
)
SELECT
  message_id, user_id, session_id, purpose, recipient, channel, created_ms, expires_ms, sealed, attempt, attempts
FROM ringback.claim($1, $2, $3)
