import type { Worker } from "node:worker_threads";
import type { MessageQuery, MessageRecord } from "../../app/outbox-port.ts";
import type { Found } from "../../app/search.ts";
import { StoreUnavailableError } from "../../app/store-port.ts";
import { currentDeadline } from "../../lib/deadline.ts";
import type { Log } from "../../lib/log.ts";
import { callOverMessage } from "../bounds.ts";
import type { SearchSql } from "./search-sql.ts";
import type { SearchAnswer, SearchRequest } from "./search-thread.ts";
import { Thread } from "./thread.ts";

const waitingSearchesMax = 1_000;

/**
 * Searches, one after the other in a thread of their own: one may look through all records or messages, and everything
 * else that the server does would wait for it.
 */
export class Searches {
  readonly #thread: Thread<SearchRequest, SearchAnswer>;
  readonly #log: Log;
  /** What the thread is asked at this moment. */
  #asked: PromiseWithResolvers<SearchAnswer> | undefined;
  /** Resolves once all before are answered. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isEnded = false;

  /** The thread starts with the first search, and with the next one after it died. */
  constructor(startWorker: () => Worker, log: Log) {
    this.#thread = new Thread(
      startWorker,
      (answer) => this.#asked?.resolve(answer),
      (cause) => this.#died(cause),
    );
    this.#log = log;
  }

  /** @throws StoreUnavailableError */
  records(search: SearchSql): Promise<Found> {
    return this.#ask({ records: search }, (answer) => answer.records);
  }

  /** @throws StoreUnavailableError */
  messages(query: MessageQuery): Promise<readonly MessageRecord[]> {
    return this.#ask({ messages: query }, (answer) => answer.messages);
  }

  async #ask<T>(request: SearchRequest, foundIn: (answer: SearchAnswer) => T | undefined): Promise<T> {
    if (this.#isEnded) throw new StoreUnavailableError("the store is closed");
    if (this.#waiting === waitingSearchesMax) {
      throw new StoreUnavailableError(`the store is busy: ${waitingSearchesMax} searches are waiting`);
    }
    this.#waiting += 1;
    const callDeadline = currentDeadline();
    const answered = this.#last.then(() => {
      if (callDeadline?.isOver === true) throw new StoreUnavailableError(callOverMessage);
      return this.#run(request);
    });
    this.#last = answered.catch(() => {}).finally(() => (this.#waiting -= 1));
    const answer = await answered;
    const found = foundIn(answer);
    if (found === undefined) throw new Error(answer.failure);
    return found;
  }

  /** Takes no more. Resolves once what was taken is answered, and the thread has ended. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#last;
    await this.#thread.end();
  }

  #run(request: SearchRequest): Promise<SearchAnswer> {
    this.#asked = Promise.withResolvers();
    try {
      this.#thread.ask(request);
    } catch (cause) {
      this.#died(cause); // the system gives no further thread
    }
    return this.#asked.promise;
  }

  #died(cause: unknown): void {
    this.#log.error("the thread that searches the database ended", { cause });
    this.#asked?.reject(new StoreUnavailableError("the database cannot be searched", { cause }));
  }
}
