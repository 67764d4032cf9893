import { setTimeout as wait } from "node:timers/promises";

/** What /readyz said, when it was asked. */
export interface Reading {
  readonly replica: string;
  readonly askedMs: number;
  readonly isReady: boolean;
}

const betweenMs = 50;

/** Asks all replicas again and again whether they are ready. */
export class ReadinessWatch {
  readonly readings: Reading[] = [];
  readonly #replicas: () => readonly string[];
  readonly #watching: Promise<void>;
  #isStopping = false;

  /** @param replicas gives the URLs of those that answer now */
  constructor(replicas: () => readonly string[]) {
    this.#replicas = replicas;
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#isStopping) {
      await Promise.all(this.#replicas().map((replica) => this.#ask(replica)));
      await wait(betweenMs);
    }
  }

  async #ask(replica: string): Promise<void> {
    const askedMs = Date.now();
    // Whoever does not answer is not ready.
    const status = await fetch(`${replica}/readyz`).then(
      (response) => response.status,
      () => 503,
    );
    if (status !== 200 && status !== 503) throw new Error(`/readyz answers ${status}`);
    this.readings.push({ replica, askedMs, isReady: status === 200 });
  }
}
