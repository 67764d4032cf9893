import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { silentLog } from "../../src/lib/log.ts";
import { Reads } from "../../src/store/sqlite/reads.ts";
import { openSqliteStore, type SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { everyRecord, userRecord } from "../contract/search-records.ts";
import { userCommit } from "../support/store-commits.ts";
import { createStoreFolder, type StoreFolder } from "../support/store-folder.ts";

/** Reads on sqlite, while another connection writes. */

const key = { kind: "user_name", key: "anna" } as const;

let folder: StoreFolder;
let file: string;
let store: SqliteStore;
let other: DatabaseSync;

beforeEach(async () => {
  folder = await createStoreFolder();
  file = join(folder.path, "db");
  store = await openSqliteStore({ file, log: silentLog });
  await store.commit(userCommit("1", 0, { takeKeys: [key], record: userRecord({ userName: "anna" }) }));
  other = new DatabaseSync(file);
});

afterEach(async () => {
  other.close();
  await store.close();
  await folder.remove();
});

const load = (id: string) => store.load({ type: "user", id });

it("reads that are asked for together see one state of the file, and the next ones see the next", async () => {
  const reader = new DatabaseSync(file);
  const reads = new Reads(reader);
  const count = (): unknown => reader.prepare("SELECT count(*) AS count FROM states").get()?.["count"];
  const first = reads.ask(() => {
    const seen = count();
    other.exec("DELETE FROM states");
    return seen;
  });
  expect(await Promise.all([first, reads.ask(count)])).toEqual([1, 1]);
  expect(await reads.ask(count)).toBe(0);
  reader.close();
});

it("a read sees what was written before it was asked for", async () => {
  await load("1");
  other.exec("UPDATE states SET sequence = 7");
  expect((await load("1"))?.sequence).toBe(7);
});

it("a read waits for no search that was asked for before it", async () => {
  const answered: string[] = [];
  const equality = { field: "userName", ignoreCase: true, value: "anna" } as const;
  await Promise.all([
    store.search("user", everyRecord).then(({ ids }) => answered.push(`${ids.length} by a search`)),
    load("1").then(() => answered.push("a state")),
    store.findByText("user", equality, 1).then(({ length }) => answered.push(`${length} by a text`)),
  ]);
  expect(answered).toEqual(["a state", "1 by a text", "1 by a search"]);
});

it("a read that fails takes no other with it", async () => {
  await store.commit(userCommit("2", 0));
  other.exec("UPDATE states SET state = '{' WHERE aggregate_id = '1'");
  const asked = [load("1"), load("2"), store.findByKey(key)];
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual([
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
  expect((await load("2"))?.sequence).toBe(1);
});

it("whoever reads once the store is closed is told so", async () => {
  const before = load("1");
  await store.close();
  expect((await before)?.sequence).toBe(1);
  await expect(Promise.all([load("1"), load("1")])).rejects.toThrow("finalized");
});
