import type { Worker } from "node:worker_threads";
import { FailureReport } from "../../lib/failure-report.ts";
import type { Log } from "../../lib/log.ts";
import type { CheckpointRequest } from "./checkpoint-thread.ts";
import { endThread, post } from "./thread.ts";

/** 200 to 400 pages of log: a tenth of what the writing thread lets it grow to. Behind larger ones its flushes wait. */
const operationsBetween = 48;
/** So often in a row the thread may end without having made a checkpoint. */
const deathsMax = 3;

/**
 * Copies the write-ahead log into the database file while the writing thread goes on
 * (https://sqlite.org/wal.html#ckpt). The writing thread also makes a checkpoint when the log is full, and writes
 * nothing meanwhile. Because most pages have been copied by then, that takes a few milliseconds.
 */
export class Checkpoints {
  readonly #startWorker: () => Worker;
  readonly #log: Log;
  readonly #failures: FailureReport;
  #worker: Worker | undefined;
  #isRunning = false;
  #deaths = 0;
  #operations = 0;

  /** The thread starts with the first checkpoint: many a store is never written so much. */
  constructor(startWorker: () => Worker, log: Log) {
    this.#startWorker = startWorker;
    this.#log = log;
    // Writes go on meanwhile, and the log grows.
    this.#failures = new FailureReport(
      (cause) => log.error("the log of the database cannot be copied into it, and grows", { cause }),
      () => log.info("the log of the database is copied into it again"),
    );
  }

  /** To be called after each batch. @param operations written by it */
  written(operations: number): void {
    this.#operations += operations;
    if (this.#isRunning || this.#deaths === deathsMax || this.#operations < operationsBetween) return;
    try {
      this.#worker ??= this.#start();
    } catch (cause) {
      this.#died(cause); // the system gives no further thread
      return;
    }
    this.#isRunning = true;
    post(this.#worker, "checkpoint" satisfies CheckpointRequest);
  }

  /** Resolves once the thread has ended. To be called after the last batch. */
  async end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker !== undefined) await endThread(worker);
  }

  #start(): Worker {
    const worker = this.#startWorker();
    let cause: unknown;
    worker.on("message", (failure: string | undefined) => {
      this.#isRunning = false;
      this.#deaths = 0;
      // Some batches pass before the next one: the log begins anew only while no checkpoint is made beside.
      this.#operations = 0;
      if (failure === undefined) this.#failures.works();
      else this.#failures.failed(failure);
    });
    worker.on("error", (error) => (cause = error));
    worker.on("exit", () => {
      if (this.#worker === worker) this.#died(cause);
    });
    return worker;
  }

  #died(cause: unknown): void {
    this.#log.error("the thread that makes checkpoints ended", { cause });
    this.#worker = undefined;
    this.#isRunning = false;
    this.#deaths += 1;
  }
}
