import { expect, it } from "@jest/globals";
import { join } from "node:path";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { StoreProcess } from "../support/store-process.ts";
import { everyRecord } from "./search-records.ts";

it("a sqlite store that is killed under load has all aggregates and records of a commit, or none", async () => {
  const folder = await createStoreFolder();
  const file = join(folder.path, "db");
  const acknowledged = await new StoreProcess(file).floodAndKill("kill", 1_000);

  const store = await openSqliteStore({ file, log: silentLog });
  const written = store.history(0, 1_000_000);
  const idsOf = (type: string): readonly string[] =>
    written
      .filter(({ aggregate }) => aggregate.type === type)
      .map(({ aggregate }) => aggregate.id)
      .toSorted();
  const ids = idsOf("user");
  expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([]);
  expect(idsOf("session")).toEqual(ids);
  for (const id of ids) {
    const value = { match: "equals", ignoreCase: false, value: id } as const;
    const user = store.search("user", { ...everyRecord, where: { kind: "text", field: "phone", ...value } });
    const session = store.search("session", {
      ...everyRecord,
      where: { kind: "text", field: "userId", ...value },
    });
    expect([user, session]).toEqual([
      { ids: [id], total: 1 },
      { ids: [id], total: 1 },
    ]);
    expect(store.load({ type: "session", id })).toEqual({ sequence: 1, state: { id } });
  }
  expect(store.search("user", { ...everyRecord, limit: 0 }).total).toBe(ids.length);
  await store.close();
  await folder.remove();
});
