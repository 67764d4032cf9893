import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import { withoutPasswords } from "../../lib/host-urls.ts";
import { integer, text, textOrNull, type Row } from "../sql/columns.ts";
import { readMigrations } from "../sql/migrations.ts";
import { reason } from "./database.ts";
import { sqlState } from "./failures.ts";
import { Hosts } from "./hosts.ts";

const connectMsMax = 5_000;

/** How to wait for a table that somebody else uses. */
export interface Patience {
  readonly tries: number;
  /** All statements on a table wait behind one that waits for a lock on it: for less than the 2 s that commits do. */
  readonly lockMs: number;
  /** Between two tries; the statements of others come through then. */
  readonly pauseMs: number;
}

const patienceDefault: Patience = { tries: 10, lockMs: 1_000, pauseMs: 2_000 };

const schema = `
  DO $$ BEGIN
    -- CREATE SCHEMA IF NOT EXISTS would ask for the privilege even where there is nothing to create, and
    -- to_regnamespace may not know yet what another one created meanwhile, on the connection of a pooler.
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'ringback') THEN
      CREATE SCHEMA ringback;
    END IF;
  END $$;
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
 * @throws Error in plain words if the server cannot be reached, knows a version that this program does not, or a table
 *   that has to change stays in use
 */
export async function migrate(url: string, patience = patienceDefault): Promise<readonly string[]> {
  let client: pg.Client | undefined;
  try {
    client = await new Hosts(url).connect({ connectionTimeoutMillis: connectMsMax });
    await requireFit(client);
    return await inTurn(client, patience);
  } catch (cause) {
    throw new Error(`cannot open the database ${withoutPasswords(url)}: ${refusal(cause)}`, { cause });
  } finally {
    await client?.end().catch(() => {});
  }
}

/** The driver says of a password that is missing what type it must have. */
function refusal(cause: unknown): string {
  const why = reason(cause);
  return why.includes("client password must be a string")
    ? "its server asks for a password, and RINGBACK_STORE has none"
    : why;
}

/** The first thing that this store needs and does not find, in words that go on after the name of the database. */
const needs = `
  SELECT CASE
    WHEN current_setting('server_version_num')::integer < 150000
      THEN format('its server is PostgreSQL %s, and 15 or newer is needed', current_setting('server_version'))
    WHEN current_setting('server_encoding') <> 'UTF8'
      THEN format('its encoding is %s, and UTF8 is needed', current_setting('server_encoding'))
    WHEN to_regcollation('pg_catalog."und-x-icu"') IS NULL
      THEN 'its server was built without ICU, which is needed'
    WHEN to_regnamespace('ringback') IS NULL AND NOT has_database_privilege(current_database(), 'CREATE')
      THEN format('the role %1$I may not create the schema ringback in it: GRANT CREATE ON DATABASE %2$I TO %1$I',
        current_user, current_database())
    -- Statements take locks and read after that: what was committed while they waited must be seen.
    WHEN current_setting('default_transaction_isolation') <> 'read committed'
      THEN format('its transactions are %s, and read committed is needed: ALTER ROLE %I IN DATABASE %I '
        'SET default_transaction_isolation = %L',
        current_setting('default_transaction_isolation'), session_user, current_database(), 'read committed')
  END AS problem
`;

async function requireFit(client: pg.Client): Promise<void> {
  const { rows } = await client.query<Row>(needs);
  const problem = textOrNull(rows[0]?.["problem"]);
  if (problem !== null) throw new Error(problem);
}

async function inTurn(client: pg.Client, patience: Patience): Promise<readonly string[]> {
  await client.query("BEGIN");
  // Until the end of the transaction. The numbers are "RING" in ASCII, and the first that no statement uses.
  await client.query("SELECT pg_advisory_xact_lock(1380533319, 4)");
  await client.query(`SET LOCAL lock_timeout = ${patience.lockMs}; SAVEPOINT unchanged`);
  for (let tried = 1; ; tried += 1) {
    try {
      const applied = await applyMissing(client);
      await client.query("COMMIT");
      return applied;
    } catch (cause) {
      if (!isHeldUp(cause)) throw cause;
      if (tried === patience.tries) throw new Error(inUse, { cause });
    }
    await client.query("ROLLBACK TO unchanged");
    await wait(patience.pauseMs);
  }
}

const inUse =
  "a table that has to change is in use: end what holds it (an export, a backup, a query; see pg_stat_activity), or " +
  "wait for its end, and start again; nothing was changed";

/** Whether others have a lock that it needs, or would have to wait for one that it has. */
function isHeldUp(error: unknown): boolean {
  return ["55P03", "40P01"].includes(sqlState(error) ?? "");
}

async function applyMissing(client: pg.Client): Promise<readonly string[]> {
  const migrations = readMigrations(new URL("migrations/", import.meta.url));
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
