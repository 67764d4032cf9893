/**
 * Commits on PostgreSQL, as SetPhone makes them (two events, a state row with a new phone, a message), against inserts of
 * a single row by as many connections as a server has, on the same server with the same durability.
 *
 *     node bench/postgres-commits.ts [callers] [seconds]
 */
import { readFileSync } from "node:fs";
import pg from "pg";
import { silentLog } from "../src/lib/log.ts";
import { openPostgresStore } from "../src/store/postgres/postgres-store.ts";
import { userRecord } from "../test/contract/search-records.ts";
import { outboxMessage, userCommit } from "../test/support/store-commits.ts";
import { startPostgres, stopPostgres } from "../test/support/postgres.ts";

const callers = Number(process.argv[2] ?? 64);
const seconds = Number(process.argv[3] ?? 5);
const users = 10_000;
const connections = 16;

interface Figures {
  readonly perSecond: number;
  readonly clientMicros: number;
  readonly serverMicros: number;
}

/** Calls `task` again and again, `count` at a time. */
async function measure(
  count: number,
  task: (caller: number, turn: number) => Promise<void>,
): Promise<Figures> {
  const run = async (untilMs: number): Promise<number> => {
    let done = 0;
    const caller = async (number: number) => {
      for (let turn = 0; performance.now() < untilMs; turn += 1) {
        await task(number, turn);
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: count }, (_, number) => caller(number)));
    return done;
  };
  await run(performance.now() + 1_000);
  const [begin, cpu, server] = [performance.now(), process.cpuUsage(), serverMicros()];
  const done = await run(begin + seconds * 1_000);
  const elapsed = (performance.now() - begin) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: done / elapsed,
    clientMicros: (user + system) / done,
    serverMicros: (serverMicros() - server) / done,
  };
}

/** CPU time of all processes of PostgreSQL on this machine. */
function serverMicros(): number {
  return [...new Set(postgresPids())].reduce((sum, pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return sum + (Number(fields[11]) + Number(fields[12])) * 10_000;
    } catch {
      return sum;
    }
  }, 0);
}

let postgresPids: () => number[] = () => [];

const { url } = await (await startPostgres({ isDurable: true })).createDatabase();
const admin = new pg.Client({ connectionString: url });
await admin.connect();
const store = await openPostgresStore({ url, log: silentLog });
{
  const { rows } = await admin.query("SELECT pid FROM pg_stat_activity");
  const parent = readFileSync(`/proc/${rows[0].pid}/stat`, "utf8").split(" ")[3];
  const { execFileSync } = await import("node:child_process");
  postgresPids = () => {
    const text = execFileSync("ps", ["-o", "pid=", "--ppid", String(parent)], { encoding: "utf8" });
    return text.split("\n").map(Number).filter(Boolean);
  };
}

for (let from = 0; from < users; from += 500) {
  await Promise.all(
    Array.from({ length: 500 }, (_, index) => {
      const id = String(from + index);
      const state = { id, text: "x".repeat(700) };
      return store.commit(userCommit(id, 0, { record: userRecord({ phone: `+4179${id}` }), state }));
    }),
  );
}
await admin.query("VACUUM ANALYZE");
const sequences = Array.from({ length: users }, () => 1);
const event = { type: "user.phone.set.v1", data: { number: "+41791234567", at: "x".repeat(120) } };
let messages = 0;
const setPhone = async (caller: number, turn: number): Promise<void> => {
  const user = (caller + turn * callers * 7) % users;
  const id = String(user);
  const sequence = sequences[user] ?? 1;
  messages += 1;
  const number = `+4178${messages}`;
  const outcome = await store.commit(
    userCommit(id, sequence, {
      events: [event, event],
      state: { id, text: "y".repeat(700) },
      record: { phone: number },
      message: outboxMessage(`message ${messages}`, {
        recipient: number,
        sealed: "s".repeat(200),
      }),
      messagePauseMs: 30_000,
    }),
  );
  if (outcome.kind !== "committed") throw new Error(outcome.kind);
  sequences[user] = sequence + 2;
};
await admin.query("CREATE TABLE bench (id bigserial PRIMARY KEY, data text NOT NULL)");
const pool = new pg.Pool({ connectionString: url, max: connections, idleTimeoutMillis: 0 });
// The server is stopped before every idle connection is.
pool.on("error", () => {});
const insert = { name: "insert", text: "INSERT INTO bench (data) VALUES ($1)", values: ["x".repeat(100)] };

const show = (name: string, { perSecond, clientMicros, serverMicros: server }: Figures): void =>
  console.log(
    `${name.padEnd(40)} ${perSecond.toFixed(0).padStart(7)}/s   client ${clientMicros.toFixed(0)} µs   server ${server.toFixed(0)} µs`,
  );
for (let round = 0; round < 2; round += 1) {
  const one = await measure(connections, async () => void (await pool.query(insert)));
  show(`insert of one row, ${connections} connections`, one);
  const commits = await measure(callers, setPhone);
  show(`commit of a SetPhone, ${callers} callers`, commits);
  console.log(`ratio ${(commits.perSecond / one.perSecond).toFixed(2)}`);
  const load = await measure(
    callers,
    async (caller, turn) => void (await store.load({ type: "user", id: String((caller * turn) % users) })),
  );
  show(`load of a state, ${callers} callers`, load);
  await admin.query("TRUNCATE ringback.outbox");
}
await pool.end();
await store.close();
await admin.end();
await stopPostgres();
