import type { Worker } from "node:worker_threads";

/** What the program of a thread is started with. */
export interface ThreadOptions {
  /** The database. */
  readonly file: string;
}

/** What the program of a thread is sent; it is to end at the second. */
export type Sent<Request> = Request | "close";

/** A thread that starts with the first thing that it is asked, and with the next one after it died. */
export class Thread<Request, Answer> {
  readonly #startWorker: () => Worker;
  readonly #onAnswer: (answer: Answer) => void;
  readonly #onDeath: (cause: unknown) => void;
  #worker: Worker | undefined;

  /** @param onDeath is told of an end that nobody asked for, and what it was that the thread did not catch */
  constructor(
    startWorker: () => Worker,
    onAnswer: (answer: Answer) => void,
    onDeath: (cause: unknown) => void,
  ) {
    this.#startWorker = startWorker;
    this.#onAnswer = onAnswer;
    this.#onDeath = onDeath;
  }

  /** @throws Error if the system gives no further thread */
  ask(request: Request): void {
    send((this.#worker ??= this.#start()), request);
  }

  /** Resolves once it has ended, and closed its database. To be called after the last answer. */
  async end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    const exited = new Promise((resolve) => worker.once("exit", resolve));
    send(worker, "close");
    await exited;
  }

  #start(): Worker {
    const worker = this.#startWorker();
    let cause: unknown;
    worker.on("message", (answer: Answer) => this.#onAnswer(answer));
    worker.on("error", (error) => (cause = error));
    worker.on("exit", () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#onDeath(cause);
    });
    return worker;
  }
}

function send<Request>(worker: Worker, request: Sent<Request>): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have an origin
  worker.postMessage(request);
}
