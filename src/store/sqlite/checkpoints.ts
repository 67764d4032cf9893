import type { Worker } from "node:worker_threads";
import type { Log } from "../../lib/log.ts";
import type { CheckpointRequest } from "./checkpoint-thread.ts";

/** Some 500 pages of log: an eighth of what the writing thread lets it grow to. */
const operationsBetween = 128;

/**
 * Copies what is in the write-ahead log into the database file while the writing thread goes on
 * (https://sqlite.org/wal.html#ckpt). That thread makes a checkpoint, too, when its log is long, so that it can begin
 * anew, and nothing is written meanwhile; but what is left to copy is what came last, the work of a few milliseconds.
 */
export class Checkpoints {
  readonly #startWorker: () => Worker;
  readonly #log: Log;
  #worker: Worker | undefined;
  #hasEnded = false;
  #isRunning = false;
  #operations = 0;

  /** The thread starts with the first checkpoint: many a store is never written so much. */
  constructor(startWorker: () => Worker, log: Log) {
    this.#startWorker = startWorker;
    this.#log = log;
  }

  /** To be called after each batch. @param operations written by it */
  written(operations: number): void {
    this.#operations += operations;
    if (this.#isRunning || this.#hasEnded || this.#operations < operationsBetween) return;
    this.#operations = 0;
    this.#isRunning = true;
    this.#worker ??= this.#start();
    post(this.#worker, "checkpoint");
  }

  /** Resolves once the thread has ended. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    const exited = new Promise((resolve) => worker.once("exit", resolve));
    post(worker, "close");
    await exited;
  }

  #start(): Worker {
    const worker = this.#startWorker();
    worker.on("message", () => (this.#isRunning = false));
    worker.on("error", (cause) => {
      this.#log.error(
        "the thread that makes checkpoints ended; writes wait for each checkpoint from now on",
        {
          cause,
        },
      );
    });
    worker.on("exit", () => {
      this.#worker = undefined;
      this.#hasEnded = true;
    });
    return worker;
  }
}

function post(worker: Worker, request: CheckpointRequest): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have an origin
  worker.postMessage(request);
}
