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
    const turn = new Turn(waiting);
    this.#last.set(key, turn);
    try {
      if (before !== undefined) await before.end();
      return await work();
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
      turn.finish();
    }
  }
}

class Turn {
  /** Upper bound of the turns before this one. */
  readonly waiting: number;
  /** Only if somebody waits. */
  #ended: PromiseWithResolvers<void> | undefined;

  constructor(waiting: number) {
    this.waiting = waiting;
  }

  /** Resolves once it is over. To be asked for before that. */
  end(): Promise<void> {
    this.#ended ??= Promise.withResolvers();
    return this.#ended.promise;
  }

  finish(): void {
    this.#ended?.resolve();
  }
}
