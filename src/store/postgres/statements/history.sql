-- $2 is the settled position, from a statement before: one does not see what ended while it waited.
SELECT position, aggregate_type, aggregate_id, sequence, at_ms, type, data
FROM ringback.events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3
