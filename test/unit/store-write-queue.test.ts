import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Worker } from "node:worker_threads";
import { StoreUnavailableError } from "../../src/app/store-port.ts";
import { Deadline, withDeadline } from "../../src/lib/deadline.ts";
import { createLog } from "../../src/lib/log.ts";
import { WriteQueue } from "../../src/store/sqlite/write-queue.ts";

const stubWriter = new URL("../support/store-stub-writer.ts", import.meta.url);

describe("write queue", () => {
  let workers: Worker[];
  let lines: string[];
  let hasThreads: boolean;
  let queue: WriteQueue;

  beforeEach(() => {
    workers = [];
    lines = [];
    hasThreads = true;
    const startWorker = (): Worker => {
      if (!hasThreads) throw new Error("ERR_WORKER_INIT_FAILED: EAGAIN");
      const worker = new Worker(stubWriter);
      workers.push(worker);
      return worker;
    };
    const log = createLog("error", (line) => lines.push(line));
    queue = new WriteQueue(startWorker, log, () => {});
  });
  afterEach(async () => {
    await queue.drain();
    await queue.end();
  });

  const write = (recipient: string): Promise<unknown> => queue.write("clearInbox", recipient);
  const writeMany = (count: number) => Array.from({ length: count }, (_, index) => write(String(index)));

  it("sends what is called together as one batch, and never more than 128", async () => {
    expect(await Promise.all(writeMany(3))).toEqual([3, 3, 3]);
    expect(await Promise.all(writeMany(200))).toEqual([
      ...Array.from({ length: 128 }, () => 128),
      ...Array.from({ length: 72 }, () => 72),
    ]);
  });

  it("refuses what nobody waits for any more, without a batch of its own", async () => {
    const late = withDeadline(new Deadline(0), () => Promise.allSettled(writeMany(200)));
    expect(await write("1")).toBe(1);
    const reason = { message: "the time of the call was up; nothing was changed", outcome: "nothing" };
    for (const result of await late) expect(result).toMatchObject({ status: "rejected", reason });
    const alone = withDeadline(new Deadline(0), () => write("1"));
    const drained = queue.drain();
    await expect(alone).rejects.toThrow(StoreUnavailableError);
    await drained;
  });

  it.each(["end", "throw"])(
    "rejects what is pending when the thread dies (%s), and goes on with a new one",
    async (id) => {
      const pending = [write(id), ...writeMany(199)];
      const results = await Promise.allSettled(pending);
      const unknown = "the thread that writes the database ended; whether this was written is not known";
      const nothing = "the thread that writes the database ended; nothing was changed";
      for (const [index, result] of results.entries()) {
        expect(result).toMatchObject({ status: "rejected", reason: expect.any(StoreUnavailableError) });
        expect(result).toMatchObject({ reason: { message: index < 128 ? unknown : nothing } });
      }
      expect(await write("1")).toBe(1);
      expect(workers).toHaveLength(2);
    },
  );

  it("starts another thread with the next batch, and only then, however often it died; each death is logged", async () => {
    for (let death = 1; death <= 5; death += 1) {
      await expect(write("end")).rejects.toMatchObject({ outcome: "unknown" });
      expect(workers).toHaveLength(death);
      expect(lines).toHaveLength(death);
    }
    expect(await write("1")).toBe(1);
    expect(workers).toHaveLength(6);
  });

  it("answers also while the system gives no thread", async () => {
    hasThreads = false;
    await expect(write("1")).rejects.toMatchObject({ outcome: "nothing" });
    hasThreads = true;
    expect(await write("1")).toBe(1);
  });

  it("lets 10,000 operations wait and refuses the next", async () => {
    const silent = Promise.allSettled([write("silence")]);
    await Promise.resolve();
    const waiting = Promise.allSettled(writeMany(10_000));
    await expect(write("one more")).rejects.toThrow("the store is busy: 10000 writes are waiting");
    await workers[0]?.terminate();
    expect((await silent).map((result) => result.status)).toEqual(["rejected"]);
    expect(new Set((await waiting).map((result) => result.status))).toEqual(new Set(["rejected"]));
    expect(await write("1")).toBe(1);
  });

  it("drains when the thread dies meanwhile", async () => {
    const pending = Promise.allSettled([write("end"), ...writeMany(199)]);
    await queue.drain();
    expect((await pending).map((result) => result.status)).not.toContain("fulfilled");
    await expect(write("1")).rejects.toThrow("the store is closed");
  });
});
