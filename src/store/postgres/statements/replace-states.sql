INSERT INTO ringback.states
  (aggregate_type, aggregate_id, sequence, changed_ms, state, phone)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
