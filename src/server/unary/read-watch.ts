import { systemClock } from "../../lib/clock.ts";
import type { Exchange } from "./exchange.ts";

const lookEveryMs = 1_000;

/**
 * Cancels requests whose bodies take too long. One look in a second, at those that began first, instead of a
 * timer for each.
 */
export class ReadWatch {
  readonly #timeoutMs: number;
  /** When each began, in that order. */
  readonly #reading = new Map<Exchange, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  begin(exchange: Exchange): void {
    this.#reading.set(exchange, systemClock.nowMs());
    this.#timer ??= setInterval(() => this.#look(), Math.min(lookEveryMs, this.#timeoutMs)).unref();
  }

  end(exchange: Exchange): void {
    this.#reading.delete(exchange);
  }

  #look(): void {
    const overMs = systemClock.nowMs() - this.#timeoutMs;
    for (const [exchange, beganMs] of this.#reading) {
      if (beganMs > overMs) return;
      this.#reading.delete(exchange);
      exchange.cancel();
    }
    if (this.#reading.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
