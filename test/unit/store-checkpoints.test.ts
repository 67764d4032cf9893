import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { EventEmitter, once } from "node:events";
import { stat, watch } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { createLog, silentLog } from "../../src/lib/log.ts";
import { Checkpoints } from "../../src/store/sqlite/checkpoints.ts";
import { maySeveralMakeCheckpoints } from "../../src/store/sqlite/database.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { userCommit } from "../support/store-commits.ts";
import { createStoreFolder } from "../support/store-folder.ts";

let folder: Awaited<ReturnType<typeof createStoreFolder>>;
beforeEach(async () => {
  folder = await createStoreFolder();
});
afterEach(() => folder.remove());

/** The log at which the writing thread makes a checkpoint by itself. */
const logBytesMax = 128 * 1024 * 1024;

it("what is written goes into the database file while the log is far from full", async () => {
  const file = join(folder.path, "db");
  const store = await openSqliteStore({ file, log: silentLog });
  const { size: emptyBytes } = await stat(file);
  const changes = watch(file);
  const written = Promise.all(
    Array.from({ length: 4000 }, (_, index) => store.commit(userCommit(`user-${index}`, 0))),
  );
  for await (const _ of changes) if ((await stat(file)).size > emptyBytes) break;
  await written;
  expect((await stat(`${file}-wal`)).size).toBeLessThan(logBytesMax / 2);
  await store.close();
});

it("a log that had to grow beside a long read is short again when it begins anew", async () => {
  const file = join(folder.path, "db");
  const store = await openSqliteStore({ file, log: silentLog });
  const logBytes = async () => (await stat(`${file}-wal`)).size;
  const filler = "x".repeat(10_000_000);
  const write = (id: string, state: object) => store.commit(userCommit(id, 0, { state }));
  using other = new DatabaseSync(file);
  other.exec("BEGIN; SELECT count(*) FROM states");
  for (let index = 0; index < 28; index += 1) await write(`large ${index}`, { filler });
  expect(await logBytes()).toBeGreaterThan(2 * logBytesMax + 10_000_000);
  other.exec("COMMIT");
  for (let index = 0; index < 3; index += 1) await write(`small ${index}`, {});
  expect(await logBytes()).toBeLessThanOrEqual(2 * logBytesMax);
  await store.close();
});

it("a checkpoint that fails is told once, and once that the next ones do not", async () => {
  const lines: string[] = [];
  const answers = new EventEmitter();
  const program = `
    const { parentPort } = require("node:worker_threads");
    const failures = ["disk full", "disk full", undefined, undefined];
    parentPort.on("message", (m) => (m === "close" ? process.exit() : parentPort.postMessage(failures.shift())));`;
  const checkpoints = new Checkpoints(
    () => new Worker(program, { eval: true }).on("message", () => answers.emit("answer")),
    createLog("info", (line) => lines.push(JSON.parse(line).message)),
  );
  for (let round = 1; round <= 4; round += 1) {
    const answered = once(answers, "answer");
    writeBatches(checkpoints, 16);
    await answered;
    await Promise.resolve();
  }
  await checkpoints.end();
  expect(lines).toEqual([
    "the log of the database cannot be copied into it, and grows",
    "the log of the database is copied into it again",
  ]);
});

it.each([
  ["3.49.1", false],
  ["3.51.2", false],
  ["3.51.3", true],
  ["3.53.4", true],
  ["3.100.0", true],
  ["", false],
])("beside an SQLite %j checkpoints are made: %s", (version, may) => {
  expect(maySeveralMakeCheckpoints(version)).toBe(may);
});

it("a system that gives no thread for checkpoints is told of, and writes go on", async () => {
  const lines: string[] = [];
  const checkpoints = new Checkpoints(
    () => {
      throw new Error("no thread");
    },
    createLog("error", (line) => lines.push(line)),
  );
  for (let round = 1; round <= 5; round += 1) writeBatches(checkpoints, 16);
  await checkpoints.end();
  expect(lines.join("")).toMatch(/^(.*the thread that makes checkpoints ended.*no thread.*\n){3}$/);
});

it.each([
  [16, 128],
  [48, 1],
])("a checkpoint comes after %i batches of %i writes, and not before", async (batches, operations) => {
  let isStarted = false;
  const program = `require("node:worker_threads").parentPort.on("message", (m) => m === "close" && process.exit())`;
  const checkpoints = new Checkpoints(() => {
    isStarted = true;
    return new Worker(program, { eval: true });
  }, silentLog);
  writeBatches(checkpoints, batches - 1, operations);
  expect(isStarted).toBe(false);
  writeBatches(checkpoints, 1, operations);
  expect(isStarted).toBe(true);
  await checkpoints.end();
});

it("a checkpoint thread that ends is told to the operator, and started again, but not for ever", async () => {
  const lines: string[] = [];
  const exits: Promise<unknown>[] = [];
  const checkpoints = new Checkpoints(
    () => {
      const worker = new Worker("process.exit(1)", { eval: true });
      exits.push(new Promise((resolve) => worker.once("exit", resolve)));
      return worker;
    },
    createLog("error", (line) => lines.push(line)),
  );
  writeBatches(checkpoints, 15);
  expect(exits).toHaveLength(0);
  writeBatches(checkpoints, 1);
  expect(exits).toHaveLength(1);
  for (let round = 1; round <= 5; round += 1) {
    await Promise.all(exits);
    writeBatches(checkpoints, 16);
  }
  await checkpoints.end();
  expect(exits).toHaveLength(3);
  expect(lines.join("")).toMatch(/^(.*the thread that makes checkpoints ended.*\n){3}$/);
});

function writeBatches(checkpoints: Checkpoints, count: number, operations = 3): void {
  for (let batch = 1; batch <= count; batch += 1) checkpoints.written(operations);
}
