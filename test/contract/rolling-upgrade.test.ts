import { afterAll, afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import pg from "pg";
import type { Store } from "../../src/app/ports.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { inboxMessage, outboxMessage, settlement, userCommit } from "../support/store-commits.ts";

/** What the next release may do to the database while servers of this one run: see docs/upgrades.md. */
const expand = `
  ALTER TABLE ringback.events ADD COLUMN next text;
  ALTER TABLE ringback.states ADD COLUMN next text;
  ALTER TABLE ringback.unique_keys ADD COLUMN next text;
  ALTER TABLE ringback.user_records ADD COLUMN next text;
  ALTER TABLE ringback.session_records ADD COLUMN next text;
  ALTER TABLE ringback.outbox ADD COLUMN next text;
  ALTER TABLE ringback.inbox_messages ADD COLUMN next text;
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

  /** Everything that the port can do, once. */
  async function useAll(name: string): Promise<unknown> {
    const { outbox, inbox } = store;
    const id = `user of ${name}`;
    const key = { kind: "user_name", key: name } as const;
    const phone = { phone: `+4179${name}` };
    const record = {
      organizationId: "o",
      kind: "human",
      status: "active",
      userName: name,
      givenName: "",
      familyName: "",
      nickName: "",
      displayName: "",
      email: "",
      schemaId: "",
      createdMs: 1,
      ...phone,
    } as const;
    const message = outboxMessage(name, { userId: id });
    expect(await store.commit(userCommit(id, 0, { takeKeys: [key], record, message }))).toEqual({
      kind: "committed",
    });
    expect(await store.commit(userCommit(id, 1, { freeKeys: [key], record: phone }))).toEqual({
      kind: "committed",
    });
    expect(await store.findByKey(key)).toBeUndefined();
    expect(await store.load({ type: "user", id })).toMatchObject({ sequence: 2 });
    const where = {
      kind: "text",
      field: "userName",
      match: "equals",
      value: name,
      ignoreCase: false,
    } as const;
    const search = { where, sortBy: "id", order: "ascending", offset: 0, limit: 1 } as const;
    expect(await store.search("user", search)).toMatchObject({ ids: [id] });
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
    expect(await inbox.clear()).toBe(1);
    return (await store.history(0, 100))
      .filter(({ aggregate }) => aggregate.id === id)
      .map(({ type }) => type);
  }

  it("goes on when columns, tables and indexes are added under it", async () => {
    // Both on every connection that it has, so that each has prepared its statements.
    await Promise.all(Array.from({ length: 20 }, () => store.outbox.find("m")));
    for (let round = 0; round < 10; round += 1) expect(await useAll(`before ${round}`)).toHaveLength(2);
    const next = new pg.Client({ connectionString: database.url });
    await next.connect();
    await next.query(expand);
    await next.end();
    for (let round = 0; round < 10; round += 1) expect(await useAll(`after ${round}`)).toHaveLength(2);
  });

  it("starts on the schema of the next one", async () => {
    const next = new pg.Client({ connectionString: database.url });
    await next.connect();
    await next.query(expand);
    await next.end();
    await store.close();
    store = await openPostgresStore({ url: database.url, log: silentLog });
    expect(await useAll("started late")).toHaveLength(2);
  });
});
