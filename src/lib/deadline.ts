import { AsyncLocalStorage } from "node:async_hooks";

/** A point in time that work must be done by. It is measured by a clock that nobody sets. */
export class Deadline {
  readonly #atMs: number;

  constructor(afterMs: number) {
    this.#atMs = performance.now() + afterMs;
  }

  /** 0 once it is over. */
  get remainingMs(): number {
    return Math.max(0, Math.ceil(this.#atMs - performance.now()));
  }

  get isOver(): boolean {
    return this.remainingMs === 0;
  }
}

const deadlines = new AsyncLocalStorage<Deadline | undefined>();

/** Does work that nobody waits for after the deadline. Everything that it calls finds it by `currentDeadline`. */
export function withDeadline<T>(deadline: Deadline, work: () => T): T {
  return deadlines.run(deadline, work);
}

/** Begins work that goes on when the call that began it is over. */
export function withoutDeadline<T>(work: () => T): T {
  return deadlines.run(undefined, work);
}

/** Binds work that somebody else will begin to the deadline of now, in the place of that of whoever begins it. */
export function bindDeadline<T>(work: () => T): () => T {
  const deadline = currentDeadline();
  return () => deadlines.run(deadline, work);
}

/** Of the call that this work is done for; undefined if there is none. */
export function currentDeadline(): Deadline | undefined {
  return deadlines.getStore();
}
