import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Condition, SessionRecord, UserRecord } from "../../src/app/search.ts";
import { openForReading, prepareDatabase } from "../../src/store/sqlite/database.ts";
import { recordTables, type RecordTable } from "../../src/store/sql/record-tables.ts";
import { conditionSql, orderSql } from "../../src/store/sqlite/search-sql.ts";
import { createStoreFolder } from "../support/store-folder.ts";

/** However many records there are, a search for one value looks at those with that value only. */
describe("the index that sqlite searches by", () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  let reader: DatabaseSync;

  beforeAll(async () => {
    folder = await createStoreFolder();
    prepareDatabase(join(folder.path, "db"));
    reader = openForReading(join(folder.path, "db"));
  });
  afterAll(async () => {
    reader.close();
    await folder.remove();
  });

  /** The plan of a page in the usual order, in SQLite's words. */
  function plan<R extends { readonly createdMs: number }>(
    table: RecordTable<R>,
    where: Condition<R>,
  ): string {
    const { text, parameters } = conditionSql(table, where);
    const order = orderSql(table, "createdMs", "descending");
    const sql = `EXPLAIN QUERY PLAN SELECT id FROM ${table.name} WHERE ${text} ORDER BY ${order} LIMIT 100`;
    return reader
      .prepare(sql)
      .all(...parameters)
      .map((row) => row["detail"])
      .join("; ");
  }

  const ofOrganization: Condition<UserRecord> = textIs("organizationId", "o1");
  const ofCreator: Condition<SessionRecord> = textIs("creatorId", "1");

  it.each<readonly [string, Condition<UserRecord>]>([
    ["COVERING INDEX states_phone (phone=?", textIs("phone", "+41790000001")],
    ["user_records USING INTEGER PRIMARY KEY (rowid=?)", textIs("phone", "+41790000001")],
    ["COVERING INDEX states_phone (phone=?", { ...textIs("phone", "+41790000001"), ignoreCase: true }],
    ["COVERING INDEX states_phone (phone=?", { kind: "one_of", field: "phone", values: ["+41790000001"] }],
    ["user_records_email (email_folded=?)", textIs("email", "ada@example.com")],
    ["user_records_email (email_folded=?)", { ...textIs("email", "ada@example.com"), ignoreCase: true }],
    ["user_records_user_name (user_name_folded=?)", { ...textIs("userName", "ada"), ignoreCase: true }],
    ["INTEGER PRIMARY KEY (rowid=?)", textIs("id", "1")],
    ["INTEGER PRIMARY KEY (rowid=?)", { kind: "one_of", field: "id", values: ["1", "2"] }],
  ])("is %s for a user, in one organization or in all", (index, where) => {
    expect(plan(recordTables.user, where)).toContain(index);
    expect(plan(recordTables.user, { kind: "all", of: [ofOrganization, where] })).toContain(index);
    expect(
      plan(recordTables.user, { kind: "all", of: [{ kind: "all", of: [where] }, ofOrganization] }),
    ).toContain(index);
  });

  it.each<readonly [string, Condition<SessionRecord>]>([
    ["session_records_user (user_id=?)", textIs("userId", "1")],
    ["INTEGER PRIMARY KEY (rowid=?)", { kind: "one_of", field: "id", values: ["1", "2"] }],
  ])("is %s for a session, of one creator or of all", (index, where) => {
    expect(plan(recordTables.session, where)).toContain(index);
    expect(plan(recordTables.session, { kind: "all", of: [ofCreator, where] })).toContain(index);
  });

  it.each(["starts_with", "contains", "ends_with"] as const)(
    "is that of the user where a list of one asks for numbers, whatever it asks (%s)",
    (match) => {
      const number = { ...textIs("phone", "+417"), match };
      const own: Condition<UserRecord> = { kind: "one_of", field: "id", values: ["1"] };
      const either: Condition<UserRecord> = { kind: "any", of: [number, { kind: "not", of: number }] };
      for (const where of [number, either]) {
        expect(plan(recordTables.user, { kind: "all", of: [where, own] })).not.toContain("SCAN states");
      }
    },
  );

  it("gives the usual order without sorting more than equal ones", () => {
    const noSort = "TEMP B-TREE FOR ORDER BY";
    expect(plan(recordTables.user, { kind: "all", of: [] })).not.toContain(noSort);
    expect(plan(recordTables.user, ofOrganization)).not.toContain(noSort);
    expect(plan(recordTables.session, ofCreator)).not.toContain(noSort);
  });
});

function textIs<F extends string>(field: F, value: string) {
  return { kind: "text", field, match: "equals", ignoreCase: false, value } as const;
}
