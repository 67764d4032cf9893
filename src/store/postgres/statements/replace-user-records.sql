INSERT INTO ringback.user_records
SELECT n.* FROM unnest($1::text[]) AS c (record), jsonb_populate_record(NULL::ringback.user_records, c.record::jsonb) AS n
