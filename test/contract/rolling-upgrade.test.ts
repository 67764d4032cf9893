import { afterAll, afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import pg from "pg";
import type { KeptItem, Store } from "../../src/app/store-port.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { inboxMessage, outboxMessage, settlement, userCommit } from "../support/store-commits.ts";
import { everyRecord, sessionRecord, userRecord } from "./search-records.ts";

/** What the next release may do to the database while servers of this one run: see docs/upgrades.md. */
const expand = `
  DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'ringback' LOOP
      EXECUTE format(
        'ALTER TABLE ringback.%I ADD COLUMN next text, ADD COLUMN next_too text NOT NULL DEFAULT ''''', each
      );
    END LOOP;
  END $$;
  CREATE TABLE ringback.next (number bigint PRIMARY KEY);
  CREATE INDEX next_states ON ringback.states (next);
  INSERT INTO ringback.migrations (number, name) VALUES (1000, '1000-next.sql');
`;

describe("a server of this release beside the next one, on PostgreSQL", () => {
  let database: Awaited<ReturnType<Awaited<ReturnType<typeof startPostgres>>["createDatabase"]>>;
  let store: Store;
  beforeEach(async () => {
    database = await (await startPostgres()).createDatabase();
    store = await openPostgresStore({ url: database.url, log: silentLog });
  });
  afterEach(async () => {
    await store.close();
    await database.remove();
  });
  afterAll(stopPostgres);

  async function expandSchema(): Promise<void> {
    const next = new pg.Client({ connectionString: database.url });
    await next.connect();
    await next.query(expand);
    await next.end();
  }

  async function dumped(): Promise<readonly KeptItem[]> {
    const items: KeptItem[] = [];
    for await (const item of store.dump()) items.push(item);
    return items;
  }

  /** Everything that the port can do while commands run, once. */
  async function useAll(name: string): Promise<unknown> {
    const { outbox, inbox } = store;
    const id = `user of ${name}`;
    const key = { kind: "user_name", key: name } as const;
    const phone = { phone: `+4179${name}` };
    const record = userRecord({ userName: name, ...phone });
    const message = outboxMessage(name, { userId: id });
    const answer = { key: name, sealed: "sealed", expiresMs: 5_000 };
    expect(await store.commit(userCommit(id, 0, { takeKeys: [key], record, message, answer }))).toEqual({
      kind: "committed",
    });
    expect(await store.commit(userCommit(id, 1, { freeKeys: [key], record: phone }))).toEqual({
      kind: "committed",
    });
    expect(await store.findByKey(key)).toBeUndefined();
    expect(await store.findAnswer(name, 4_000)).toBe("sealed");
    expect(await store.load({ type: "user", id })).toMatchObject({ sequence: 2 });
    const equality = { field: "userName", value: name, ignoreCase: false } as const;
    expect(await store.findByText("user", equality, 1)).toEqual([id]);
    const where = { kind: "text", match: "equals", ...equality } as const;
    expect(await store.search("user", { ...everyRecord, where })).toMatchObject({ ids: [id] });
    const session = { type: "session", id: `session of ${name}` } as const;
    for (const [sequence, change] of [sessionRecord({ userId: id }), { userId: "" }, null].entries()) {
      const commit = userCommit(session.id, sequence, { aggregate: session, record: change });
      expect(await store.commit(commit)).toEqual({ kind: "committed" });
      expect(await store.search("session", everyRecord)).toMatchObject({ total: change === null ? 0 : 1 });
    }
    const [claimed] = await outbox.claim(2_000, 1_000, 1);
    if (claimed === undefined) throw new Error("nothing was claimed");
    expect(await outbox.begin(claimed, [])).toBe(true);
    await outbox.retry(claimed, 3_000, []);
    expect(await outbox.nextDueMs()).toBe(3_000);
    const [waiting] = await outbox.waiting(undefined, 1);
    expect(waiting !== undefined && (await outbox.reseal(waiting, "again"))).toBe(true);
    await outbox.settle(settlement(name, { providerId: "p" }));
    const receipt = { messageId: name, providerId: "p", state: "delivered", reason: "", atMs: 1 } as const;
    expect(await outbox.noteReceipt(receipt)).toBe(true);
    expect(await outbox.find(name)).toMatchObject({ state: "delivered" });
    expect(await outbox.list({ userId: id, limit: 1 })).toHaveLength(1);
    expect(await inbox.append(inboxMessage(name))).toMatchObject({ messageId: name });
    expect(await inbox.list({ order: "oldest_first", limit: 1 })).toHaveLength(1);
    expect(await inbox.list({ order: "newest_first", limit: 1 })).toHaveLength(1);
    expect(await dumped()).toContainEqual({ kind: "answer", value: answer });
    expect(await inbox.clear()).toBe(1);
    return (await store.history(0, 1_000))
      .filter(({ aggregate }) => aggregate.id === id)
      .map(({ type }) => type);
  }

  it("goes on when columns, tables and indexes are added under it", async () => {
    // Both on every connection that it has, so that each has prepared its statements.
    await Promise.all(Array.from({ length: 20 }, () => store.outbox.find("m")));
    for (let round = 0; round < 10; round += 1) expect(await useAll(`before ${round}`)).toHaveLength(2);
    await expandSchema();
    for (let round = 0; round < 10; round += 1) expect(await useAll(`after ${round}`)).toHaveLength(2);
  });

  it("starts on the schema of the next one", async () => {
    await expandSchema();
    await store.close();
    store = await openPostgresStore({ url: database.url, log: silentLog });
    expect(await useAll("started late")).toHaveLength(2);
  });

  it("fills the schema of the next one with what is imported, and makes the rows there anew", async () => {
    await expandSchema();
    const common = { sequence: 1, state: {}, changedMs: 1_000, keys: [] };
    const user = { type: "user", id: "1" } as const;
    const session = { type: "session", id: "2" } as const;
    const rows = [
      { ...common, aggregate: user, record: userRecord({ userName: "ada" }) },
      { ...common, aggregate: session, record: sessionRecord({ userId: "1" }) },
    ];
    const rowsOf = async function* () {
      yield* rows;
    };
    const event = { type: "changed", data: {}, sequence: 1, atMs: 1_000 };
    const items: readonly KeptItem[] = [
      { kind: "event", value: { ...event, position: 1, aggregate: user } },
      { kind: "event", value: { ...event, position: 2, aggregate: session } },
      { kind: "message", value: waitingMessage },
      { kind: "inboxMessage", value: { id: 1, ...inboxMessage("m1") } },
      { kind: "answer", value: { key: "k", sealed: "sealed", expiresMs: 5_000 } },
    ];
    await store.restore(
      (async function* () {
        yield* items;
      })(),
      rowsOf,
    );
    expect(await dumped()).toEqual(items);
    expect(await store.rebuild(rowsOf)).toBe(2);
    expect(await store.search("user", everyRecord)).toMatchObject({ ids: ["1"] });
    expect(await store.search("session", everyRecord)).toMatchObject({ ids: ["2"] });
  });
});

const { sealed, ...unsealed } = outboxMessage("m1");
const waitingMessage = {
  ...unsealed,
  number: 1,
  state: "queued",
  reason: "",
  attempts: [],
  waiting: { sealed, dueMs: 1_000, attempt: 0 },
} as const;
