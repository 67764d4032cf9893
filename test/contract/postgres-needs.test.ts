import { afterAll, beforeAll, expect, it } from "@jest/globals";
import pg from "pg";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { startPostgres, stopPostgres, type TestPostgres } from "../support/postgres.ts";

/** What somebody reads who starts on a database that does not fit. */

const name = `ringback_needs_${process.pid}`;
const password = "not/to/be/shown";
let database: Awaited<ReturnType<TestPostgres["createDatabase"]>>;
let admin: pg.Client;

beforeAll(async () => {
  database = await (await startPostgres()).createDatabase();
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'`);
  await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
});
afterAll(async () => {
  await admin.query(`DROP SCHEMA IF EXISTS ringback CASCADE`);
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.query(`DROP ROLE ${name}`);
  await admin.end();
  await database.remove();
  await stopPostgres();
});

function asRole(): string {
  const url = new URL(database.url);
  url.username = name;
  url.password = encodeURIComponent(password);
  return url.href;
}

function refusal(): Promise<string> {
  return migrate(asRole()).then(
    () => "it was not refused",
    (error: Error) => error.message,
  );
}

it("names an encoding that cannot hold every text", async () => {
  const url = new URL(database.url);
  url.pathname = `/${name}`;
  await expect(migrate(url.href)).rejects.toThrow("its encoding is SQL_ASCII, and UTF8 is needed");
});

it("names the privilege that is missing, which a schema that is there already does not need", async () => {
  const refused = await refusal();
  expect(refused).toContain("GRANT CREATE ON DATABASE");
  expect(refused).not.toContain(password);
  await admin.query(`CREATE SCHEMA ringback AUTHORIZATION ${name}`);
  expect(await migrate(asRole())).not.toEqual([]);
});

it("names the isolation level that its promises do not hold at, and how to change it", async () => {
  await admin.query(`CREATE SCHEMA IF NOT EXISTS ringback AUTHORIZATION ${name}`);
  await admin.query(`ALTER ROLE ${name} SET default_transaction_isolation = 'repeatable read'`);
  const refused = await refusal();
  expect(refused).toContain("its transactions are repeatable read, and read committed is needed: ALTER ROLE");
  await admin.query(refused.slice(refused.indexOf("ALTER ROLE")));
  expect(await migrate(asRole())).toEqual([]);
});
