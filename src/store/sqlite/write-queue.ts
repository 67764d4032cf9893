import type { Worker } from "node:worker_threads";
import { StoreUnavailableError } from "../../app/store-port.ts";
import { currentDeadline, type Deadline } from "../../lib/deadline.ts";
import { FailureReport } from "../../lib/failure-report.ts";
import type { Log } from "../../lib/log.ts";
import { callOverMessage } from "../bounds.ts";
import type { Answer, Failure, Operation, Operations } from "./batch-writer.ts";
import { Thread } from "./thread.ts";

/** Operations in one transaction: larger batches save little and answer in longer bursts. */
const batchOperationsMax = 128;
const waitingOperationsMax = 10_000;

interface Waiting {
  readonly operation: Operation;
  /** Of the call that asks. */
  readonly callDeadline: Deadline | undefined;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Group commit: while the writing thread is busy with a batch, the next one gathers here. The thread gets one
 * batch at a time, in the order of the calls. (To wait for more than that costs those who call in turn more than it
 * saves: with 1 ms, 8 callers did half as much.)
 */
export class WriteQueue {
  readonly #thread: Thread<readonly Operation[], readonly Answer[]>;
  readonly #log: Log;
  readonly #onWritten: (operations: number) => void;
  readonly #failures: FailureReport;
  #waiting: Waiting[] = [];
  #inFlight: readonly Waiting[] = [];
  #isWoken = false;
  #drained: PromiseWithResolvers<void> | undefined;

  /**
   * The thread starts with the first batch, and with the next one after it died.
   *
   * @param onWritten is told of each batch, how many operations it had
   */
  constructor(startWorker: () => Worker, log: Log, onWritten: (operations: number) => void) {
    this.#thread = new Thread(
      startWorker,
      (answers) => this.#answer(answers),
      (cause) => this.#died(cause),
    );
    this.#log = log;
    this.#onWritten = onWritten;
    this.#failures = new FailureReport(
      (cause) => log.error("the database cannot be written", { cause }),
      () => log.info("the database can be written again"),
    );
  }

  /**
   * Resolves once the operation is on the disk.
   * @throws StoreUnavailableError
   */
  write<Name extends keyof Operations>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal();
      if (refusal === undefined) {
        const callDeadline = currentDeadline();
        this.#waiting.push({ operation: [name, ...args], callDeadline, resolve, reject });
        this.#wake();
      } else reject(new StoreUnavailableError(refusal));
    });
  }

  /** Takes no more. Resolves once everything that was taken is answered. */
  drain(): Promise<void> {
    this.#drained ??= Promise.withResolvers();
    this.#wake();
    return this.#drained.promise;
  }

  /** Ends the thread, which closes the database. To be called after `drain`. */
  end(): Promise<void> {
    return this.#thread.end();
  }

  #refusal(): string | undefined {
    if (this.#drained !== undefined) return "the store is closed";
    if (this.#waiting.length < waitingOperationsMax) return undefined;
    return `the store is busy: ${waitingOperationsMax} writes are waiting`;
  }

  /** Sends the next batch at the end of this turn, so that calls made together travel together. */
  #wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    queueMicrotask(() => {
      this.#isWoken = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#inFlight.length > 0) return;
    const batch = this.#next();
    if (batch.length === 0) {
      this.#drained?.resolve();
      return;
    }
    try {
      this.#thread.ask(batch.map((waiting) => waiting.operation));
    } catch (cause) {
      // The system gives no further thread.
      this.#waiting.unshift(...batch);
      this.#died(cause);
      return;
    }
    this.#inFlight = batch;
  }

  /** The oldest. What nobody waits for any more is refused when its turn comes. */
  #next(): readonly Waiting[] {
    const batch: Waiting[] = [];
    while (batch.length === 0 && this.#waiting.length > 0) {
      for (const waiting of this.#waiting.splice(0, batchOperationsMax)) {
        if (waiting.callDeadline?.isOver === true) waiting.reject(new StoreUnavailableError(callOverMessage));
        else batch.push(waiting);
      }
    }
    return batch;
  }

  #answer(answers: readonly Answer[]): void {
    const answered = this.#inFlight;
    this.#inFlight = [];
    this.#send();
    this.#onWritten(answered.length);
    let failure: Failure | undefined;
    for (const [index, waiting] of answered.entries()) {
      const answer = answers[index];
      if (answer === undefined) waiting.reject(new Error("the writing thread left an operation out"));
      else if ("value" in answer) waiting.resolve(answer.value);
      else {
        if (answer.failure.kind !== "defect") failure = answer.failure;
        waiting.reject(asError(answer.failure));
      }
    }
    if (failure === undefined) this.#failures.works();
    else this.#failures.failed(failure.cause);
  }

  #died(cause: unknown): void {
    const message = "the thread that writes the database ended";
    this.#log.error(message, { cause });
    const [inFlight, waiting] = [this.#inFlight, this.#waiting];
    [this.#inFlight, this.#waiting] = [[], []];
    this.#wake();
    for (const { reject } of inFlight) {
      reject(
        new StoreUnavailableError(`${message}; whether this was written is not known`, {
          cause,
          outcome: "unknown",
        }),
      );
    }
    for (const { reject } of waiting) {
      reject(new StoreUnavailableError(`${message}; nothing was changed`, { cause }));
    }
  }
}

function asError({ kind, message, cause }: Failure): Error {
  const options = { cause: new Error(cause) };
  if (kind === "defect") return new Error(message, options);
  return new StoreUnavailableError(message, {
    ...options,
    outcome: kind === "unknown" ? "unknown" : "nothing",
  });
}
