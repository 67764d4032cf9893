import { DomainError, refusal } from "../domain/errors.ts";

const busy = refusal("resource_exhausted", "RINGBACK-b5Yq1", "Errors.Caller.Busy");

/** Lets the work for one key take turns; work for different keys does not wait for each other. */
export class Turns {
  readonly #last = new Map<string, Turn>();
  readonly #waitingMax: number;

  /** @param waitingMax how much may wait for one key; more is refused */
  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** @throws DomainError if too much waits for this key already */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const waiting = before === undefined ? 0 : before.waiting + 1;
    if (waiting > this.#waitingMax) throw new DomainError(busy);
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    const turn: Turn = { done, waiting };
    this.#last.set(key, turn);
    try {
      if (before !== undefined) await before.done;
      return await work();
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
      end();
    }
  }
}

interface Turn {
  readonly done: Promise<void>;
  /** Upper bound of the turns before this one. */
  readonly waiting: number;
}
