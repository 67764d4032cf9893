import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const mainProgram = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export const adminToken = "admin-token-of-the-crash-tests";
export const signingKey = "signing-key-of-the-crash-tests";

export type ServerProcessOptions = (
  | { /** The database file. */ readonly file: string }
  | { /** As RINGBACK_STORE has it. */ readonly store: string }
) & {
  /** Where the SMS go; the inbox if it is left out. */
  readonly webhook?: string;
  /** The program; the server as it is if it is left out. */
  readonly program?: URL;
  /** Further variables of its environment. */
  readonly variables?: Readonly<Record<string, string>>;
};

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `node src/main.ts` as a process of its own, which can be signaled, limited and killed. */
export class ServerProcess {
  /** Resolves once the process has ended and everything that it said was heard. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #url = Promise.withResolvers<string>();
  readonly #log: string[] = [];
  readonly #awaited = new Map<string, () => void>();

  constructor({ webhook, program, variables, ...options }: ServerProcessOptions) {
    const env = {
      ...variables,
      RINGBACK_STORE: "store" in options ? options.store : `sqlite:${options.file}`,
      RINGBACK_PORT: "0",
      RINGBACK_ADMIN_TOKEN: adminToken,
      ...(webhook === undefined
        ? {}
        : {
            RINGBACK_SMS: webhook,
            RINGBACK_SMS_ALLOW_PRIVATE: "true",
            RINGBACK_SMS_SIGNING_KEY: signingKey,
          }),
    };
    const child = spawn(process.execPath, [program === undefined ? mainProgram : fileURLToPath(program)], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = /answers at (http:\/\/\S+):/.exec(line)?.[1];
      if (url !== undefined) this.#url.resolve(url);
    });
    createInterface({ input: child.stderr }).on("line", (line) => this.#hear(line));
    this.exited = once(child, "close").then(([code, signal]) => {
      this.#url.reject(new Error(`the server ended before it answered:\n${this.log}`));
      return { code, signal };
    });
    this.#url.promise.catch(() => {}); // whoever kills it before it answers does not ask for the URL
  }

  /** Everything that it wrote to standard error. */
  get log(): string {
    return this.#log.join("\n");
  }

  get pid(): number {
    return this.#child.pid ?? NaN;
  }

  /** @throws Error if the process ends before it answers */
  url(): Promise<string> {
    return this.#url.promise;
  }

  /** Resolves once it logs a record with this message, or has. */
  logged(message: string): Promise<void> {
    if (this.#log.some((line) => messageOf(line) === message)) return Promise.resolve();
    return new Promise((resolve) => this.#awaited.set(message, resolve));
  }

  signal(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal);
    return this.exited;
  }

  #hear(line: string): void {
    this.#log.push(line);
    this.#awaited.get(messageOf(line) ?? "")?.();
  }
}

function messageOf(line: string): string | undefined {
  return /"message":"([^"]*)"/.exec(line)?.[1];
}
