INSERT INTO ringback.session_records (id, user_id, creator_id, fingerprint_id, created_ms, expires_ms)
SELECT n.id, n.user_id, n.creator_id, n.fingerprint_id, n.created_ms, n.expires_ms
FROM unnest($1::text[]) AS c (record), jsonb_populate_record(NULL::ringback.session_records, c.record::jsonb) AS n
