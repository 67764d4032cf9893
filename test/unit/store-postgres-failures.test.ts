import { afterAll, afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { StoreUnavailableError, type Store } from "../../src/app/store-port.ts";
import { Deadline, withDeadline } from "../../src/lib/deadline.ts";
import { createLog } from "../../src/lib/log.ts";
import { connectionsMax } from "../../src/store/postgres/database.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { startPostgres, stopPostgres, type TestPostgres } from "../support/postgres.ts";
import { PostgresProxy } from "../support/postgres-proxy.ts";
import { outboxMessage, userCommit } from "../support/store-commits.ts";
import { everyRecord } from "../contract/search-records.ts";

/** A call may take 3 s, and 2 s more to learn what became of a write; the rest is for a busy machine. */
const answerMsMax = 6_500;
const recoveryMsMax = 2_000;

describe("when PostgreSQL fails", () => {
  let database: Awaited<ReturnType<TestPostgres["createDatabase"]>>;
  let proxy: PostgresProxy;
  let store: Store;
  let onlooker: pg.Client;
  /** That a test has opened; a failing one leaves them. */
  let others: pg.Client[];
  /** What was logged. */
  let messages: string[];

  beforeEach(async () => {
    messages = [];
    const log = createLog("info", (line) => messages.push(JSON.parse(line).message));
    database = await (await startPostgres()).createDatabase();
    proxy = await PostgresProxy.start(database.url);
    others = [];
    onlooker = await connected();
    store = await openPostgresStore({ url: proxy.url, log });
  });
  afterEach(async () => {
    await Promise.all(others.map((client) => client.end()));
    await store.close();
    await proxy.close();
    await database.remove();
  });
  afterAll(stopPostgres);

  const sequences = async () => (await store.history(0, 100)).map(({ sequence }) => sequence);

  async function timed<T>(
    promise: Promise<T>,
  ): Promise<{ readonly result: PromiseSettledResult<T>; readonly ms: number }> {
    const begin = performance.now();
    const [result] = await Promise.allSettled([promise]);
    return { result, ms: performance.now() - begin };
  }

  async function connected(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    others.push(client);
    return client;
  }

  /** How many the store has, those that it has given up included. */
  async function connections(state?: "active"): Promise<number> {
    const { rows } = await onlooker.query(
      `SELECT FROM pg_stat_activity WHERE application_name = 'ringback' AND datname = current_database()
       AND state = coalesce($1, state)`,
      [state],
    );
    return rows.length;
  }

  async function isNothingGoingOn(): Promise<boolean> {
    const deadline = new Deadline(recoveryMsMax);
    while ((await connections("active")) > 0) if (deadline.isOver) return false;
    return true;
  }

  /** Does something again and again until all these have ended. */
  async function during(ends: Promise<unknown>, work: (number: number) => Promise<void>): Promise<void> {
    const ended = new AbortController();
    void ends.finally(() => ended.abort());
    for (let number = 0; !ended.signal.aborted; number += 1) await work(number);
  }

  async function works(): Promise<number> {
    const begin = performance.now();
    for (;;) {
      const [result] = await Promise.allSettled([store.load({ type: "user", id: "1" })]);
      if (result.status === "fulfilled") return performance.now() - begin;
    }
  }

  it("writes a commit once whose answer was lost, and says so", async () => {
    await store.commit(userCommit("1", 0));
    const broken = proxy.breakNextCommit("after");
    expect(await store.commit(userCommit("1", 1))).toEqual({ kind: "committed" });
    await broken;
    expect(await sequences()).toEqual([1, 2]);
  });

  it("tells the refusals of a batch whose answer was lost", async () => {
    await store.commit(userCommit("1", 0, { takeKeys: [{ kind: "user_name", key: "ada" }] }));
    await store.commit(userCommit("2", 0, { message: outboxMessage("m1") }));
    const broken = proxy.breakNextCommit("after");
    const outcomes = await Promise.all([
      store.commit(userCommit("1", 0)),
      store.commit(userCommit("2", 1)),
      store.commit(userCommit("3", 0, { takeKeys: [{ kind: "user_name", key: "ada" }] })),
      store.commit(userCommit("4", 0, { message: outboxMessage("m2"), messagePauseMs: 500 })),
    ]);
    await broken;
    expect(outcomes).toEqual([
      { kind: "sequence_taken" },
      { kind: "committed" },
      { kind: "key_taken", key: { kind: "user_name", key: "ada" } },
      { kind: "paused", untilMs: 1_500 },
    ]);
    expect(await store.history(0, 100)).toHaveLength(3);
  });

  it("writes a commit once that did not arrive at first", async () => {
    const broken = proxy.breakNextCommit("before");
    expect(await store.commit(userCommit("1", 0))).toEqual({ kind: "committed" });
    await broken;
    expect(await sequences()).toEqual([1]);
  });

  it("answers in time that it cannot be reached, is not ready, and works soon after it can", async () => {
    await store.commit(userCommit("1", 0));
    messages.length = 0;
    proxy.goDown();
    expect(await store.isReady?.()).toBe(false);
    const calls = [store.commit(userCommit("2", 0)), store.load({ type: "user", id: "1" })];
    for (const { result, ms } of await Promise.all(
      calls.map((call) => timed(Promise.resolve<unknown>(call))),
    )) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { name: StoreUnavailableError.name, outcome: "nothing" },
      });
      expect(ms).toBeLessThan(answerMsMax);
    }
    proxy.comeBack();
    expect(await works()).toBeLessThan(recoveryMsMax);
    expect(await store.isReady?.()).toBe(true);
    expect(await store.commit(userCommit("2", 0))).toEqual({ kind: "committed" });
    expect(messages).toEqual(["the database cannot be reached", "the database can be reached again"]);
  });

  it("tells once that every write is refused, and once that it is over", async () => {
    await onlooker.query(`
      CREATE FUNCTION ringback.full() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
      CREATE TRIGGER disk BEFORE INSERT ON ringback.events FOR EACH ROW EXECUTE FUNCTION ringback.full()`);
    messages.length = 0;
    for (const id of ["1", "2", "3"]) {
      await expect(store.commit(userCommit(id, 0))).rejects.toMatchObject({ outcome: "nothing" });
    }
    await onlooker.query("DROP TRIGGER disk ON ringback.events");
    for (const id of ["1", "2"]) await store.commit(userCommit(id, 0));
    expect(messages).toEqual(["the database cannot be written", "the database can be written again"]);
  });

  it("waits out a short interruption", async () => {
    proxy.goDown();
    setTimeout(() => proxy.comeBack(), 500);
    expect(await store.commit(userCommit("1", 0))).toEqual({ kind: "committed" });
    expect(await store.load({ type: "user", id: "1" })).toMatchObject({ sequence: 1 });
  });

  it("waits one out, too, before everything is read or written at once", async () => {
    await store.commit(userCommit("1", 0));
    proxy.goDown();
    setTimeout(() => proxy.comeBack(), 500);
    expect(await Array.fromAsync(store.dump())).toMatchObject([{ kind: "event" }]);
  });

  it("says that it does not know what became of a commit where it cannot be asked", async () => {
    const broken = proxy.breakNextCommit("after");
    const call = timed(store.commit(userCommit("1", 0)));
    await broken;
    proxy.goDown();
    const { result, ms } = await call;
    expect(result).toMatchObject({
      status: "rejected",
      reason: { name: StoreUnavailableError.name, outcome: "unknown" },
    });
    expect(ms).toBeLessThan(answerMsMax);
    proxy.comeBack();
    expect(await sequences()).toEqual([1]);
    expect(await store.commit(userCommit("1", 1))).toEqual({ kind: "committed" });
  });

  it("says what was written of a batch that had to be taken apart, though the connection is lost half way", async () => {
    await store.commit(userCommit("1", 0, { message: outboxMessage("m1") }));
    // The batch, and the first of its commits alone.
    const broken = proxy.breakNextCommit("before", 2);
    const calls = Promise.allSettled([
      store.commit(userCommit("2", 0)),
      store.commit(userCommit("3", 0)),
      store.commit(userCommit("4", 0, { message: outboxMessage("m1", { recipient: "+41790000002" }) })),
    ]);
    await broken;
    proxy.goDown();
    const [written, lost] = await calls;
    expect(written).toEqual({ status: "fulfilled", value: { kind: "committed" } });
    expect(lost).toMatchObject({ status: "rejected", reason: { outcome: "unknown" } });
    proxy.comeBack();
    expect((await store.history(0, 100)).map(({ aggregate }) => aggregate.id)).toEqual(["1", "2"]);
  });

  it("does not say that nothing was restored where it may have been", async () => {
    const broken = proxy.breakNextCommit("after", 0, "COMMIT\0");
    const nothing = async function* () {};
    const restored = store.restore(nothing(), nothing);
    await expect(restored).rejects.toMatchObject({ outcome: "unknown" });
    await broken;
  });

  it("does not wait for a server that has fallen silent", async () => {
    await store.commit(userCommit("1", 0));
    proxy.freeze();
    const { result, ms } = await timed(store.commit(userCommit("1", 1)));
    expect(result).toMatchObject({ status: "rejected", reason: { name: StoreUnavailableError.name } });
    expect(ms).toBeLessThan(answerMsMax);
    expect(await store.isReady?.()).toBe(false);
    proxy.comeBack();
    expect(await works()).toBeLessThan(recoveryMsMax);
  });

  it("does not wait for ever for another one that holds what it needs, and writes nothing late", async () => {
    await store.commit(userCommit("1", 0));
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('user/1', 0))");
    const { result, ms } = await timed(store.commit(userCommit("1", 1)));
    expect(result).toMatchObject({
      status: "rejected",
      reason: { name: StoreUnavailableError.name, outcome: "nothing" },
    });
    expect(ms).toBeLessThan(answerMsMax);
    await other.end();
    expect(await store.commit(userCommit("1", 1))).toEqual({ kind: "committed" });
    expect(await sequences()).toEqual([1, 2]);
  });

  it("does not write any more what a call asked for whose time is up", async () => {
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('user/1', 0))");
    const held = store.commit(userCommit("1", 0));
    const deadline = new Deadline(50);
    const late = withDeadline(deadline, () => timed(store.commit(userCommit("1", 1))));
    while (!deadline.isOver) await wait(deadline.remainingMs);
    await other.end();
    expect(await held).toEqual({ kind: "committed" });
    const { result } = await late;
    expect(result).toMatchObject({
      status: "rejected",
      reason: { name: StoreUnavailableError.name, outcome: "nothing" },
    });
    expect(await sequences()).toEqual([1]);
  });

  it("closes though what was asked last is not wanted any more", async () => {
    const late = withDeadline(new Deadline(0), () => store.commit(userCommit("1", 0)));
    const closed = store.close();
    await expect(late).rejects.toThrow(StoreUnavailableError);
    await closed;
  });

  const name = { field: "userName", ignoreCase: true, value: "ada" } as const;

  it("commits and reads by key while lists are slow, and leaves none of these behind", async () => {
    const other = await connected();
    await other.query("BEGIN; LOCK TABLE ringback.session_records, ringback.outbox");
    const lists = Array.from({ length: 12 }, async (_, index) =>
      index % 2 === 0 ? store.outbox.list({ limit: 1 }) : store.search("session", everyRecord),
    );
    const ends = Promise.all(lists.map(timed));
    await during(ends, async (number) => {
      const id = `${number}`;
      expect(await store.commit(userCommit(id, 0))).toEqual({ kind: "committed" });
      expect(await store.load({ type: "user", id })).toMatchObject({ sequence: 1 });
      expect(await store.findByText("user", name, 1)).toEqual([]);
      expect(await store.inbox.list({ order: "newest_first", limit: 1 })).toEqual([]);
      expect(await connections()).toBeLessThanOrEqual(connectionsMax);
    });
    for (const { result, ms } of await ends) {
      expect(result).toMatchObject({ status: "rejected", reason: { name: StoreUnavailableError.name } });
      expect(ms).toBeLessThan(answerMsMax);
    }
    expect(await isNothingGoingOn()).toBe(true);
    await other.end();
    expect(await store.search("session", everyRecord)).toEqual({ ids: [], total: 0 });
  });

  it("leaves no statement behind that waits for a table", async () => {
    const other = await connected();
    await other.query("BEGIN; LOCK TABLE ringback.states, ringback.unique_keys, ringback.answers");
    const calls = [
      store.load({ type: "user", id: "1" }),
      store.findByKey({ kind: "user_name", key: "ada" }),
      store.findAnswer("key", 0),
      store.commit(userCommit("1", 0)),
    ];
    for (const { status } of await Promise.allSettled(calls)) expect(status).toBe("rejected");
    expect(await isNothingGoingOn()).toBe(true);
    await other.end();
    expect(await store.commit(userCommit("1", 0))).toEqual({ kind: "committed" });
    expect(await sequences()).toEqual([1]);
  });

  it("does not take a database for gone whose connections are all in use", async () => {
    const standby = await PostgresProxy.start(database.url);
    const lines: string[] = [];
    const log = createLog("info", (line) => lines.push(line));
    const { host } = new URL(proxy.url);
    const url = proxy.url.replace(host, `${host},${new URL(standby.url).host}`);
    const both = await openPostgresStore({ url, log });
    lines.length = 0;
    const other = await connected();
    await other.query("BEGIN; LOCK TABLE ringback.answers");
    const reads = Array.from({ length: connectionsMax + 5 }, () => both.findAnswer("key", 0));
    for (const { status } of await Promise.allSettled(reads)) expect(status).toBe("rejected");
    await other.end();
    expect(await both.findAnswer("key", 0)).toBeUndefined();
    await both.close();
    expect(lines).toEqual([]);
    expect(standby.connectionCount).toBe(0);
    await standby.close();
  });

  it("writes what came just now, though others have waited too long for their turn", async () => {
    const other = await connected();
    // A slow disk, for messages: those to one recipient are written one after the other.
    await other.query(`
      CREATE FUNCTION ringback.slow() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_sleep(0.02); RETURN new; END $$;
      CREATE TRIGGER slow BEFORE INSERT ON ringback.outbox FOR EACH ROW EXECUTE FUNCTION ringback.slow()`);
    await other.end();
    const ends = Promise.all(
      Array.from({ length: 400 }, (_, number) =>
        timed(store.commit(userCommit(`c${number}`, 0, { message: outboxMessage(`m${number}`) }))),
      ),
    );
    let refused = 0;
    const callers = Array.from({ length: 20 }, (_, caller) =>
      during(ends, async (number) => {
        const id = `${caller} ${number}`;
        await store.commit(userCommit(id, 0)).catch(() => (refused += 1));
        await store.load({ type: "user", id });
      }),
    );
    await Promise.all(callers);
    expect(refused).toBe(0);
    const late = (await ends).filter(({ result }) => result.status === "rejected");
    expect(late.length).toBeGreaterThan(0);
    for (const { result } of late) {
      expect(result).toMatchObject({ reason: { name: StoreUnavailableError.name, outcome: "nothing" } });
    }
    expect(Math.max(...(await ends).map(({ ms }) => ms))).toBeLessThan(answerMsMax);
  });
});
