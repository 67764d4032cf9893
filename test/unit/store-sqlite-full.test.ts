import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreUnavailableError } from "../../src/app/store-port.ts";
import { createLog, silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { userCommit } from "../support/store-commits.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { StoreProcess } from "../support/store-process.ts";

describe("a sqlite store that cannot write", () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  let file: string;

  beforeEach(async () => {
    folder = await createStoreFolder();
    file = join(folder.path, "db");
  });
  afterEach(() => folder.remove());

  it("refuses everything in the batch, goes on reading, and works again as soon as there is room", async () => {
    const lines: string[] = [];
    const log = createLog("info", (line) => lines.push(JSON.parse(line).message));
    const store = await openSqliteStore({ file, log });
    const large = (id: string) => userCommit(id, 0, { state: { filler: "x".repeat(100_000) } });
    await store.commit(userCommit("1", 0));
    for (let round = 0; round < 3; round += 1) {
      await store.boundBytes(0);
      const refused = await Promise.allSettled([
        store.commit(userCommit("small", 0)),
        store.commit(large("large")),
        store.outbox.claim(1_000, 1_000, 1),
      ]);
      for (const result of refused) {
        expect(result).toMatchObject({ status: "rejected", reason: expect.any(StoreUnavailableError) });
        expect(result).toMatchObject({
          reason: {
            message: "the database cannot be written; nothing was changed",
            cause: { message: "database or disk is full (SQLite 13)" },
          },
        });
      }
      expect(await store.load({ type: "user", id: "1" })).toMatchObject({ sequence: 1 });
      expect(await store.load({ type: "user", id: "small" })).toBeUndefined();
      expect(store.history(0, 100)).toHaveLength(1 + round);
      await store.boundBytes(100_000_000);
      expect(await store.commit(large(`large ${round}`))).toEqual({ kind: "committed" });
    }
    expect(lines).toEqual(
      Array.from({ length: 3 }, () => [
        "the database cannot be written",
        "the database can be written again",
      ]).flat(),
    );
    await store.close();
  });

  it("says that nothing was changed where another program keeps the file to itself", async () => {
    const store = await openSqliteStore({ file, log: silentLog });
    using other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    await expect(store.commit(userCommit("1", 0))).rejects.toMatchObject({
      outcome: "nothing",
      cause: { message: "database is locked (SQLite 5)" },
    });
    other.exec("COMMIT");
    expect(await store.commit(userCommit("1", 0))).toEqual({ kind: "committed" });
    await store.close();
  });

  const prlimit = ["/usr/bin/prlimit", "/bin/prlimit"].find((path) => existsSync(path));
  const itWithLimits = prlimit === undefined ? it.skip : it;
  itWithLimits(
    `survives a limit of the kernel${prlimit === undefined ? " (skipped: prlimit is not installed)" : ""}`,
    async () => {
      const limitFileBytes = (bytes: number | "unlimited") =>
        execFileSync(prlimit ?? "", ["--pid", String(server.pid), `--fsize=${bytes}:`]);
      const server = new StoreProcess(file);
      try {
        expect(await server.ask({ kind: "commit", id: "1", bytes: 10 })).toEqual({ kind: "committed" });
        limitFileBytes((await stat(`${file}-wal`)).size + 50_000);
        const refusal = expect.stringContaining("the database cannot be written; nothing was changed");
        expect(await server.ask({ kind: "commit", id: "large 1", bytes: 100_000 })).toEqual(refusal);
        expect(await server.ask({ kind: "commit", id: "large 2", bytes: 100_000 })).toEqual(refusal);
        expect(await server.ask({ kind: "load", id: "1" })).toBe(1);
        expect(await server.ask({ kind: "load", id: "large 1" })).toBeNull();
        expect(await server.ask({ kind: "commit", id: "small", bytes: 10 })).toEqual({ kind: "committed" });
        limitFileBytes("unlimited");
        expect(await server.ask({ kind: "commit", id: "large 3", bytes: 100_000 })).toEqual({
          kind: "committed",
        });
      } finally {
        await server.kill();
      }
      const store = await openSqliteStore({ file, log: silentLog });
      expect(store.history(0, 100).map((event) => event.aggregate.id)).toEqual(["1", "small", "large 3"]);
      await store.close();
    },
  );
});
