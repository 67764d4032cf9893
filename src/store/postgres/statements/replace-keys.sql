INSERT INTO ringback.unique_keys (kind, key, aggregate_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
