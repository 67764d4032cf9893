import { afterAll, afterEach, beforeEach, expect, it } from "@jest/globals";
import pg from "pg";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { startPostgres, stopPostgres, type TestPostgres } from "../support/postgres.ts";

/** A migration while somebody holds a table that it needs. */

const patience = { tries: 1_000, lockMs: 50, pauseMs: 1 };
let database: Awaited<ReturnType<TestPostgres["createDatabase"]>>;
let other: pg.Client;
let onlooker: pg.Client;

beforeEach(async () => {
  database = await (await startPostgres()).createDatabase();
  await migrate(database.url);
  other = new pg.Client({ connectionString: database.url });
  onlooker = new pg.Client({ connectionString: database.url });
  await other.connect();
  await onlooker.connect();
  await other.query(`
    DELETE FROM ringback.migrations WHERE number = 2;
    DROP FUNCTION ringback.settled_position, ringback.commit_batch, ringback.claim`);
  // It can be read, so that the migration has begun before it has to wait.
  await other.query("BEGIN; LOCK TABLE ringback.migrations IN SHARE MODE");
});
afterEach(async () => {
  await other.end();
  await onlooker.end();
  await database.remove();
});
afterAll(stopPostgres);

/** Resolves once so many statements have waited for a lock, one after the other. */
async function lockWaits(count: number): Promise<void> {
  const begins = new Set<string>();
  while (begins.size < count) {
    const { rows } = await onlooker.query<{ begin: string }>(
      `SELECT query_start::text AS begin FROM pg_stat_activity
       WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    for (const { begin } of rows) begins.add(begin);
  }
}

it("lets go of what it has, again and again, until it gets all", async () => {
  const migrating = migrate(database.url, patience);
  await lockWaits(3);
  await other.query("COMMIT");
  expect(await migrating).toEqual(["0002-functions.sql"]);
  expect(await migrate(database.url)).toEqual([]);
});

it("gives up in the end, says what to do, and has changed nothing", async () => {
  await expect(migrate(database.url, { ...patience, tries: 3 })).rejects.toThrow(
    "a table that has to change is in use: end what holds it (an export, a backup, a query; see pg_stat_activity)",
  );
  await other.query("COMMIT");
  expect(await migrate(database.url)).toEqual(["0002-functions.sql"]);
});
