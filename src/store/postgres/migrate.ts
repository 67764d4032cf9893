import { readdirSync, readFileSync } from "node:fs";
import type pg from "pg";
import { integer, text, type Row } from "./columns.ts";
import { reason } from "./database.ts";
import { Hosts } from "./hosts.ts";

const connectMsMax = 5_000;

/** Where the server says that the role may create a schema, and the manual of this server why it must. */
const schema = `
  CREATE SCHEMA IF NOT EXISTS ringback;
  CREATE TABLE IF NOT EXISTS ringback.migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  );
`;

/**
 * Brings the database to the newest version. Of several replicas that start together one does it; the others wait
 * for it.
 *
 * @returns the names of the migrations that were applied just now
 * @throws Error in plain words if the server cannot be reached, or knows a version that this program does not
 */
export async function migrate(url: string): Promise<readonly string[]> {
  let client: pg.Client | undefined;
  try {
    client = await new Hosts(url).connect({ connectionTimeoutMillis: connectMsMax });
    return await applyMissing(client);
  } catch (cause) {
    throw new Error(`cannot open the database ${withoutPassword(url)}: ${reason(cause)}`, { cause });
  } finally {
    await client?.end().catch(() => {});
  }
}

async function applyMissing(client: pg.Client): Promise<readonly string[]> {
  const migrations = readMigrations();
  await client.query("BEGIN");
  // Until the end of the transaction. The numbers are "RING" in ASCII, and the first that no statement uses.
  await client.query("SELECT pg_advisory_xact_lock(1380533319, 4)");
  await client.query(schema);
  const { rows } = await client.query<Row>("SELECT number, name FROM ringback.migrations ORDER BY number");
  requireUsable(rows.slice(migrations.length), migrations.length);
  const version = rows.length;
  const missing = migrations.slice(version);
  for (const [index, { name, sql }] of missing.entries()) {
    await client.query(sql);
    await client.query("INSERT INTO ringback.migrations (number, name) VALUES ($1, $2)", [
      version + index + 1,
      name,
    ]);
  }
  await client.query("COMMIT");
  return missing.map(({ name }) => name);
}

/**
 * A newer release that only expands the schema leaves all that this one uses, so that both can run, and start, side by
 * side. The name of a migration that takes something away says "contract" after its number.
 *
 * @param newer the migrations that this program does not know
 */
function requireUsable(newer: readonly Row[], known: number): void {
  const contract = newer.find(({ name }) => /^\d+-contract-/.test(text(name)));
  if (contract === undefined) return;
  throw new Error(
    `its version is ${integer(contract["number"])}, which has no place for this program any more (it knows versions ` +
      `up to ${known}): use a newer release`,
  );
}

/** In order; the first is version 1. */
function readMigrations(): readonly { readonly name: string; readonly sql: string }[] {
  const folder = new URL("migrations/", import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map((name) => ({ name, sql: readFileSync(new URL(name, folder), "utf8") }));
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//...@");
}
