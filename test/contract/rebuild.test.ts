import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import pg from "pg";
import { foldRows } from "../../src/app/fold.ts";
import { exportLines, importLines } from "../../src/app/transfer.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { giveCommands } from "../support/random-history.ts";
import { dumpOf, rawDumpOf } from "../support/row-dump.ts";
import { createStoreFolder } from "../support/store-folder.ts";

/** Each command to a database server is a few round trips; the row logic is the same for all. */
const acceptedMax = { memory: 10_000, sqlite: 10_000, postgres: 1_000 };
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

describe(`rows after random commands (SEED=${seed})`, () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  beforeAll(async () => void (folder = await createStoreFolder()));
  afterAll(async () => {
    await folder.remove();
    await stopPostgres();
  });

  it.each(["memory", "sqlite", "postgres"] as const)(
    "on %s are what the events say, and the same where they are imported",
    async (kind) => {
      const file = join(folder.path, "ringback.db");
      const { store, rawDump } = await stores[kind](file);
      const dump = async () => ({ told: await dumpOf(store), onDisk: await rawDump() });
      const property = fc.asyncProperty(fc.gen(), async (draw) => {
        await giveCommands(store, acceptedMax[kind], draw);
        const before = await dump();
        const rows = await store.rebuild(foldRows);
        expect(await dump()).toEqual(before);
        expect(before.told.states).toHaveLength(rows);
        console.log(`${kind}, SEED=${seed}: ${rows} rows, ${before.told.events} events, and nothing differs`);
      });
      await fc.assert(property, { seed, numRuns: 1, endOnFailure: true });
      const copy = await stores[kind](join(folder.path, "copy.db"));
      await importLines(copy.store, exportLines(store));
      expect(await copy.rawDump()).toEqual(await rawDump());
      await Promise.all([store.close(), copy.store.close()]);
    },
    300_000,
  );
});

const tables = ["events", "states", "unique_keys", "user_records", "session_records"];

/** Each store, and what looks at its rows as they are on the disk. */
const stores = {
  memory: async () => ({ store: openMemoryStore(), rawDump: async () => ({}) }),
  sqlite: async (file: string) => ({
    store: await openSqliteStore({ file, log: silentLog }),
    rawDump: async () => rawDumpOf(file),
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
