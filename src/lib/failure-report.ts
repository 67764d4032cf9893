/** Tells once when something begins to fail, and once when it works again, however often it is noticed. */
export class FailureReport {
  readonly #begins: (cause: unknown) => void;
  readonly #ends: () => void;
  #isFailing = false;

  constructor(begins: (cause: unknown) => void, ends: () => void) {
    this.#begins = begins;
    this.#ends = ends;
  }

  failed(cause: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#begins(cause);
  }

  works(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#ends();
  }
}
