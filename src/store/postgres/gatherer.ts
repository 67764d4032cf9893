import { StoreUnavailableError } from "../../app/store-port.ts";
import { currentDeadline, Deadline } from "../../lib/deadline.ts";
import { callOverMessage } from "../bounds.ts";

/** Carries one batch at a time. Every question has its answer, or its error, at the same index. */
export type Lane<Q, A> = (batch: readonly Q[], deadline: Deadline) => Promise<readonly (A | Error)[]>;

export interface GathererOptions<Q, A> {
  readonly lanes: readonly Lane<Q, A>[];
  readonly batchMax: number;
  readonly waitingMax: number;
  /** What a question must not share with any other that is on its way; nothing if left out. */
  readonly namesOf?: (question: Q) => readonly string[];
  /** Of all questions of a batch. */
  readonly namesMax?: number;
}

/** How long a question may take, with its wait for a lane. */
export const askMsMax = 3_000;
/**
 * How long it may wait for a lane. A batch runs under the deadline of its oldest question: if that one had waited for all
 * of its time, the batch would be out of time at once, with all newer questions in it.
 */
const waitMsMax = 2_000;

interface Waiting<Q, A> {
  readonly question: Q;
  readonly names: readonly string[];
  readonly deadline: Deadline;
  /** Of the call that asks. */
  readonly callDeadline: Deadline | undefined;
  resolve(answer: A): void;
  reject(error: Error): void;
}

/**
 * Questions that meet in time travel together: while every lane is busy, the next batch gathers. Those that share
 * a name are answered in the order in which they were asked.
 */
export class Gatherer<Q, A> {
  readonly #options: GathererOptions<Q, A>;
  readonly #idle: Lane<Q, A>[];
  readonly #held = new Set<string>();
  #waiting: Waiting<Q, A>[] = [];
  #isWoken = false;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(options: GathererOptions<Q, A>) {
    this.#options = options;
    this.#idle = [...options.lanes];
  }

  /** @throws StoreUnavailableError */
  ask(question: Q): Promise<A> {
    const { waitingMax, namesOf } = this.#options;
    if (this.#drained !== undefined) return Promise.reject(new StoreUnavailableError("the store is closed"));
    if (this.#waiting.length >= waitingMax) {
      const message = `the store is busy: ${waitingMax} calls are waiting`;
      return Promise.reject(new StoreUnavailableError(message));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        question,
        names: namesOf?.(question) ?? [],
        deadline: new Deadline(askMsMax),
        callDeadline: currentDeadline(),
        resolve,
        reject,
      });
      this.#wake();
    });
  }

  /** Takes no more. Resolves once everything that was taken is answered. */
  drain(): Promise<void> {
    this.#drained ??= Promise.withResolvers();
    this.#wake();
    return this.#drained.promise;
  }

  /** Sends what waits once this turn of the event loop is over, so that calls that came together travel together. */
  #wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    setImmediate(() => {
      this.#isWoken = false;
      this.#send();
    });
  }

  #send(): void {
    while (this.#waiting.length > 0) {
      const lane = this.#idle.pop();
      if (lane === undefined) return;
      const batch = this.#next();
      if (batch.length === 0) {
        this.#idle.push(lane);
        break;
      }
      void this.#travel(lane, batch);
    }
    if (this.#idle.length === this.#options.lanes.length) this.#drained?.resolve();
  }

  /**
   * The oldest that share no name with each other, with any that is on its way, or with any older one left here. What
   * has waited too long, or nobody waits for any more, is refused when its turn comes.
   */
  #next(): readonly Waiting<Q, A>[] {
    const { batchMax, namesMax = Infinity } = this.#options;
    const batch: Waiting<Q, A>[] = [];
    const left: Waiting<Q, A>[] = [];
    const passed = new Set<string>();
    let names = 0;
    for (const [index, waiting] of this.#waiting.entries()) {
      if (batch.length === batchMax || (batch.length > 0 && names + waiting.names.length > namesMax)) {
        this.#waiting = [...left, ...this.#waiting.slice(index)];
        return batch;
      }
      if (waiting.callDeadline?.isOver === true) {
        waiting.reject(new StoreUnavailableError(callOverMessage));
      } else if (waiting.deadline.remainingMs <= askMsMax - waitMsMax) {
        const message = `the store is busy: ${waitMsMax} ms were not enough to begin; nothing was changed`;
        waiting.reject(new StoreUnavailableError(message));
      } else if (waiting.names.some((name) => this.#held.has(name) || passed.has(name))) {
        left.push(waiting);
        for (const name of waiting.names) passed.add(name);
      } else {
        batch.push(waiting);
        names += waiting.names.length;
        for (const name of waiting.names) this.#held.add(name);
      }
    }
    this.#waiting = left;
    return batch;
  }

  async #travel(lane: Lane<Q, A>, batch: readonly Waiting<Q, A>[]): Promise<void> {
    let answers: readonly (A | Error)[];
    try {
      const [oldest] = batch;
      answers = await lane(
        batch.map(({ question }) => question),
        oldest?.deadline ?? new Deadline(0),
      );
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      answers = batch.map(() => failure);
    }
    for (const { names } of batch) for (const name of names) this.#held.delete(name);
    this.#idle.push(lane);
    for (const [index, { resolve, reject }] of batch.entries()) {
      const answer = answers[index];
      if (answer === undefined) reject(new Error("the batch left a question out"));
      else if (answer instanceof Error) reject(answer);
      else resolve(answer);
    }
    this.#wake();
  }
}
