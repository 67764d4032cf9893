import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { once } from "node:events";
import { createServer } from "node:net";
import pg from "pg";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { freePort } from "../support/free-port.ts";
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
  expect(await refusal()).toBe("it was not refused");
});

it("names the pooler that mixes up the prepared statements of its callers", async () => {
  // As PgBouncer 1.18 does it in transaction mode: whoever comes second finds what the first one has prepared.
  const ready = message("Z", "I");
  const pooler = createServer((socket) => {
    socket.once("data", () => {
      socket.write(Buffer.concat([message("R", "\0\0\0\0"), ready]));
      const exists = Buffer.concat([message("E", "SERROR\0C42P05\0Mit exists\0\0"), ready]);
      const done = Buffer.concat([message("C", "SELECT 0\0"), ready]);
      socket.on("data", (bytes) => socket.write(preparesByName(bytes) ? exists : done));
    });
  });
  const port = await freePort();
  await once(pooler.listen(port, "127.0.0.1"), "listening");
  await expect(migrate(`postgres://ringback@127.0.0.1:${port}/ringback`)).rejects.toThrow(
    "PgBouncer 1.21 or newer is needed",
  );
  pooler.close();
});

it("says that the URL has no password where the server asks for one", async () => {
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.write(message("R", "\0\0\0\x0aSCRAM-SHA-256\0\0"));
      socket.once("data", () => socket.write(message("R", "\0\0\0\x0br=nonce,s=c2FsdA==,i=4096")));
    });
  });
  const port = await freePort();
  await once(server.listen(port, "127.0.0.1"), "listening");
  await expect(migrate(`postgres://ringback@127.0.0.1:${port}/ringback`)).rejects.toThrow(
    "its server asks for a password, and RINGBACK_STORE has none",
  );
  server.close();
});

/** Whether it begins with a Parse that gives the statement a name. */
function preparesByName(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 1) === "P" && bytes[5] !== 0;
}

/** PostgreSQL manual, 55.7. */
function message(type: string, body: string): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.write(type);
  bytes.writeInt32BE(4 + body.length, 1);
  bytes.write(body, 5);
  return bytes;
}
