import { DomainError, refusal } from "../domain/errors.ts";

const busy = refusal("resource_exhausted", "RINGBACK-b5Yq1", "Errors.Caller.Busy");

/** Lets the work for one key take turns; work for different keys does not wait for each other. */
export class Turns {
  /** Of each key that is at work: who waits for it, the first in front. */
  readonly #lines = new Map<string, (() => void)[]>();
  readonly #waitingMax: number;

  /** @param waitingMax how much may wait for one key; more is refused */
  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** @throws DomainError if too much waits for this key already */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, []);
    else if (line.length < this.#waitingMax) await new Promise<void>((begin) => line.push(begin));
    else throw new DomainError(busy);
    try {
      return await work();
    } finally {
      const next = this.#lines.get(key)?.shift();
      if (next === undefined) this.#lines.delete(key);
      else next();
    }
  }
}
