import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { DocsPage } from "../support/docs-page.ts";
import { userCommit } from "../support/store-commits.ts";
import { createStoreFolder } from "../support/store-folder.ts";

const page = new DocsPage("docs/operations.md");

/** So many that a copy which begins anew with each commit comes to no end. */
const writers = 16;
const usersBefore = 8_000;

let folder: Awaited<ReturnType<typeof createStoreFolder>>;
beforeAll(async () => {
  folder = await createStoreFolder();
});
afterAll(() => folder.remove());

it("the backup of docs/operations.md ends while commits go on, and has all that was acknowledged before", async () => {
  const [commands = ""] = page.blocks("sh", "Back up");
  const store = await openSqliteStore({ file: join(folder.path, "data/ringback.db"), log: silentLog });
  const state = { filler: "x".repeat(10_000) };
  const before = Array.from({ length: usersBefore }, (_, index) => `before ${index}`);
  await Promise.all(before.map((id) => store.commit(userCommit(id, 0, { state }))));

  // In the place of npx, which would not find this Node from that folder.
  const shell = spawn("sh", ["-ec", `npx() { shift; "${process.execPath}" "$@"; }\n${commands}`], {
    cwd: folder.path,
    stdio: "inherit",
    timeout: 15_000,
  });
  const ended = once(shell, "exit");
  let meanwhile = 0;
  const write = async (): Promise<void> => {
    while (shell.exitCode === null && shell.signalCode === null) {
      meanwhile += 1;
      await store.commit(userCommit(`meanwhile ${meanwhile}`, 0));
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  await store.close();
  expect(await ended).toEqual([0, null]);
  expect(meanwhile).toBeGreaterThan(writers);

  const copy = await openSqliteStore({ file: join(folder.path, "backup.db"), log: silentLog });
  const copied = new Set(copy.history(0, 1_000_000).map(({ aggregate }) => aggregate.id));
  expect(before.filter((id) => !copied.has(id))).toEqual([]);
  expect(await copy.load({ type: "user", id: "before 0" })).toEqual({ sequence: 1, state });
  await copy.close();
});
