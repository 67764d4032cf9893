import { expect, it } from "@jest/globals";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { silentLog } from "../../src/lib/log.ts";
import { storeBounds } from "../../src/store/bounds.ts";
import type { WriterOptions } from "../../src/store/sqlite/batch-writer.ts";
import { openForReading, prepareDatabase } from "../../src/store/sqlite/database.ts";
import { WriteQueue } from "../../src/store/sqlite/write-queue.ts";
import { inboxMessage } from "../support/store-commits.ts";
import { createStoreFolder } from "../support/store-folder.ts";

const writer = new URL("../../src/store/sqlite/writer-thread.ts", import.meta.url);
const deaths = 5;

it("a writing thread that is ended in the middle of its work leaves a database that the next one can write", async () => {
  const folder = await createStoreFolder();
  const file = join(folder.path, "db");
  prepareDatabase(file);
  const workers: Worker[] = [];
  const workerData: WriterOptions = { file, bounds: storeBounds };
  const startWorker = (): Worker => {
    const worker = new Worker(writer, { workerData });
    workers.push(worker);
    return worker;
  };
  const queue = new WriteQueue(startWorker, silentLog, () => {});
  const acknowledged: string[] = [];
  const append = async (messageId: string): Promise<void> => {
    await queue.write("appendToInbox", inboxMessage(messageId));
    acknowledged.push(messageId);
  };
  for (let death = 1; death <= deaths; death += 1) {
    await append(`${death} first`);
    const rest = Promise.allSettled(Array.from({ length: 1_000 }, (_, index) => append(`${death} ${index}`)));
    await append(`${death} early`).catch(() => {});
    const busy = Promise.allSettled(
      Array.from({ length: 1_000 }, (_, index) => append(`${death} late ${index}`)),
    );
    await Promise.resolve();
    await workers.at(-1)?.terminate();
    await rest;
    expect((await busy).map((result) => result.status)).toContain("rejected");
  }
  await append("the last");
  const reader = openForReading(file);
  const kept = new Set(
    reader
      .prepare("SELECT message_id FROM inbox_messages")
      .all()
      .map((row) => row["message_id"]),
  );
  reader.close();
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  expect(workers).toHaveLength(deaths + 1);
  await queue.drain();
  await queue.end();
  await folder.remove();
});
