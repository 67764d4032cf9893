/**
 * Does ListUsers by phone number cost more among more users?
 *
 * Fills a store with 1,000 users and another with 100,000 or as many as are wanted, starts a server on each, and asks
 * both over gRPC for users by their number, and for users by their id, in alternating rounds; each call asks for
 * another user. Prints the median over the rounds of the time a call takes, the range of the rounds, and the ratio of
 * the large store to the small one, for each adapter: for whole calls, and for the store's part of a search alone.
 *
 * Run it by `node bench/list-users.ts [rounds] [calls per round] [users of the large store] [adapters]...`.
 */
import { join } from "node:path";
import pg from "pg";
import { UserService } from "../gen/zitadel/user/v2/user_service_pb.js";
import type { Store } from "../src/app/store-port.ts";
import { silentLog } from "../src/lib/log.ts";
import { openMemoryStore } from "../src/store/memory/memory-store.ts";
import { openPostgresStore } from "../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { startPostgres, stopPostgres } from "../test/support/postgres.ts";
import { createStoreFolder } from "../test/support/store-folder.ts";
import { protocols } from "../test/support/wire-protocols.ts";
import { adminToken, openWorld } from "../test/support/wire-world.ts";
import { alternate } from "./alternate.ts";
import { spreadOf } from "./statistics.ts";
import { fill, phoneOf, userId } from "./users.ts";

/** Finds a user. @returns the id */
type Find = (user: number) => Promise<string | undefined>;

const parts = {
  call: "ListUsers over gRPC",
  search: "the store's part",
  read: "GetUserByID over gRPC",
} as const;

interface Side extends Readonly<Record<keyof typeof parts, Find>> {
  readonly users: number;
  close(): Promise<void>;
}

async function open({ store, analyze }: Opened, users: number): Promise<Side> {
  await fill(store, users);
  await analyze?.();
  const world = await openWorld("safe", { store });
  const grpc = protocols(world.url).find(({ name }) => name === "gRPC");
  if (grpc === undefined) throw new Error("there is no gRPC client");
  const headers = { authorization: `Bearer ${adminToken}` };
  return {
    users,
    async call(user) {
      const queries = [{ query: { case: "phoneQuery", value: { number: phoneOf(user) } } as const }];
      const { result } = await grpc.call(UserService.method.listUsers, { queries }, headers);
      if ("error" in result) throw new Error(result.error.message);
      return result.message.result[0]?.userId;
    },
    async search(user) {
      const value = phoneOf(user);
      const found = await store.search("user", {
        where: { kind: "text", field: "phone", match: "equals", ignoreCase: false, value },
        sortBy: "createdMs",
        order: "descending",
        offset: 0,
        limit: 100,
      });
      return found.ids[0];
    },
    async read(user) {
      const { result } = await grpc.call(UserService.method.getUserByID, { userId: userId(user) }, headers);
      if ("error" in result) throw new Error(result.error.message);
      return result.message.user?.userId;
    },
    async close() {
      grpc.close();
      await world.close();
    },
  };
}

/** @returns microseconds a call, over calls for users spread over the whole store */
async function measure(find: Find, users: number, calls: number, round: number): Promise<number> {
  // A prime, so that users repeat only once all were asked for.
  const asked = Array.from({ length: calls }, (_, call) => ((round * calls + call) * 7_919) % users);
  const beginMs = performance.now();
  for (const user of asked) {
    if ((await find(user)) !== userId(user)) throw new Error(`user ${user} was not found`);
  }
  return ((performance.now() - beginMs) * 1_000) / calls;
}

function describe(values: readonly number[]): string {
  const { median, least, most } = spreadOf(values);
  return `${median.toFixed(1)} µs (${least.toFixed(1)}–${most.toFixed(1)})`;
}

interface Comparison {
  /** How many users the small and the large store have. */
  readonly sizes: readonly [number, number];
  readonly rounds: number;
  readonly calls: number;
}

/** Fills two stores, and prints what calls take on each. */
async function compare(
  adapter: string,
  openStore: () => Promise<Opened>,
  { sizes, rounds, calls }: Comparison,
): Promise<void> {
  const sides: Side[] = [];
  for (const users of sizes) sides.push(await open(await openStore(), users));
  for (const part of ["call", "search", "read"] as const) {
    const times = new Map<Side, number[]>(sides.map((side) => [side, []]));
    await alternate(sides, rounds + 1, async (side, round) => {
      const time = await measure(side[part], side.users, calls, round);
      // The first round is to warm up.
      if (round > 0) times.get(side)?.push(time);
    });
    const columns = [...times].map(
      ([side, ofSide]) => `  ${side.users.toLocaleString("en")} users ${describe(ofSide)}`,
    );
    const [ofSmall = [], ofLarge = []] = times.values();
    const ratio = (spreadOf(ofLarge).median / spreadOf(ofSmall).median).toFixed(2);
    console.log(`${adapter.padEnd(9)}${parts[part].padEnd(22)}${columns.join("")}   ratio ${ratio}`);
  }
  for (const side of sides) await side.close();
}

interface Opened {
  readonly store: Store;
  /** Tells the planner of what was stored at once; autovacuum does it by itself, a minute later. */
  readonly analyze?: () => Promise<void>;
}

/** How to open stores of each kind, and what to do at the end. */
interface Adapter {
  openStore(): Promise<Opened>;
  close(): Promise<void>;
}

async function sqlite(): Promise<Adapter> {
  const folder = await createStoreFolder();
  let files = 0;
  return {
    async openStore() {
      files += 1;
      return { store: await openSqliteStore({ file: join(folder.path, `db-${files}`), log: silentLog }) };
    },
    close: () => folder.remove(),
  };
}

async function postgres(): Promise<Adapter> {
  const server = await startPostgres({ isDurable: true });
  return {
    async openStore() {
      const { url } = await server.createDatabase();
      const analyze = async (): Promise<void> => {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        await client.query("ANALYZE");
        await client.end();
      };
      return { store: await openPostgresStore({ url, log: silentLog }), analyze };
    },
    close: stopPostgres,
  };
}

const adapters: Readonly<Record<string, () => Promise<Adapter>>> = {
  memory: async () => ({ openStore: async () => ({ store: openMemoryStore() }), close: async () => {} }),
  sqlite,
  postgres,
};

const [rounds = 7, calls = 2_000, users = 100_000] = process.argv.slice(2, 5).map(Number);
const names = process.argv.slice(5);
console.log(`${rounds} rounds of ${calls} calls each; medians (range)`);
for (const name of names.length === 0 ? Object.keys(adapters) : names) {
  const adapter = await adapters[name]?.();
  if (adapter === undefined) throw new Error(`there is no store ${name}`);
  await compare(name, adapter.openStore, { sizes: [1_000, users], rounds, calls });
  await adapter.close();
}
