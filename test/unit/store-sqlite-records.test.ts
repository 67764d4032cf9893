import { expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { listedMessagesMax } from "../../src/app/outbox-port.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openForReading } from "../../src/store/sqlite/database.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { outboxMessage, settlement, userCommit } from "../support/store-commits.ts";
import { createStoreFolder } from "../support/store-folder.ts";

it("a settled message stays as a record without what was sealed, and never changes again", async () => {
  const folder = await createStoreFolder();
  const file = join(folder.path, "db");
  const store = await openSqliteStore({ file, log: silentLog });
  const sealed = "sealed ".repeat(50);
  await store.commit(userCommit("1", 0, { message: outboxMessage("m1", { sealed }) }));
  await store.outbox.claim(1_000, 500, 1);
  await store.outbox.settle(settlement("m1", { reason: "handed over" }));
  await store.outbox.settle(settlement("m1", { outcome: "dead", reason: "too late" }));
  await store.outbox.retry({ id: "m1", attempt: 1 }, 9_000, []);
  await store.close();

  using database = openForReading(file);
  const record = { message_id: "m1", outcome: "sent", reason: "handed over", attempt: 1, due_ms: 1_500 };
  expect(database.prepare("SELECT * FROM outbox").all()).toMatchObject([{ ...record, sealed: null }]);
  // Nor is it left over where it was.
  expect((await readFile(file)).includes("sealed sealed")).toBe(false);
  await folder.remove();
});

it("a list of messages that goes on, page by page, ends where the newest end", async () => {
  const folder = await createStoreFolder();
  const file = join(folder.path, "db");
  const store = await openSqliteStore({ file, log: silentLog });
  for (const id of ["m1", "m2", "m3"]) await store.commit(userCommit(id, 0, { message: outboxMessage(id) }));
  using database = new DatabaseSync(file);
  database
    .prepare("UPDATE outbox SET number = number + ? WHERE message_id <> 'm1'")
    .run(listedMessagesMax - 2);
  const pages = [undefined, listedMessagesMax + 1, listedMessagesMax].map((beforeNumber) =>
    store.outbox.list({ limit: 1, ...(beforeNumber === undefined ? {} : { beforeNumber }) }),
  );
  const ids = (await Promise.all(pages)).map((page) => page.map(({ id }) => id));
  expect(ids).toEqual([["m3"], ["m2"], []]);
  await store.close();
  await folder.remove();
});
