import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore, type SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { userRecord } from "../contract/search-records.ts";
import { userCommit } from "../support/store-commits.ts";
import { createStoreFolder, type StoreFolder } from "../support/store-folder.ts";

/** What reads on sqlite see of what another connection writes. */

const key = { kind: "user_name", key: "anna" } as const;

let folder: StoreFolder;
let store: SqliteStore;
let other: DatabaseSync;

beforeEach(async () => {
  folder = await createStoreFolder();
  const file = join(folder.path, "db");
  store = await openSqliteStore({ file, log: silentLog });
  await store.commit(userCommit("1", 0, { takeKeys: [key], record: userRecord({ userName: "anna" }) }));
  other = new DatabaseSync(file);
});

afterEach(async () => {
  other.close();
  await store.close();
  await folder.remove();
});

const sequence = (): number | undefined => store.load({ type: "user", id: "1" })?.sequence;

it("reads without a pause between them see one state, and those after it the next", async () => {
  const seen = [sequence()];
  other.exec("UPDATE states SET sequence = 7");
  seen.push(sequence());
  await Promise.resolve();
  seen.push(sequence());
  expect(seen).toEqual([1, 1, 7]);
});

it("whichever reads they are", async () => {
  const search = { sortBy: "id", order: "ascending", offset: 0, limit: 10 } as const;
  const equality = { field: "userName", ignoreCase: false, value: "anna" } as const;
  const where = { kind: "text", match: "equals", ...equality } as const;
  const reads = [
    sequence,
    () => store.findByKey(key),
    () => store.findAnswer("key", 0),
    () => store.findByText("user", equality, 1),
    () => store.search("user", { ...search, where }).ids,
  ];
  let last = 1;
  for (const read of reads) {
    read();
    other.exec("UPDATE states SET sequence = sequence + 1");
    expect(sequence()).toBe(last);
    await Promise.resolve();
    last += 1;
    expect(sequence()).toBe(last);
    await Promise.resolve();
  }
});

it("a store may be closed between a read and what follows it", async () => {
  const closed = store.close();
  let reads = 0;
  const readOn = async (): Promise<void> => {
    for (;;) {
      sequence();
      reads += 1;
      await Promise.resolve();
    }
  };
  await expect(readOn()).rejects.toThrow("finalized");
  expect(reads).toBeGreaterThan(0);
  await closed;
});
