INSERT INTO ringback.outbox OVERRIDING SYSTEM VALUE
SELECT * FROM jsonb_populate_recordset(NULL::ringback.outbox, $1::jsonb)
