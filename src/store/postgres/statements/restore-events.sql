INSERT INTO ringback.events (position, aggregate_type, aggregate_id, sequence, at_ms, type, data)
SELECT position, aggregate_type, aggregate_id, sequence, at_ms, type, data
FROM jsonb_populate_recordset(NULL::ringback.events, $1::jsonb)
