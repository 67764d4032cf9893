import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What the program `store-program.ts` can be asked for. */
export type StoreRequest =
  | { readonly kind: "open" }
  | { readonly kind: "commit"; readonly id: string; readonly bytes: number }
  | { readonly kind: "load"; readonly id: string }
  /** Commits without end; each acknowledged one is told by its id. */
  | { readonly kind: "flood"; readonly prefix: string };

/** Runs a store in a process of its own, which can be limited and killed. */
export class StoreProcess {
  readonly #child: ChildProcess;

  constructor(file: string) {
    const program = fileURLToPath(new URL("./store-program.ts", import.meta.url));
    this.#child = fork(program, [file], { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  get pid(): number {
    return this.#child.pid ?? NaN;
  }

  /** One request at a time. The answer is its result, or the name and message of its error. */
  async ask(request: StoreRequest): Promise<unknown> {
    const answered = once(this.#child, "message");
    this.#child.send(request);
    const [answer] = await answered;
    return answer;
  }

  /** Kills the process once it has told of `acknowledgedMin` commits; all that it told of until then. */
  async floodAndKill(prefix: string, acknowledgedMin: number): Promise<readonly string[]> {
    const acknowledged: string[] = [];
    this.#child.on("message", (id: string) => {
      acknowledged.push(id);
      if (acknowledged.length === acknowledgedMin) this.#child.kill("SIGKILL");
    });
    const gone = this.#gone();
    this.#child.send({ kind: "flood", prefix } satisfies StoreRequest);
    await gone;
    return acknowledged;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = this.#gone();
    this.#child.kill("SIGKILL");
    await gone;
  }

  /** Resolves once the process has ended and everything that it said was heard. */
  async #gone(): Promise<void> {
    await Promise.all([once(this.#child, "exit"), once(this.#child, "disconnect")]);
  }
}
