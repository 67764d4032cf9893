INSERT INTO ringback.inbox_messages OVERRIDING SYSTEM VALUE
SELECT * FROM jsonb_populate_recordset(NULL::ringback.inbox_messages, $1::jsonb)
