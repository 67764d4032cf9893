INSERT INTO ringback.events
SELECT * FROM jsonb_populate_recordset(NULL::ringback.events, $1::jsonb)
