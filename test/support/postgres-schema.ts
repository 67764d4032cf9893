import pg from "pg";

/** Everything in the schema `ringback`, from the catalogs, as SQL to read and to compare. */
export async function dumpSchema(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // The same for a role of any name: by default a schema with the name of the role is left out of what is shown.
    await client.query("SET search_path = ringback");
    const parts: string[] = [];
    for (const sql of [sequencesSql, tablesSql, indexesSql, functionsSql]) {
      const { rows } = await client.query<{ readonly definition: string }>(sql);
      parts.push(...rows.map(({ definition }) => definition));
    }
    return `${parts.join("\n\n")}\n`;
  } finally {
    await client.end();
  }
}

const sequencesSql = `
  SELECT format('CREATE SEQUENCE ringback.%I AS %s;', sequencename, data_type) AS definition
  FROM pg_sequences WHERE schemaname = 'ringback'
  ORDER BY sequencename COLLATE "C"`;

const tablesSql = `
  SELECT format(E'CREATE TABLE ringback.%I (\\n%s\\n)%s;', c.relname, string_agg(part, E',\\n' ORDER BY kind, place),
    coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '')) AS definition
  FROM pg_class c JOIN LATERAL (
    SELECT 1 AS kind, a.attnum::int AS place, format('  %I %s%s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || quote_ident(l.collname) ELSE '' END,
      CASE WHEN a.attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END,
      coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), ''),
      CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END) AS part
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 2, row_number() OVER (ORDER BY conname COLLATE "C")::int,
      format('  CONSTRAINT %I %s', conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE conrelid = c.oid AND contype <> 'n'
  ) AS parts ON TRUE
  WHERE c.relnamespace = 'ringback'::regnamespace AND c.relkind = 'r'
  GROUP BY c.oid, c.relname, c.reloptions
  ORDER BY c.relname COLLATE "C"`;

const indexesSql = `
  SELECT pg_get_indexdef(i.indexrelid) || ';' AS definition
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE c.relnamespace = 'ringback'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
  ORDER BY c.relname COLLATE "C"`;

const functionsSql = `
  SELECT pg_get_functiondef(oid) || ';' AS definition
  FROM pg_proc WHERE pronamespace = 'ringback'::regnamespace
  ORDER BY proname COLLATE "C"`;
