import { Deadline } from "../lib/deadline.ts";
import { ConnectionError, errorCode } from "./frames.ts";

const periodMs = 30_000;

/**
 * What a client may make a connection do for nothing: requests that it takes back, or that are refused or malformed,
 * frames that say nothing. One that goes on and on is sent away (RFC 9113 section 10.5), unless as much leads to
 * something: a connection on which one call in ten is taken back at its deadline must not break off the other nine.
 */
export class Patience {
  readonly #timesMax: number;
  #left: number;
  #period = new Deadline(periodMs);

  /** @param timesMax in half a minute */
  constructor(timesMax: number) {
    this.#timesMax = timesMax;
    this.#left = timesMax;
  }

  /** @throws ConnectionError when it is at its end */
  spend(): void {
    if (this.#left === 0 && this.#period.isOver) {
      this.#left = this.#timesMax;
      this.#period = new Deadline(periodMs);
    }
    if (this.#left === 0)
      throw new ConnectionError(errorCode.enhanceYourCalm, "too much that leads to nothing");
    this.#left -= 1;
  }

  /** A request was answered. */
  earn(): void {
    if (this.#left < this.#timesMax) this.#left += 1;
  }
}
