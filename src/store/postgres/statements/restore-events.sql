INSERT INTO ringback.events
  (position, aggregate_type, aggregate_id, sequence, at_ms, type, data, previous_position)
SELECT position, aggregate_type, aggregate_id, sequence, at_ms, type, data, previous_position
FROM jsonb_populate_recordset(NULL::ringback.events, $1::jsonb)
