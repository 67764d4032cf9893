/**
 * Does a search by phone number cost more among more users?
 *
 * Fills a store with 1,000 users and another with 100,000, then searches both by number, as ListUsers does, in
 * alternating rounds; each call asks for another number. Prints the median over the rounds of the time a call
 * takes, the range of the rounds, and the ratio of the large store to the small one, for each adapter.
 *
 * Run it by `node bench/list-users.ts [rounds] [calls per round]`.
 */
import { join } from "node:path";
import type { Commit, Store } from "../src/app/ports.ts";
import type { Condition, UserRecord } from "../src/app/search.ts";
import { silentLog } from "../src/lib/log.ts";
import { openMemoryStore } from "../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../test/support/store-folder.ts";

const organizationId = "organization";
const commitsAtOnce = 1_000;

/** The number of a user: another one for each. */
export function phoneOf(user: number): string {
  return `+4179${String(user).padStart(7, "0")}`;
}

/** Adds users 0 to `users - 1`. */
export async function fill(store: Store, users: number): Promise<void> {
  for (let from = 0; from < users; from += commitsAtOnce) {
    const count = Math.min(commitsAtOnce, users - from);
    const outcomes = await Promise.all(
      Array.from({ length: count }, (_, index) => store.commit(userAdded(from + index))),
    );
    const refused = outcomes.find(({ kind }) => kind !== "committed");
    if (refused !== undefined) throw new Error(`a user was not added: ${refused.kind}`);
  }
}

function userAdded(user: number): Commit {
  const id = `user-${user}`;
  const createdMs = 1_700_000_000_000 + user;
  const record: UserRecord = {
    organizationId,
    kind: "human",
    status: "active",
    userName: `${id}@example.com`,
    givenName: "Ada",
    familyName: `Lovelace ${user}`,
    nickName: "",
    displayName: `Ada Lovelace ${user}`,
    email: `${id}@example.com`,
    phone: phoneOf(user),
    schemaId: "",
    createdMs,
  };
  return {
    aggregate: { type: "user", id },
    expectedSequence: 0,
    atMs: createdMs,
    events: [{ type: "user.human.added", data: record }],
    state: record,
    takeKeys: [{ kind: "user_name", key: `${organizationId}:${record.userName}` }],
    record,
  };
}

const conditions: Readonly<Record<string, (phone: string) => Condition<UserRecord>>> = {
  phone: phoneIs,
  "organization and phone": (phone) => ({
    kind: "all",
    of: [textIs("organizationId", organizationId), phoneIs(phone)],
  }),
};

function phoneIs(value: string): Condition<UserRecord> {
  return textIs("phone", value);
}

function textIs(field: "organizationId" | "phone", value: string): Condition<UserRecord> {
  return { kind: "text", field, match: "equals", ignoreCase: false, value };
}

/** @returns microseconds a call, over calls for users spread over the whole store */
async function measure(
  store: Store,
  users: number,
  calls: number,
  round: number,
  condition: (phone: string) => Condition<UserRecord>,
): Promise<number> {
  // A prime, so that users repeat only once all were asked for.
  const asked = Array.from({ length: calls }, (_, call) => ((round * calls + call) * 7_919) % users);
  const beginMs = performance.now();
  for (const user of asked) {
    const found = await store.search("user", {
      where: condition(phoneOf(user)),
      sortBy: "createdMs",
      order: "descending",
      offset: 0,
      limit: 100,
    });
    if (found.total !== 1 || found.ids[0] !== `user-${user}`) throw new Error(`user ${user} was not found`);
  }
  return ((performance.now() - beginMs) * 1_000) / calls;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function describe(values: readonly number[]): string {
  return `${median(values).toFixed(1)} µs (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})`;
}

async function compare(
  adapter: string,
  open: () => Promise<Store>,
  rounds: number,
  calls: number,
): Promise<void> {
  const [small, large] = [
    { store: await open(), users: 1_000 },
    { store: await open(), users: 100_000 },
  ];
  for (const { store, users } of [small, large]) await fill(store, users);
  for (const [name, condition] of Object.entries(conditions)) {
    const times = new Map([small, large].map((side) => [side, [] as number[]]));
    for (let round = 0; round <= rounds; round += 1) {
      // The other one begins each time, so that none always runs on a warmer machine.
      for (const side of round % 2 === 0 ? [small, large] : [large, small]) {
        const time = await measure(side.store, side.users, calls, round, condition);
        // The first round is to warm up.
        if (round > 0) times.get(side)?.push(time);
      }
    }
    const [ofSmall, ofLarge] = [times.get(small) ?? [], times.get(large) ?? []];
    console.log(
      `${adapter.padEnd(7)} by ${name.padEnd(22)}  1,000 users ${describe(ofSmall)}   ` +
        `100,000 users ${describe(ofLarge)}   ratio ${(median(ofLarge) / median(ofSmall)).toFixed(2)}`,
    );
  }
  for (const { store } of [small, large]) await store.close();
}

if (import.meta.main) {
  const rounds = Number(process.argv[2] ?? 7);
  const calls = Number(process.argv[3] ?? 5_000);
  const folder = await createStoreFolder();
  let files = 0;
  const openSqlite = () => {
    files += 1;
    return openSqliteStore({ file: join(folder.path, `db-${files}`), log: silentLog });
  };
  console.log(`search by number, ${rounds} rounds of ${calls} calls each; medians (range)`);
  await compare("memory", async () => openMemoryStore(), rounds, calls);
  await compare("sqlite", openSqlite, rounds, calls);
  await folder.remove();
}
