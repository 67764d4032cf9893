-- The aggregates that hold keys.
SELECT w.number, u.aggregate_id
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (kind, key, number)
JOIN ringback.unique_keys u ON u.kind = w.kind AND u.key = w.key
