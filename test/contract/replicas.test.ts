import { afterAll, afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import pg from "pg";
import { Inbox } from "../../src/app/inbox.ts";
import type { InboxStore } from "../../src/app/inbox-port.ts";
import { type AggregateKind, Repository } from "../../src/app/repository.ts";
import type { Commit, CommitOutcome, HistoryEvent, Store } from "../../src/app/store-port.ts";
import { DomainError, refusal } from "../../src/domain/errors.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { startPostgres, stopPostgres, type TestPostgres } from "../support/postgres.ts";
import { inboxMessage, outboxMessage, userCommit } from "../support/store-commits.ts";
import { everyRecord, userRecord } from "./search-records.ts";

/** What docs/consistency.md promises of several servers on one database. */

interface Counter {
  readonly count: number;
  readonly changedMs: number;
}
interface Counted {
  readonly type: "counted";
  readonly data: { readonly by: string };
}

const counterKind: AggregateKind<Counter, Counted> = {
  type: "user",
  cachedMax: 10,
  evolve: (state, _event, _id, changedMs) => ({ count: (state?.count ?? 0) + 1, changedMs }),
};
const full = refusal("failed_precondition", "TEST-full1", "Errors.Caller.Busy");

describe("servers on one database", () => {
  let database: Awaited<ReturnType<TestPostgres["createDatabase"]>>;
  let stores: readonly [Store, Store];
  let here: Repository<Counter, Counted>;
  let there: Repository<Counter, Counted>;

  beforeEach(async () => {
    database = await (await startPostgres()).createDatabase();
    const open = () => openPostgresStore({ url: database.url, log: silentLog });
    stores = await Promise.all([open(), open()]);
    const clock = { nowMs: () => 1_000 };
    here = new Repository(counterKind, stores[0], clock);
    there = new Repository(counterKind, stores[1], clock);
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await database.remove();
  });
  afterAll(stopPostgres);

  /** Counts one more, up to a bound; notes each state that it decided on. */
  function count(repository: Repository<Counter, Counted>, max = Infinity, seen: number[] = []) {
    return repository.execute("1", (state) => {
      seen.push(state?.count ?? 0);
      if ((state?.count ?? 0) >= max) throw new DomainError(full);
      return { events: [{ type: "counted", data: { by: "test" } }] };
    });
  }

  async function query(sql: string): Promise<readonly unknown[]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Resolves once so many statements wait for a lock. */
  async function othersWait(others: number): Promise<void> {
    const sql =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while ((await query(sql)).length < others);
  }

  it("migrate it once, however many start together", async () => {
    await query("DROP SCHEMA ringback CASCADE");
    const opened = await Promise.all(
      Array.from({ length: 6 }, () => openPostgresStore({ url: database.url, log: silentLog })),
    );
    await Promise.all(opened.map((store) => store.close()));
    const applied = await query("SELECT number FROM ringback.migrations ORDER BY number");
    expect(applied).toEqual(applied.map((_, index) => ({ number: index + 1 })));
    expect(applied.length).toBeGreaterThan(0);
  });

  it("do not work on one from which a newer release has taken something away", async () => {
    await query("INSERT INTO ringback.migrations (number, name) VALUES (99, '0099-contract-states.sql')");
    const opening = openPostgresStore({ url: database.url, log: silentLog });
    await expect(opening).rejects.toThrow(
      /its version is 99, .* \(it knows versions up to \d+\): use a newer/,
    );
  });

  it("decide again when the state that they remember was changed elsewhere", async () => {
    await count(here);
    await count(there);
    const seen: number[] = [];
    // It remembers 1, and there are 2.
    expect(await count(here, Infinity, seen)).toMatchObject({ sequence: 3, state: { count: 3 } });
    expect(seen).toEqual([1, 2]);
  });

  it("refuse nothing that the state that they remember forbids, and the present one does not", async () => {
    await count(here);
    await stores[1].commit(userCommit("1", 1, { state: { count: 0, changedMs: 1_000 } }));
    expect(await count(here, 1)).toMatchObject({ sequence: 3, state: { count: 1 } });
  });

  it("refuse what the state that they remember allows, and the present one does not", async () => {
    await count(here);
    await count(there);
    await expect(count(here, 2)).rejects.toThrow(DomainError);
    expect((await here.find("1"))?.state.count).toBe(2);
  });

  it("read what was acknowledged anywhere", async () => {
    for (let round = 1; round <= 20; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [here, there] : [there, here];
      await count(writer);
      expect((await reader.find("1"))?.state.count).toBe(round);
    }
  });

  it("ask the database whether a state is the last, and take it from there only if it is not", async () => {
    await count(here);
    const known = await here.find("1");
    expect(await here.find("1")).toBe(known);
    await count(there);
    expect(await here.find("1")).toEqual({ sequence: 2, state: { count: 2, changedMs: 1_000 } });
  });

  it("give an aggregate, a key and a number's pause to one of them, however they meet", async () => {
    const rounds = Array.from({ length: 60 }, (_, round) => round);
    await Promise.all(rounds.map((round) => stores[0].commit(userCommit(`old ${round}`, 0))));
    const outcomes = async (toCommit: (round: number, at: number) => Commit) =>
      Promise.all(
        rounds.map(async (round) => {
          const both = stores.map(async (store, at) => (await store.commit(toCommit(round, at))).kind);
          return (await Promise.all(both)).toSorted();
        }),
      );
    const oneOfTwo = (kind: CommitOutcome["kind"]) => rounds.map(() => ["committed", kind]);
    expect(await outcomes((round) => userCommit(`new ${round}`, 0))).toEqual(oneOfTwo("sequence_taken"));
    expect(await outcomes((round) => userCommit(`old ${round}`, 1))).toEqual(oneOfTwo("sequence_taken"));
    const takers = (round: number, at: number) =>
      userCommit(`key ${round} ${at}`, 0, { takeKeys: [{ kind: "user_name", key: `${round}` }] });
    expect(await outcomes(takers)).toEqual(oneOfTwo("key_taken"));
    const senders = (round: number, at: number) =>
      userCommit(`pause ${round} ${at}`, 0, {
        message: outboxMessage(`${round} ${at}`, { recipient: `to ${round}` }),
        messagePauseMs: 1_000,
      });
    expect(await outcomes(senders)).toEqual(oneOfTwo("paused"));
  });

  it("claim each message once, and no two of one user", async () => {
    for (let number = 0; number < 60; number += 1) {
      const message = outboxMessage(`m${number}`, { userId: `u${number % 20}`, recipient: `to ${number}` });
      await stores[0].commit(userCommit(`c${number}`, 0, { message }));
    }
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, index) => stores[index % 2 === 0 ? 0 : 1].outbox.claim(1_000, 1_000, 9)),
    );
    const users = claims.flat().map(({ userId }) => userId);
    expect(new Set(users).size).toBe(users.length);
    expect(users.length).toBeGreaterThan(0);
  });

  it("show who waits or watches at one of them the messages that another one got", async () => {
    const looked = Promise.withResolvers<void>();
    const observed: InboxStore = {
      ...stores[0].inbox,
      async list(asked) {
        const messages = await stores[0].inbox.list(asked);
        if (asked.recipient === undefined && asked.afterId !== undefined) looked.resolve();
        return messages;
      },
    };
    const inbox = new Inbox(observed, { isInUse: () => true, isShared: true });
    const ended = new AbortController();
    await stores[1].inbox.append(inboxMessage("before"));
    const wanted = inbox.wait("+41790000001", 1, ended.signal);
    const watched: string[] = [];
    const watching = (async () => {
      for await (const { messageId } of inbox.watch(undefined, ended.signal)) {
        if (watched.push(messageId) === 2) return;
      }
    })();
    await looked.promise;
    await stores[1].inbox.append(inboxMessage("other", { recipient: "+41790000002" }));
    await stores[1].inbox.append(inboxMessage("wanted"));
    expect(await wanted).toMatchObject({ messageId: "wanted" });
    await watching;
    expect(watched).toEqual(["other", "wanted"]);
    ended.abort();
  });

  it("clear the inbox while one of them makes room in it", async () => {
    const bounds = { inboxMessagesMax: 9_998 };
    const bounded = await openPostgresStore({ url: database.url, log: silentLog, bounds });
    // The newest come first: who goes through the table meets them in another order than who goes by their ids.
    await query(`
      INSERT INTO ringback.inbox_messages (id, message_id, user_id, purpose, recipient, text, code, created_ms)
      OVERRIDING SYSTEM VALUE SELECT id, id, 'u', 'phone', 'to', '', '', 0 FROM generate_series(10000, 1, -1) AS id;
      SELECT setval(pg_get_serial_sequence('ringback.inbox_messages', 'id'), 10000);
      ANALYZE ringback.inbox_messages`);
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query("BEGIN; SELECT FROM ringback.inbox_messages WHERE id = 2 FOR UPDATE");
    const appended = bounded.inbox.append(inboxMessage("new"));
    await othersWait(1);
    const cleared = stores[1].inbox.clear();
    await othersWait(2);
    await other.query("COMMIT");
    await other.end();
    await Promise.all([appended, cleared]);
    await bounded.close();
    const left = await stores[1].inbox.list({ order: "oldest_first", limit: 10 });
    expect(left.map(({ messageId }) => messageId)).toEqual(["new"]);
  });

  it("wait with what they write while one makes the rows anew", async () => {
    await stores[1].commit(userCommit("1", 0));
    const meanwhile: Promise<CommitOutcome>[] = [];
    const rows = await stores[0].rebuild(async function* (events) {
      for await (const { aggregate, sequence, atMs } of events) {
        meanwhile.push(stores[1].commit(userCommit("1", 1)), stores[1].commit(userCommit("2", 0)));
        await othersWait(1);
        const state = { isNew: true };
        yield { aggregate, sequence, state, changedMs: atMs, keys: [], record: null };
      }
    });
    expect(rows).toBe(1);
    expect(await Promise.all(meanwhile)).toEqual([{ kind: "committed" }, { kind: "committed" }]);
    for (const [id, sequence] of Object.entries({ 1: 2, 2: 1 })) {
      expect(await stores[0].load({ type: "user", id })).toMatchObject({ sequence });
    }
    expect(await stores[0].history(0, 10)).toHaveLength(3);
  });

  it("list while one makes the rows anew, which waits for somebody", async () => {
    await stores[0].commit(userCommit("1", 0, { record: userRecord({ userName: "ada" }) }));
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query("BEGIN; SELECT FROM ringback.states");
    const record = userRecord({ userName: "bob" });
    const rebuilt = stores[0].rebuild(async function* (events) {
      for await (const { aggregate, sequence, atMs } of events) {
        yield { aggregate, sequence, state: {}, changedMs: atMs, keys: [], record };
      }
    });
    await othersWait(1);
    // By what both tables have.
    const listed = stores[1].search("user", { ...everyRecord, sortBy: "changedMs" });
    await othersWait(2);
    const committed = stores[1].commit(userCommit("2", 0, { record: userRecord({ userName: "eve" }) }));
    await othersWait(3);
    await other.query("COMMIT");
    await other.end();
    expect(await rebuilt).toBe(1);
    expect(await listed).toMatchObject({ ids: expect.arrayContaining(["1"]) });
    expect(await committed).toEqual({ kind: "committed" });
  });

  it("commit what has begun before one makes the rows anew", async () => {
    await stores[0].commit(userCommit("1", 0, { record: userRecord({ userName: "ada" }) }));
    const slow = new pg.Client({ connectionString: database.url });
    await slow.connect();
    // What ringback.commit_batch does, by a server that is slow.
    await slow.query(
      "BEGIN; UPDATE ringback.writers SET seen_at = now(); UPDATE ringback.states SET sequence = 1",
    );
    const rebuilt = stores[1].rebuild(async function* () {});
    await othersWait(1);
    await slow.query("UPDATE ringback.user_records SET user_name = 'bob'; COMMIT");
    await slow.end();
    expect(await rebuilt).toBe(0);
  });

  it("tell a reader of the history nothing that an earlier event may still come before", async () => {
    const slow = new pg.Client({ connectionString: database.url });
    await slow.connect();
    // What ringback.commit_batch does, by a server that is slow to commit.
    await slow.query("BEGIN");
    await slow.query("SELECT pg_advisory_xact_lock_shared(1380533319, 1)");
    await slow.query(`
      INSERT INTO ringback.events (position, aggregate_type, aggregate_id, sequence, at_ms, type, data)
      VALUES (nextval('ringback.positions'), 'user', 'slow', 1, 1000, 'user.changed.v1', '{}')`);
    await stores[0].commit(userCommit("fast", 0));
    const reading = Promise.resolve(stores[1].history(0, 10));
    const isWaiting = async () =>
      (await query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).length > 0;
    const read = reading.then((events) => events.map(({ aggregate }) => aggregate.id));
    while (!(await isWaiting())) {
      if ((await Promise.race([read, query("SELECT")]))[0] === "fast") break;
    }
    await slow.query("COMMIT");
    await slow.end();
    expect(await read).toEqual(["slow", "fast"]);
  });

  it("write on though a reader of the history was cut off, whose connection a pooler keeps", async () => {
    const slow = new pg.Client({ connectionString: database.url });
    const cutOff = new pg.Client({ connectionString: database.url });
    await Promise.all([slow.connect(), cutOff.connect()]);
    await slow.query("BEGIN; ALTER SEQUENCE ringback.positions RENAME TO other");
    await cutOff.query("SET statement_timeout = 100");
    await expect(cutOff.query("SELECT ringback.settled_position()")).rejects.toThrow("statement timeout");
    await slow.end();
    expect(await stores[0].commit(userCommit("1", 0))).toEqual({ kind: "committed" });
    await cutOff.end();
  });

  it("tell a reader of the history every event, while they write", async () => {
    let isWriting = true;
    const read: HistoryEvent[] = [];
    const reader = (async () => {
      for (let isLast = false; !isLast;) {
        isLast = !isWriting;
        read.push(...(await stores[0].history(read.at(-1)?.position ?? 0, 50)));
      }
      for (;;) {
        const page = await stores[0].history(read.at(-1)?.position ?? 0, 50);
        if (page.length === 0) return;
        read.push(...page);
      }
    })();
    const writers = Array.from({ length: 16 }, async (_, index) => {
      for (let sequence = 0; sequence < 40; sequence += 1) {
        await stores[index % 2 === 0 ? 0 : 1].commit(userCommit(`w${index}`, sequence));
      }
    });
    await Promise.all(writers);
    isWriting = false;
    await reader;
    expect(read).toHaveLength(16 * 40);
    for (let index = 0; index < 16; index += 1) {
      const own = read.filter(({ aggregate }) => aggregate.id === `w${index}`);
      expect(own.map(({ sequence }) => sequence)).toEqual(own.map((_, at) => at + 1));
    }
  });
});
