/** How much a client may send, and what it is told of that (RFC 9113 section 5.2). */
export class ReceiveWindow {
  readonly #bytesMax: number;
  /** What the client may send before it is told of more. */
  #open: number;
  /** What was used up and is free again, of which it was not told yet. */
  #untold = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#open = bytesMax;
  }

  /** @returns false if the client sends more than it may */
  take(bytes: number): boolean {
    this.#open -= bytes;
    return this.#open >= 0;
  }

  /** @returns of how much the client is to be told; mostly 0, as half a window is told at a time */
  free(bytes: number): number {
    this.#untold += bytes;
    if (this.#untold * 2 < this.#bytesMax) return 0;
    const told = this.#untold;
    this.#open += told;
    this.#untold = 0;
    return told;
  }
}
