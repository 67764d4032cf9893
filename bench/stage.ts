import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../src/lib/log.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import type { Job, Outcome } from "./load/job.ts";
import { type Place, Program, startOptions } from "./programs.ts";
import type { Measurement } from "./results.ts";
import type { ControlRequest, Ports, Reading } from "./servers/control.ts";
import { fill } from "./users.ts";

const serverCore = 0;
const loadCore = 1;

export interface Server {
  readonly name: string;
  readonly ports: Ports;
  readonly users: number;
  readonly startUpSeconds: number;
  readonly program: Program<Ports, ControlRequest, Reading>;
  stop(): Promise<void>;
}

/** What a job is about besides its server. */
export type Task = Pick<Job, "protocol" | "method" | "seconds"> & Partial<Pick<Job, "draw" | "pace">>;

/** The servers of a run, their load, and their files. */
export class Stage {
  readonly #load: Program<object, Job, Outcome>;
  readonly #folder: string;
  readonly #files = new Map<number, Promise<string>>();
  readonly #servers = new Set<Server>();

  private constructor(load: Program<object, Job, Outcome>, folder: string) {
    this.#load = load;
    this.#folder = folder;
  }

  static async open(): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), "bench-"));
    return new Stage(await Program.start("load/load.ts", [], loadCore), folder);
  }

  /** A server without logic: a program of the folder `servers`. @param users that call it */
  startPlain(name: string, program: string, users: number): Promise<Server> {
    return this.#start(name, program, [], users, serverCore);
  }

  startOnMemory(name: string, users: number, place: Place = serverCore): Promise<Server> {
    return this.#start(name, "ringback", ["memory:", String(users)], users, place);
  }

  /** Only one at a time for a number of users: it is the same file every time. */
  async startOnSqlite(name: string, users: number, place: Place = serverCore): Promise<Server> {
    const file = this.#files.get(users) ?? this.#fillFile(users);
    this.#files.set(users, file);
    return this.#start(name, "ringback", [`sqlite:${await file}`], users, place);
  }

  /** @throws Error if a single answer is not right */
  async measure(server: Server, task: Task): Promise<Measurement> {
    const { name, ports, users, program } = server;
    const port = task.protocol === "gRPC" ? ports.http2 : ports.http1;
    await program.ask({ phase: "begins" });
    const job: Job = { draw: "alike", pace: "saturated", ...task, server: name, port, users };
    const beginMs = performance.now();
    const { calls, errors, firstError, ...outcome } = await this.#load.ask(job);
    const wallMs = performance.now() - beginMs;
    const { cpuMicros, rssBytes, loopDelayP99Ms } = await program.ask({ phase: "ends" });
    if (errors > 0 || calls === 0) {
      const counts = `${errors} of ${calls + errors} calls failed`;
      throw new Error(`${name}, ${task.protocol} ${task.method}: ${counts}; the first: ${firstError}`);
    }
    return {
      ...outcome,
      cpuMicrosPerCall: cpuMicros / calls,
      serverBusy: cpuMicros / 1_000 / wallMs,
      rssMegabytes: rssBytes / 1e6,
      loopDelayP99Ms,
    };
  }

  async stopServers(): Promise<void> {
    for (const server of this.#servers) await server.stop();
  }

  async close(): Promise<void> {
    await this.stopServers();
    await this.#load.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #start(
    name: string,
    file: string,
    args: readonly string[],
    users: number,
    place: Place,
  ): Promise<Server> {
    const beginMs = performance.now();
    const program = await Program.start<Ports, ControlRequest, Reading>(
      `servers/${file}.ts`,
      args,
      place,
      startOptions,
    );
    const server: Server = {
      name,
      ports: program.greeting,
      users,
      startUpSeconds: (performance.now() - beginMs) / 1_000,
      program,
      stop: () => {
        this.#servers.delete(server);
        return program.stop();
      },
    };
    this.#servers.add(server);
    return server;
  }

  async #fillFile(users: number): Promise<string> {
    const file = join(this.#folder, `users-${users}.db`);
    const store = await openSqliteStore({ file, log: silentLog });
    await fill(store, users);
    await store.close();
    return file;
  }
}
