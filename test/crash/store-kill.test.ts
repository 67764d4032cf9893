import { expect, it } from "@jest/globals";
import { join } from "node:path";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { everyRecord } from "../contract/search-records.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { StoreProcess } from "../support/store-process.ts";

const kills = 4;

it("a sqlite store that is killed under load has every commit that it acknowledged, and each as a whole", async () => {
  const folder = await createStoreFolder();
  const file = join(folder.path, "db");
  const acknowledged: string[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    acknowledged.push(...(await new StoreProcess(file).floodAndKill(`kill ${kill}`, kill * 500)));

    const store = await openSqliteStore({ file, log: silentLog });
    const written = store.history(0, 1_000_000);
    const ids = new Set(written.map((event) => event.aggregate.id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    expect(written.map((event) => event.position)).toEqual(written.map((_, index) => index + 1));
    for (const id of ids) {
      const user = store.load({ type: "user", id });
      const session = store.load({ type: "session", id });
      const holder = store.findByKey({ kind: "user_name", key: id });
      expect([(await user)?.sequence, (await session)?.sequence, await holder]).toEqual([1, 1, id]);
    }
    for (const type of ["user", "session"] as const) {
      const { ids: found } = await store.search(type, { ...everyRecord, limit: 1_000_000 });
      expect(new Set(found)).toEqual(ids);
    }
    const messages = await store.outbox.claim(1_000, 0, 1_000_000);
    expect(new Set(messages.map((message) => message.id))).toEqual(ids);
    await store.close();
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(500 + 1_000 + 1_500 + 2_000);
  await folder.remove();
});
