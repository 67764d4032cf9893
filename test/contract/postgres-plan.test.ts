import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import pg from "pg";
import { foldRows } from "../../src/app/fold.ts";
import type { Condition, SessionRecord, UserRecord } from "../../src/app/search.ts";
import type { Commit } from "../../src/app/store-port.ts";
import { silentLog } from "../../src/lib/log.ts";
import { storeBounds } from "../../src/store/bounds.ts";
import { binaryArray } from "../../src/store/postgres/binary-array.ts";
import { commitValues, namesOf } from "../../src/store/postgres/commit-values.ts";
import type { Query } from "../../src/store/postgres/database.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { settlementColumns } from "../../src/store/postgres/outbox-columns.ts";
import { recordTables, type RecordTable } from "../../src/store/sql/record-tables.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { searchSql } from "../../src/store/postgres/search-sql.ts";
import { statements } from "../../src/store/postgres/statements.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { settlement, userCommit } from "../support/store-commits.ts";

const users = 20_000;

/** However many records there are, a search for one value looks at those with that value only. */
describe("the index that postgres searches by", () => {
  let client: pg.Client;

  beforeAll(async () => {
    const { url } = await (await startPostgres()).createDatabase();
    await migrate(url);
    client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`
      INSERT INTO ringback.states
      SELECT 'user', n::text, 1, n, '{}', '+4179' || n FROM generate_series(1, ${users}) AS n;
      INSERT INTO ringback.user_records
      SELECT n::text, 'o' || n % 10, 'human', 'active', 'u' || n, 'u' || n, '', '', '', '', n || '@x', n || '@x', '', n
      FROM generate_series(1, ${users}) AS n;
      INSERT INTO ringback.unique_keys SELECT 'user_name', 'u' || n, n::text FROM generate_series(1, ${users}) AS n;
      INSERT INTO ringback.session_records
      SELECT n::text, (n % 1000)::text, (n % 10)::text, '', n, n + 3600000 FROM generate_series(1, ${users}) AS n;
      ANALYZE`);
  });
  afterAll(async () => {
    await client.end();
    await stopPostgres();
  });

  async function planOf({ text, values }: Omit<Query, "name">): Promise<string> {
    const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`, [...values]);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  }

  /** The plan of a page in the usual order. */
  const plan = <R extends { readonly createdMs: number }>(table: RecordTable<R>, where: Condition<R>) =>
    planOf(searchSql(table, { where, sortBy: "createdMs", order: "descending", offset: 0, limit: 100 }));

  const ofOrganization: Condition<UserRecord> = textIs("organizationId", "o1");
  const ofCreator: Condition<SessionRecord> = textIs("creatorId", "1");

  it.each<readonly [string, Condition<UserRecord>]>([
    ["states_phone", textIs("phone", "+41791")],
    ["states_phone", { ...textIs("phone", "+41791"), ignoreCase: true }],
    ["states_phone", { kind: "one_of", field: "phone", values: ["+41791", "+41792"] }],
    ["user_records_email", textIs("email", "1@x")],
    ["user_records_email", { ...textIs("email", "1@x"), ignoreCase: true }],
    ["user_records_user_name", { ...textIs("userName", "u1"), ignoreCase: true }],
    ["user_records_user_name", { ...textIs("userName", "u1234"), match: "starts_with", ignoreCase: true }],
    ["user_records_pkey", textIs("id", "1")],
    ["user_records_pkey", { kind: "one_of", field: "id", values: ["1", "2"] }],
  ])("is %s for a user, in one organization or in all", async (index, where) => {
    for (const condition of [where, { kind: "all", of: [ofOrganization, where] }] as const) {
      const text = await plan(recordTables.user, condition);
      expect(text).toContain(index);
      expect(text).not.toContain("Seq Scan");
    }
  });

  it.each(["starts_with", "contains", "ends_with"] as const)(
    "is that of the user where a list of one asks for numbers, whatever it asks (%s)",
    async (match) => {
      const number = { ...textIs("phone", "+417"), match };
      const own: Condition<UserRecord> = { kind: "one_of", field: "id", values: ["1"] };
      const either: Condition<UserRecord> = { kind: "any", of: [number, { kind: "not", of: number }] };
      for (const where of [number, either]) {
        const text = await plan(recordTables.user, { kind: "all", of: [where, own] });
        expect(text).toContain("states_pkey");
        expect(text).not.toMatch(/Seq Scan|states_phone|hashed/);
      }
    },
  );

  it.each<readonly [string, Condition<SessionRecord>]>([
    ["session_records_user", textIs("userId", "1")],
    ["session_records_pkey", { kind: "one_of", field: "id", values: ["1", "2"] }],
  ])("is %s for a session, of one creator or of all", async (index, where) => {
    for (const condition of [where, { kind: "all", of: [ofCreator, where] }] as const) {
      const text = await plan(recordTables.session, condition);
      expect(text).toContain(index);
      expect(text).not.toContain("Seq Scan");
    }
  });

  it("gives the usual order without sorting all", async () => {
    expect(await plan(recordTables.user, { kind: "all", of: [] })).toMatch(/user_records_created/);
    expect(await plan(recordTables.user, ofOrganization)).toMatch(/user_records_organization/);
    expect(await plan(recordTables.session, ofCreator)).toMatch(/session_records_creator/);
  });

  it("is known to be worth it as soon as rows are put in the place of others", async () => {
    const { url } = await (await startPostgres()).createDatabase();
    await migrate(url);
    const database = new pg.Client({ connectionString: url });
    await database.connect();
    try {
      const store = await openPostgresStore({ url, log: silentLog });
      await store.rebuild(foldRows);
      await store.close();
      const { rows } = await database.query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'ringback'::regnamespace AND relkind = 'r' AND reltuples >= 0",
      );
      expect(rows.map(({ relname }) => relname).toSorted()).toEqual([
        "session_records",
        "states",
        "unique_keys",
        "user_records",
      ]);
    } finally {
      await database.end();
    }
  });

  it("leads an append to what leaves the inbox, however full that is", async () => {
    await client.query(`
      INSERT INTO ringback.inbox_messages (message_id, user_id, purpose, recipient, text, code, created_ms)
      SELECT 'm' || n, '1', 'verify_phone', '+41791', '', '', n FROM generate_series(1, 10000) AS n`);
    const values = ["m10001", "1", "verify_phone", "+41791", "", "", 10_001, null, 10_000];
    const text = await planOf({ text: `ANALYZE ${statements.appendToInbox.text}`, values });
    expect(text).not.toContain("Seq Scan");
    const found = [...text.matchAll(/actual .*rows=(\d+)/g)].map(([, rows]) => Number(rows));
    expect(Math.max(...found)).toBe(1);
  });

  describe("leads to one message", () => {
    const settle = settlement("w10");

    // As after an outage of a provider: when the planner last looked, nothing waited.
    beforeAll(async () => {
      await client.query(`
        INSERT INTO ringback.outbox (message_id, user_id, purpose, recipient, created_ms, due_ms, outcome)
        SELECT 'm' || n, n::text, 'verify_phone', '+4179' || n, n, n, 'sent' FROM generate_series(1, 2000) AS n;
        ANALYZE ringback.outbox;
        INSERT INTO ringback.outbox
          (message_id, user_id, purpose, recipient, created_ms, due_ms, sealed, is_leased, attempt)
        SELECT 'w' || n, n::text, 'verify_phone', '+4178' || n, n, n, 'sealed', TRUE, 1
        FROM generate_series(1, 200) AS n`);
    });

    it.each<readonly [string, () => Promise<Omit<Query, "name">> | Omit<Query, "name">]>([
      ["begins an attempt", () => ({ ...statements.beginAttempt, values: ["w10", 1, "[]"] })],
      ["gives it back", () => ({ ...statements.retry, values: ["w10", 1, "[]", 5_000] })],
      ["settles it", () => ({ ...statements.settle, values: [settlementColumns(settle)] })],
      ["settles it with its events", () => batchOf(userCommit("settles", 0, { settle }))],
    ])("who %s, however many wait", async (_, queryOf) => {
      const query = await queryOf();
      await client.query("BEGIN");
      const before = await messagesRead();
      await client.query(query.text, [...query.values]);
      const read = (await messagesRead()) - before;
      const { rowCount: changed } = await client.query(
        "SELECT FROM ringback.outbox WHERE message_id = 'w10' AND xmin::text = pg_current_xact_id()::text",
      );
      await client.query("ROLLBACK");
      expect({ read, changed }).toEqual({ read: 1, changed: 1 });
    });

    async function messagesRead(): Promise<number> {
      const { rows } = await client.query<{ readonly read: number }>(`
        SELECT (seq_tup_read + idx_tup_fetch)::integer AS read FROM pg_stat_xact_user_tables
        WHERE relid = 'ringback.outbox'::regclass`);
      return rows[0]?.read ?? 0;
    }

    /** What a lane sends. */
    async function batchOf(commit: Commit): Promise<Omit<Query, "name">> {
      await client.query(statements.takeOverWriter.text, ["lane"]);
      const bounds = [storeBounds.outboxPendingMax, storeBounds.keptAnswersMax, 0];
      const names = binaryArray("text", namesOf(commit));
      return { ...statements.commit, values: ["lane", 1, 1, names, ...bounds, ...commitValues([commit])] };
    }
  });

  it("is the key of a state, and of a name", async () => {
    const [types, ids] = [binaryArray("text", ["user"]), binaryArray("text", ["1"])];
    const load = await planOf({ ...statements.load, values: [types, ids, binaryArray("bigint", [0])] });
    expect(load).toContain("states_pkey");
    expect(load).not.toContain("Seq Scan");
    expect(await planOf({ ...statements.findByKey, values: [types, ids] })).not.toContain("Seq Scan");
  });
});

function textIs<F extends string>(field: F, value: string) {
  return { kind: "text", field, match: "equals", ignoreCase: false, value } as const;
}
