INSERT INTO ringback.session_records
SELECT n.* FROM unnest($1::text[]) AS c (record), jsonb_populate_record(NULL::ringback.session_records, c.record::jsonb) AS n
