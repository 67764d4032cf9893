-- The state rows of aggregates: those of which the caller does not know the last event come with their state.
SELECT w.number, s.sequence, CASE WHEN s.sequence <> w.known THEN s.state END AS state
FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS w (type, id, known, number)
JOIN ringback.states s ON s.aggregate_type = w.type AND s.aggregate_id = w.id
