-- In turn with appends: those that make room meet the same messages, perhaps in another order.
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(1380533319, 3))
DELETE FROM ringback.inbox_messages USING turn WHERE $1::text IS NULL OR recipient = $1
