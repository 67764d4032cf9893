-- Appends take turns: an id that is seen has none below it that will be seen later. Ids of messages that were
-- there already are lost.
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(1380533319, 3)),
appended AS (
  INSERT INTO ringback.inbox_messages
    (message_id, user_id, purpose, recipient, text, code, created_ms, expires_ms)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM turn ON CONFLICT DO NOTHING RETURNING id
), removed AS (
  -- This one is not among those that the statement sees.
  DELETE FROM ringback.inbox_messages
  WHERE EXISTS (SELECT FROM appended) AND id <= (
    SELECT id FROM ringback.inbox_messages ORDER BY id DESC OFFSET $9 - 1 LIMIT 1
  )
)
SELECT id FROM appended
