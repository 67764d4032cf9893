import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Store } from "../../src/app/ports.ts";
import { rebuildRows } from "../../src/app/rebuild.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { RandomCommands } from "../support/random-commands.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { connectProto } from "../support/wire-protocols.ts";
import { adminToken, openWorld } from "../support/wire-world.ts";

const acceptedMax = 10_000;
const stepMsMax = 20_000;
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Gives commands until so many were accepted, and shuts the server down; the store stays open. */
async function giveCommands(store: Store, draw: fc.GeneratorValue): Promise<void> {
  const world = await openWorld("safe", { store, keepStoreOpen: true });
  const protocol = connectProto(world.url);
  const headers = { authorization: `Bearer ${adminToken}` };
  const commands = new RandomCommands(draw, async (method, input) => {
    const { result } = await protocol.call(method, input, headers);
    return "error" in result ? undefined : result.message;
  });
  for (let accepted = 0; accepted < acceptedMax;) {
    world.clock.ms += draw(fc.nat, stepMsMax);
    if (await commands.next()) accepted += 1;
  }
  protocol.close();
  await world.close();
}

describe(`rows after ${acceptedMax} random commands (SEED=${seed})`, () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  beforeAll(async () => void (folder = await createStoreFolder()));
  afterAll(() => folder.remove());

  it.each(["memory", "sqlite"] as const)(
    "on %s are what the events say",
    async (kind) => {
      const file = join(folder.path, "ringback.db");
      const store = kind === "memory" ? openMemoryStore() : await openSqliteStore({ file, log: silentLog });
      const property = fc.asyncProperty(fc.gen(), async (draw) => {
        await giveCommands(store, draw);
        const rows = await rebuildRows(store);
        const counts = new Map<string, number>();
        for (const { aggregate, sequence, state, keys } of rows) {
          counts.set(aggregate.type, (counts.get(aggregate.type) ?? 0) + 1);
          const stored = await store.load(aggregate);
          expect(JSON.stringify(stored)).toBe(JSON.stringify({ sequence, state }));
          for (const key of keys) expect(await store.findByKey(key)).toBe(aggregate.id);
        }
        console.log(`${kind}, SEED=${seed}: ${[...counts].join(", ")}; ${rows.length} rows are the same`);
      });
      await fc.assert(property, { seed, numRuns: 1, endOnFailure: true });
      await store.close();
    },
    120_000,
  );
});
