import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Life } from "./crash-availability.ts";
import type { Chance } from "./crash-chance.ts";
import { ServerProcess } from "./crash-server.ts";

export interface ReplicasOptions {
  /** As RINGBACK_STORE has it. */
  readonly store: string;
  /** Where the SMS go. */
  readonly webhook: string;
}

const restartPauseMs = 50;

/** Servers that share a store, each of which may be killed; one that ends is started again. */
export class Replicas {
  /** Of all of them, also of those that were killed. */
  readonly lives: Life[] = [];
  /** Those that ended though nobody ended them. */
  readonly complaints: string[] = [];
  /** What all of them logged as errors. */
  readonly errors: string[] = [];
  readonly #options: ReplicasOptions;
  readonly #masterKey = randomBytes(32).toString("base64");
  readonly #running = new Map<string, ServerProcess>();
  readonly #keepers: Promise<void>[] = [];
  #isStopping = false;

  constructor(options: ReplicasOptions) {
    this.#options = options;
  }

  /** Resolves once all of them answer. */
  async start(count: number): Promise<void> {
    const ready = Array.from({ length: count }, () => Promise.withResolvers<void>());
    this.#keepers.push(...ready.map(({ resolve }) => this.#keep(resolve)));
    await Promise.all(ready.map(({ promise }) => promise));
  }

  /** URLs of those that answer. */
  get urls(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Kills one of them without any warning. */
  kill(chance: Chance): void {
    const [url, server] = chance.pick([...this.#running]);
    this.#end(url);
    void server.signal("SIGKILL");
  }

  /** Ends all of them in good order. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const server of this.#running.values()) void server.signal("SIGTERM");
    await Promise.all(this.#keepers);
  }

  /** Starts a server again and again. */
  async #keep(onReady: () => void): Promise<void> {
    while (!this.#isStopping) {
      const server = new ServerProcess({
        ...this.#options,
        variables: { RINGBACK_MASTER_KEY: this.#masterKey },
      });
      const url = await server.url().catch(() => undefined);
      if (url === undefined) {
        // It ends if it cannot reach the database.
        await wait(restartPauseMs);
        continue;
      }
      this.lives.push({ replica: url, fromMs: Date.now() });
      this.#running.set(url, server);
      onReady();
      if (this.#isStopping) void server.signal("SIGTERM");
      const { code, signal } = await server.exited;
      this.errors.push(...server.log.split("\n").filter((line) => line.includes('"level":"error"')));
      if (this.#running.has(url)) this.#end(url);
      if (signal === "SIGKILL" || (this.#isStopping && (code === 0 || signal === "SIGTERM"))) continue;
      this.complaints.push(`a replica ended by itself with ${code ?? signal}:\n${server.log}`);
    }
  }

  #end(url: string): void {
    this.#running.delete(url);
    const index = this.lives.findLastIndex(({ replica }) => replica === url);
    const life = this.lives[index];
    if (life !== undefined) this.lives[index] = { ...life, untilMs: Date.now() };
  }
}
