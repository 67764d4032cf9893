import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type IntegerMatch, noEndMs, type Search, type UserRecord } from "../../src/app/search.ts";
import type { Store } from "../../src/app/store-port.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { outboxMessage, userCommit } from "../support/store-commits.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { everyRecord, sessionRecord, userRecord } from "./search-records.ts";

describe("a database of version 1", () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  let store: Store;

  beforeEach(async () => {
    folder = await createStoreFolder();
    const file = join(folder.path, "db");
    createVersion1(file);
    store = await openSqliteStore({ file, log: silentLog });
  });
  afterEach(async () => {
    await store.close();
    await folder.remove();
  });

  const find = async (change: Partial<Search<UserRecord>>) =>
    (await store.search("user", { ...everyRecord, ...change })).ids;

  it("has all users that are not removed on its lists", async () => {
    expect(await store.search("user", everyRecord)).toEqual({ ids: ["ada", "bot"], total: 2 });
  });

  it.each<Partial<UserRecord>>([
    { organizationId: "o1" },
    { kind: "human" },
    { status: "locked" },
    { userName: "Ada.Ärger" },
    { givenName: "Ada" },
    { familyName: "Lovelace" },
    { nickName: "Al" },
    { displayName: 'Ada "Countess" 😀' },
    { email: "Ada@Example.com" },
    { phone: "+41790000001" },
  ])("finds a user by %j", async (values) => {
    for (const [field, value] of Object.entries(userRecord(values))) {
      if (!(field in values) || typeof value !== "string") continue;
      const name = textFields.find((each) => each === field) ?? "id";
      const where = { kind: "text", field: name, match: "equals", ignoreCase: false, value } as const;
      expect(await find({ where })).toEqual(["ada"]);
      expect(await find({ where: { ...where, ignoreCase: true, value: value.toUpperCase() } })).toEqual([
        "ada",
      ]);
    }
  });

  it("knows when they were created and last changed", async () => {
    expect(await find({ sortBy: "createdMs" })).toEqual(["ada", "bot"]);
    expect(await find({ sortBy: "changedMs" })).toEqual(["bot", "ada"]);
    const where = { kind: "integer", field: "createdMs", match: "equals", value: 2_000 } as const;
    expect(await find({ where })).toEqual(["ada"]);
  });

  it("goes on with states, events and messages as they were", async () => {
    expect(await store.load({ type: "user", id: "ada" })).toEqual({ sequence: 1, state: states.ada });
    expect(await store.commit(userCommit("ada", 0))).toEqual({ kind: "sequence_taken" });
    const record = userRecord({ phone: "+41790000009" });
    expect(await store.commit(userCommit("ada", 1, { record, atMs: 4_000 }))).toEqual({ kind: "committed" });
    expect(await find({ sortBy: "changedMs" })).toEqual(["ada", "bot"]);
    expect((await store.history(0, 10)).map(({ aggregate, sequence }) => [aggregate.id, sequence])).toEqual([
      ["ada", 1],
      ["bot", 1],
      ["gone", 1],
      ["ada", 2],
    ]);
    const { sessionId: _none, ...message } = outboxMessage("m1");
    expect(await store.outbox.claim(1_000, 1_000, 1)).toEqual([{ ...message, attempt: 1, attempts: [] }]);
  });

  it("frees the messages that were claimed, and keeps the records of those that were settled", async () => {
    expect(await store.outbox.claim(3_000, 1_000, 10)).toMatchObject([
      { id: "m1", attempt: 1 },
      { id: "m2", attempt: 3 },
    ]);
    const { sealed: _erased, ...message } = outboxMessage("m3");
    expect(await store.outbox.list({ state: "dead", limit: 10 })).toEqual([
      {
        ...message,
        number: 3,
        state: "dead",
        reason: "no such number",
        attempts: [],
      },
    ]);
  });
});

it("a database of version 5 learns when its sessions are over", async () => {
  const folder = await createStoreFolder();
  const file = join(folder.path, "db");
  const former = await openSqliteStore({ file, log: silentLog });
  for (const [id, expiresMs] of [
    ["ended", 2_000],
    ["open", undefined],
  ] as const) {
    const aggregate = { type: "session", id } as const;
    const record = sessionRecord({ creatorId: "ada" });
    await former.commit(userCommit(id, 0, { aggregate, state: { id, expiresMs }, record }));
  }
  await former.close();
  {
    using database = new DatabaseSync(file);
    database.exec("ALTER TABLE session_records DROP COLUMN expires_ms; PRAGMA user_version = 5");
  }
  const store = await openSqliteStore({ file, log: silentLog });
  const found = async (match: IntegerMatch, value: number) => {
    const where = { kind: "integer", field: "expiresMs", match, value } as const;
    return (await store.search("session", { ...everyRecord, where })).ids;
  };
  expect([await found("equals", 2_000), await found("equals", noEndMs)]).toEqual([["ended"], ["open"]]);
  await store.close();
  await folder.remove();
});

const textFields = [
  "organizationId",
  "kind",
  "status",
  "userName",
  "givenName",
  "familyName",
  "nickName",
  "displayName",
  "email",
  "phone",
] as const;

/** State rows as they were written before there were records. */
const states = {
  ada: {
    ...stateOf("ada", "human", "locked", 2_000),
    resourceOwner: "o1",
    userName: "Ada.Ärger",
    profile: {
      givenName: "Ada",
      familyName: "Lovelace",
      nickName: "Al",
      displayName: 'Ada "Countess" 😀',
      preferredLanguage: "en",
      gender: 1,
    },
    email: { address: "Ada@Example.com", isVerified: true },
    phone: { number: "+41790000001", isVerified: false },
  },
  bot: stateOf("bot", "machine", "active", 3_000),
  gone: stateOf("gone", "human", "removed", 500),
};

function stateOf(id: string, kind: string, status: string, createdMs: number): object {
  return {
    id,
    kind,
    status,
    resourceOwner: "o2",
    createdMs,
    changedMs: createdMs,
    userName: id,
    profile: {
      givenName: "",
      familyName: "",
      nickName: "",
      displayName: "",
      preferredLanguage: "",
      gender: 0,
    },
    email: { address: "", isVerified: false },
    metadata: [],
    registrations: {},
    wrongCodes: 0,
    accessTokens: {},
    roles: [],
  };
}

function createVersion1(file: string): void {
  using database = new DatabaseSync(file);
  const folder = new URL("../../src/store/sqlite/migrations/", import.meta.url);
  database.exec(readFileSync(new URL("0001-initial.sql", folder), "utf8"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA application_id = 0x52696e67; PRAGMA user_version = 1");
  const insertEvent = database.prepare(
    "INSERT INTO events VALUES (?, 'user', ?, 1, ?, 'user.added', '{}', NULL)",
  );
  const insertState = database.prepare("INSERT INTO states VALUES (?, 'user', ?, 1, ?, ?)");
  for (const [index, [id, state]] of Object.entries(states).entries()) {
    insertEvent.run(index + 1, id, 5_000 - index);
    insertState.run(index + 1, id, index + 1, JSON.stringify(state));
  }
  const insertMessage = database.prepare(
    `INSERT INTO outbox
       (message_id, user_id, purpose, recipient, created_ms, expires_ms, sealed, due_ms, attempt, outcome, reason)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const ends = [
    { dueMs: 1_000, attempt: 0, outcome: null, reason: null },
    { dueMs: 99_000, attempt: 2, outcome: null, reason: "busy" },
    { dueMs: 1_000, attempt: 1, outcome: "dead", reason: "no such number" },
  ];
  for (const [index, { dueMs, attempt, outcome, reason }] of ends.entries()) {
    const message = outboxMessage(`m${index + 1}`);
    const { id, userId, purpose, recipient, createdMs, expiresMs, sealed } = message;
    const whom = [id, userId, purpose, recipient, createdMs, expiresMs] as const;
    insertMessage.run(...whom, outcome === null ? sealed : null, dueMs, attempt, outcome, reason);
  }
}
