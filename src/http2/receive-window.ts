import { initialWindowBytes } from "./frames.ts";

/** What of a window is free again, and the client was not told of yet: half a window is told at a time. */
export class FreedBytes {
  #untold = 0;

  /** @returns of how much the client is to be told; mostly 0 */
  add(bytes: number): number {
    this.#untold += bytes;
    if (this.#untold * 2 < initialWindowBytes) return 0;
    const told = this.#untold;
    this.#untold = 0;
    return told;
  }
}

/** How much of a body a client may send, and what it is told of that (RFC 9113 section 5.2). */
export class ReceiveWindow {
  /** What the client may send before it is told of more. */
  #open = initialWindowBytes;
  readonly #freed = new FreedBytes();

  /** @returns false if the client sends more than it may */
  take(bytes: number): boolean {
    this.#open -= bytes;
    return this.#open >= 0;
  }

  /** @returns of how much the client is to be told; mostly 0 */
  free(bytes: number): number {
    const told = this.#freed.add(bytes);
    this.#open += told;
    return told;
  }
}
