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
