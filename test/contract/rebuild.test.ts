import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { rebuild } from "../../src/app/rebuild.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { giveCommands } from "../support/random-history.ts";
import { dumpOf, rawDumpOf } from "../support/row-dump.ts";
import { createStoreFolder } from "../support/store-folder.ts";

const acceptedMax = 10_000;
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

describe(`rows after ${acceptedMax} random commands (SEED=${seed})`, () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  beforeAll(async () => void (folder = await createStoreFolder()));
  afterAll(() => folder.remove());

  it.each(["memory", "sqlite"] as const)(
    "on %s are what the events say",
    async (kind) => {
      const file = join(folder.path, "ringback.db");
      const store = kind === "memory" ? openMemoryStore() : await openSqliteStore({ file, log: silentLog });
      const dump = async () => ({ ...(await dumpOf(store)), ...(kind === "sqlite" ? rawDumpOf(file) : {}) });
      const property = fc.asyncProperty(fc.gen(), async (draw) => {
        await giveCommands(store, acceptedMax, draw);
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
