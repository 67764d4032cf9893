import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import pg from "pg";
import type { Store } from "../../src/app/ports.ts";
import { rebuild } from "../../src/app/rebuild.ts";
import { userKind } from "../../src/app/users.ts";
import type { UserState } from "../../src/domain/user.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { RandomCommands } from "../support/random-commands.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { connectProto } from "../support/wire-protocols.ts";
import { adminToken, openWorld } from "../support/wire-world.ts";

/** Each command to a database server is a few round trips; the row logic is the same for all. */
const acceptedMax = { memory: 10_000, sqlite: 10_000, postgres: 1_000 };
const stepMsMax = 20_000;
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Gives commands until so many were accepted, and shuts the server down; the store stays open. */
async function giveCommands(store: Store, count: number, draw: fc.GeneratorValue): Promise<void> {
  const world = await openWorld("safe", { store, keepStoreOpen: true });
  const protocol = connectProto(world.url);
  const headers = { authorization: `Bearer ${adminToken}` };
  const commands = new RandomCommands(draw, async (method, input) => {
    const { result } = await protocol.call(method, input, headers);
    return "error" in result ? undefined : result.message;
  });
  for (let accepted = 0; accepted < count;) {
    world.clock.ms += draw(fc.nat, stepMsMax);
    if (await commands.next()) accepted += 1;
  }
  protocol.close();
  await world.close();
}

describe(`rows after random commands (SEED=${seed})`, () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  beforeAll(async () => void (folder = await createStoreFolder()));
  afterAll(async () => {
    await folder.remove();
    await stopPostgres();
  });

  it.each(["memory", "sqlite", "postgres"] as const)(
    "on %s are what the events say",
    async (kind) => {
      const file = join(folder.path, "ringback.db");
      const { store, rawDump } = await stores[kind](file);
      const dump = async () => ({ ...(await dumpOf(store)), ...(await rawDump()) });
      const property = fc.asyncProperty(fc.gen(), async (draw) => {
        await giveCommands(store, acceptedMax[kind], draw);
        const before = await dump();
        const rows = await rebuild(store);
        expect(await dump()).toEqual(before);
        expect(before.states).toHaveLength(rows);
        console.log(`${kind}, SEED=${seed}: ${rows} rows, ${before.events} events, and nothing differs`);
      });
      await fc.assert(property, { seed, numRuns: 1, endOnFailure: true });
      await store.close();
    },
    300_000,
  );
});

const tables = ["states", "unique_keys", "user_records", "session_records"];

/** Each store, and what looks at its rows as they are on the disk. */
const stores = {
  memory: async () => ({ store: openMemoryStore(), rawDump: async () => ({}) }),
  sqlite: async (file: string) => ({
    store: await openSqliteStore({ file, log: silentLog }),
    async rawDump() {
      using database = new DatabaseSync(file, { readOnly: true });
      return Object.fromEntries(
        tables.map((table) => [table, database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()]),
      );
    },
  }),
  async postgres() {
    const { url } = await (await startPostgres()).createDatabase();
    const rawDump = async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const dump: Record<string, unknown> = {};
      for (const table of tables) {
        dump[table] = (await client.query(`SELECT * FROM ringback.${table} ORDER BY 1, 2`)).rows;
      }
      await client.end();
      return dump;
    };
    return { store: await openPostgresStore({ url, log: silentLog }), rawDump };
  },
};

/** All that the port tells of the rows. */
async function dumpOf(store: Store) {
  const events = await store.history(0, 1_000_000);
  const aggregates = new Map(events.map(({ aggregate }) => [JSON.stringify(aggregate), aggregate]));
  const states: string[] = [];
  const holders: unknown[] = [];
  for (const aggregate of aggregates.values()) {
    const stored = await store.load(aggregate);
    states.push(JSON.stringify([aggregate, stored]));
    if (aggregate.type === "user" && stored !== undefined) {
      for (const key of userKind.keysOf?.(stored.state as UserState) ?? []) {
        holders.push([key, await store.findByKey(key)]);
      }
    }
  }
  const page = { where: { kind: "all", of: [] }, order: "ascending", offset: 0, limit: 1_000_000 } as const;
  const users = ["id", "changedMs", "phone", "userName", "email", "status", "schemaId"] as const;
  const sessions = ["id", "changedMs", "userId", "creatorId", "fingerprintId"] as const;
  const lists = [
    ...(await Promise.all(users.map((sortBy) => store.search("user", { ...page, sortBy })))),
    ...(await Promise.all(sessions.map((sortBy) => store.search("session", { ...page, sortBy })))),
  ];
  return { events: events.length, states, holders, lists };
}
