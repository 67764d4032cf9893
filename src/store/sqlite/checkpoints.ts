import type { Worker } from "node:worker_threads";
import { FailureReport } from "../../lib/failure-report.ts";
import type { Log } from "../../lib/log.ts";
import { Thread } from "./thread.ts";

/**
 * A page that several batches changed is copied once. Batches are small where calls are few, and so are checkpoints then:
 * the flushes of the writing thread wait behind them. But the disk is not flushed for a few calls.
 */
const batchesBetween = 16;
const operationsBetween = 48;
/** So often in a row the thread may end without having made a checkpoint. */
const deathsMax = 3;

/**
 * Copies the write-ahead log into the database file while the writing thread goes on
 * (https://sqlite.org/wal.html#ckpt). The writing thread also makes a checkpoint when the log is full, and writes
 * nothing meanwhile. Because most pages have been copied by then, that takes a few milliseconds.
 */
export class Checkpoints {
  readonly #thread: Thread<"checkpoint", string | undefined>;
  readonly #log: Log;
  readonly #failures: FailureReport;
  #isRunning = false;
  #deaths = 0;
  #batches = 0;
  #operations = 0;

  /** The thread starts with the first checkpoint: many a store is never written so much. */
  constructor(startWorker: () => Worker, log: Log) {
    this.#thread = new Thread(
      startWorker,
      (failure) => this.#answer(failure),
      (cause) => this.#died(cause),
    );
    this.#log = log;
    // Writes go on meanwhile, and the log grows.
    this.#failures = new FailureReport(
      (cause) => log.error("the log of the database cannot be copied into it, and grows", { cause }),
      () => log.info("the log of the database is copied into it again"),
    );
  }

  /** To be called after each batch. @param operations written by it */
  written(operations: number): void {
    this.#batches += 1;
    this.#operations += operations;
    if (this.#isRunning || this.#deaths === deathsMax) return;
    if (this.#batches < batchesBetween || this.#operations < operationsBetween) return;
    try {
      this.#thread.ask("checkpoint");
    } catch (cause) {
      this.#died(cause); // the system gives no further thread
      return;
    }
    this.#isRunning = true;
  }

  /** Resolves once the thread has ended. To be called after the last batch. */
  end(): Promise<void> {
    return this.#thread.end();
  }

  #answer(failure: string | undefined): void {
    this.#isRunning = false;
    this.#deaths = 0;
    // Some batches pass before the next one: the log begins anew only while no checkpoint is made beside.
    this.#batches = 0;
    this.#operations = 0;
    if (failure === undefined) this.#failures.works();
    else this.#failures.failed(failure);
  }

  #died(cause: unknown): void {
    this.#log.error("the thread that makes checkpoints ended", { cause });
    this.#isRunning = false;
    this.#deaths += 1;
  }
}
