/**
 * What does a commit on sqlite cost, and on which thread?
 *
 * Fills a database for each source tree, then writes to random users, 256 commits at a time, in alternating
 * rounds. SetPhone writes two events, a state and a changed record; VerifyPhone one event and a state. Prints for
 * each tree the medians over the rounds: commits a second, CPU time a commit takes on the main thread (repository
 * included) and on the writing thread, and the 99th percentile of the event loop's delay.
 *
 * Run it by `node bench/sqlite-commits.ts [users] [rounds] [commits per round] [folder of a source tree]...`;
 * without a folder it measures the tree that it is in.
 */
import { once } from "node:events";
import { join, resolve } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import type { Repository } from "../src/app/repository.ts";
import type { userKind, UserRepository } from "../src/app/user-kind.ts";
import type { UserEvent } from "../src/domain/user-events.ts";
import { systemClock } from "../src/lib/clock.ts";
import { silentLog } from "../src/lib/log.ts";
import type { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../test/support/store-folder.ts";
import { alternate } from "./alternate.ts";
import { spreadOf } from "./statistics.ts";
import { fill, phoneOf, userId } from "./users.ts";

const inFlight = 256;
const mac = "A".repeat(43);

const shapes: Readonly<Record<string, () => readonly UserEvent[]>> = {
  SetPhone: () => [
    { type: "user.human.phone.changed", data: { phone: phoneOf(random(10_000_000)) } },
    {
      type: "user.human.phone.code.added",
      data: {
        challengeId: String(random(Number.MAX_SAFE_INTEGER)),
        keyId: "k1",
        mac,
        expiresMs: 1_800_000_000_000,
        attemptsMax: 5,
        returned: true,
      },
    },
  ],
  VerifyPhone: () => [{ type: "user.human.phone.verified", data: {} }],
};

interface Figures {
  readonly commitsPerSecond: number;
  readonly mainCpuUs: number;
  readonly writerCpuUs: number;
  readonly delayP99Ms: number;
}

interface Side {
  readonly tree: string;
  readonly users: UserRepository;
  readonly writer: Worker;
  close(): Promise<void>;
}

async function open(tree: string, file: string, users: number): Promise<Side> {
  const load = (path: string) => import(pathToFileURL(resolve(tree, "src", path)).href);
  // Another tree is of the same types as far as it is used here.
  const sqlite: { openSqliteStore: typeof openSqliteStore } = await load("store/sqlite/sqlite-store.ts");
  const app: { Repository: typeof Repository } = await load("app/repository.ts");
  const { userKind: kind }: { userKind: typeof userKind } = await load("app/user-kind.ts");
  const [[writer], store] = await Promise.all([
    once(process, "worker") as Promise<[Worker]>, // what the event gives (node:process)
    sqlite.openSqliteStore({ file, log: silentLog }),
  ]);
  await fill(store, users);
  return {
    tree,
    users: new app.Repository(kind, store, systemClock),
    writer,
    close: () => store.close(),
  };
}

async function measure(
  side: Side,
  users: number,
  commits: number,
  shape: () => readonly UserEvent[],
): Promise<Figures> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let begun = 0;
  const commitInTurn = async () => {
    while (begun < commits) {
      begun += 1;
      // As a request would that comes from a socket.
      await setImmediate();
      await side.users.execute(userId(random(users)), () => ({ events: shape() }));
    }
  };
  const [writerBefore, mainBefore, beginMs] = [
    await side.writer.cpuUsage(),
    process.threadCpuUsage(),
    performance.now(),
  ];
  delay.enable();
  await Promise.all(Array.from({ length: inFlight }, commitInTurn));
  delay.disable();
  const tookMs = performance.now() - beginMs;
  const main = process.threadCpuUsage(mainBefore);
  const writer = await side.writer.cpuUsage(writerBefore);
  return {
    commitsPerSecond: (commits * 1_000) / tookMs,
    mainCpuUs: (main.user + main.system) / commits,
    writerCpuUs: (writer.user + writer.system) / commits,
    delayP99Ms: delay.percentile(99) / 1e6,
  };
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}

async function compare(trees: readonly string[], users: number, rounds: number, commits: number) {
  const folder = await createStoreFolder();
  const sides: Side[] = [];
  for (const [index, tree] of trees.entries()) {
    sides.push(await open(tree, join(folder.path, `db-${index}`), users));
  }
  for (const [name, shape] of Object.entries(shapes)) {
    const results = new Map<Side, Figures[]>(sides.map((side) => [side, []]));
    await alternate(sides, rounds + 1, async (side, round) => {
      const figures = await measure(side, users, commits, shape);
      // The first round is to warm up.
      if (round > 0) results.get(side)?.push(figures);
    });
    for (const [{ tree }, figures] of results) {
      const of = (field: keyof Figures, digits: number) =>
        spreadOf(figures.map((each) => each[field])).median.toFixed(digits);
      console.log(
        `${name.padEnd(11)} ${tree}   ${of("commitsPerSecond", 0)} commits/s` +
          `   CPU µs a commit: main ${of("mainCpuUs", 1)}, writer ${of("writerCpuUs", 1)}` +
          `   event-loop delay p99 ${of("delayP99Ms", 1)} ms`,
      );
    }
  }
  console.log(`RSS ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`);
  for (const side of sides) await side.close();
  await folder.remove();
}

const [users = 100_000, rounds = 5, commits = 20_000] = process.argv.slice(2, 5).map(Number);
const trees = process.argv.slice(5);
console.log(`${users} users, ${rounds} rounds of ${commits} commits; medians`);
await compare(trees.length === 0 ? [resolve(import.meta.dirname, "..")] : trees, users, rounds, commits);
