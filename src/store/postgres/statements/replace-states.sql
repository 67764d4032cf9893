INSERT INTO ringback.states
  (aggregate_type, aggregate_id, sequence, last_position, changed_ms, state, phone, phone_folded)
SELECT * FROM unnest(
  $1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[]
)
