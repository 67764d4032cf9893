import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import manifest from "../package.json" with { type: "json" };

/** Where a program runs: on one core, or on whichever is free. */
export type Place = 0 | 1 | "any core";

export const canPin = spawnSync("taskset", ["--version"]).status === 0;

/** What `npm start` tells Node. */
export const startOptions = manifest.scripts.start.split(" ").filter((word) => word.startsWith("--"));

/** What a program sends: whether it did what it was asked for, and the result. */
export type Reply<R> = { readonly result: R } | { readonly failure: string };

/**
 * A program in a process of its own, which answers requests one after the other. What it sends first, by itself,
 * is its greeting: then it is ready.
 */
export class Program<Greeting, Request extends object, Result> {
  readonly greeting: Greeting;
  readonly #name: string;
  readonly #child: ChildProcess;

  private constructor(name: string, child: ChildProcess, greeting: Greeting) {
    this.#name = name;
    this.#child = child;
    this.greeting = greeting;
  }

  /** @param file of the program, from the folder of this file. @throws Error if it ends before it is ready */
  static async start<Greeting, Request extends object, Result>(
    file: string,
    args: readonly string[],
    place: Place,
    nodeOptions: readonly string[] = [],
  ): Promise<Program<Greeting, Request, Result>> {
    const command = [
      process.execPath,
      ...nodeOptions,
      fileURLToPath(new URL(file, import.meta.url)),
      ...args,
    ];
    const pinned = place === "any core" || !canPin ? command : ["taskset", "-c", String(place), ...command];
    const [executable = process.execPath, ...rest] = pinned;
    const child = spawn(executable, rest, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    return new Program(file, child, await nextReply<Greeting>(file, child));
  }

  /** To be called again only after the answer. @throws Error if the program fails or ends */
  ask(request: Request): Promise<Result> {
    if (!this.#child.connected) return Promise.reject(new Error(`${this.#name} has ended`));
    const reply = nextReply<Result>(this.#name, this.#child);
    this.#child.send(request);
    return reply;
  }

  /** Resolves once it has tidied up and ended. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.connected) this.#child.disconnect();
    await ended;
  }
}

function nextReply<R>(name: string, child: ChildProcess): Promise<R> {
  return new Promise((resolve, reject) => {
    const onMessage = (reply: Reply<R>): void => {
      child.off("exit", onExit);
      if ("result" in reply) resolve(reply.result);
      else reject(new Error(`${name}: ${reply.failure}`));
    };
    const onExit = (): void => {
      child.off("message", onMessage);
      reject(new Error(`${name} ended before it answered`));
    };
    child.once("message", onMessage);
    child.once("exit", onExit);
  });
}

/**
 * The other side: greets, then answers requests until the parent is gone.
 * @param close is called at the end
 */
export function answerRequests<Request, Result>(
  greeting: object,
  answer: (request: Request) => Promise<Result>,
  close: () => Promise<void>,
): void {
  const send = (reply: Reply<unknown>): void => void process.send?.(reply);
  process.on("message", (request: Request) => {
    answer(request).then(
      (result) => send({ result }),
      (error: unknown) => send({ failure: String(error) }),
    );
  });
  process.once("disconnect", () => void close().finally(() => process.exit()));
  send({ result: greeting });
}
