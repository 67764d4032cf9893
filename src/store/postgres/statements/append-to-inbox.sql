-- Appends take turns: an id that is seen has none below it that will be seen later. Ids of messages that were
-- there already are lost.
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(1380533319, 3)),
appended AS (
  INSERT INTO ringback.inbox_messages
    (message_id, user_id, purpose, recipient, text, code, created_ms, expires_ms)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM turn ON CONFLICT DO NOTHING RETURNING id
), removed AS (
  -- The bound is one of ids, so that nobody counts messages while others wait for their turn: lost ids and cleared
  -- messages use it up as well. In order and with a limit, so that the planner takes the index.
  DELETE FROM ringback.inbox_messages WHERE id = ANY (ARRAY(
    SELECT id FROM ringback.inbox_messages WHERE id <= (SELECT id FROM appended) - $9 ORDER BY id LIMIT 100
  ))
)
SELECT id FROM appended
