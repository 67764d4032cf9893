import { Deadline } from "../lib/deadline.ts";
import type { Exchange } from "./exchange.ts";

const lookEveryMs = 1_000;

/**
 * Cancels requests over HTTP/2 whose bodies take too long, also of those that nobody wants to read any more. One look
 * in a second, at those that began first, instead of a timer for each. HTTP/1.1 has its own watch over this.
 */
export class ReadWatch {
  readonly #timeoutMs: number;
  /** In the order in which they began. */
  readonly #reading = new Map<Exchange, Deadline>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  begin(exchange: Exchange): void {
    if (exchange.httpVersion !== "2") return;
    this.#reading.set(exchange, new Deadline(this.#timeoutMs));
    this.#timer ??= setInterval(() => this.#look(), Math.min(lookEveryMs, this.#timeoutMs)).unref();
  }

  /** Its body is there. */
  end(exchange: Exchange): void {
    this.#reading.delete(exchange);
  }

  /** Its body is left to others, or to nobody: the watch ends with the stream. */
  leave(exchange: Exchange): void {
    if (this.#reading.has(exchange)) exchange.onClose(() => this.end(exchange));
  }

  #look(): void {
    for (const [exchange, deadline] of this.#reading) {
      if (!deadline.isOver) return;
      this.#reading.delete(exchange);
      if (!exchange.isBodyComplete) exchange.cancel();
    }
    if (this.#reading.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
