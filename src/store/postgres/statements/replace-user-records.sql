INSERT INTO ringback.user_records (
  id, organization_id, kind, status, user_name, user_name_folded, given_name, family_name, nick_name, display_name,
  email, email_folded, schema_id, created_ms
)
SELECT
  n.id, n.organization_id, n.kind, n.status, n.user_name, n.user_name_folded, n.given_name, n.family_name,
  n.nick_name, n.display_name, n.email, n.email_folded, n.schema_id, n.created_ms
FROM unnest($1::text[]) AS c (record), jsonb_populate_record(NULL::ringback.user_records, c.record::jsonb) AS n
