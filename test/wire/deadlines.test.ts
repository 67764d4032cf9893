import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { CodeCheckResult } from "../../src/app/sms-port.ts";
import type { Store } from "../../src/app/store-port.ts";
import { Deadline } from "../../src/lib/deadline.ts";
import { createLog, silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { fakeSmsProvider } from "../support/fake-sms-provider.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { createStoreFolder, type StoreFolder } from "../support/store-folder.ts";
import { connectProto, type Protocol } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";
import { withParts } from "../support/with-parts.ts";

afterAll(stopPostgres);

it("a message is sent and recorded after the deadline of the call that asked for it", async () => {
  const deadlineMs = 1_000;
  const errors: string[] = [];
  let deadline: Deadline | undefined;
  const smsProvider = fakeSmsProvider({
    async send() {
      await wait((deadline?.remainingMs ?? 0) + 5);
      return { kind: "sent" };
    },
  });
  const database = await (await startPostgres()).createDatabase();
  const store = await openPostgresStore({ url: database.url, log: silentLog });
  const world = await openWorld("safe", {
    store,
    smsProvider,
    log: createLog("error", (line) => errors.push(line)),
  });
  const protocol = connectProto(world.url);
  try {
    const { id: userId, number: phone } = await world.user();
    const position = await world.history.position();
    deadline = new Deadline(deadlineMs);
    const { result } = await protocol.call(
      UserService.method.setPhone,
      { userId, phone, verification: { case: "sendCode", value: {} } },
      { authorization: `Bearer ${adminToken}`, "connect-timeout-ms": String(deadlineMs) },
    );
    expect(result).toHaveProperty("message");
    const events = await world.history.settledSince(position);
    expect(deadline.isOver).toBe(true);
    expect(events.map(({ type }) => type)).toContain("user.human.phone.code.sent");
    expect(errors).toEqual([]);
  } finally {
    protocol.close();
    await world.close();
    await database.remove();
  }
});

it("what still waits for the disk at the deadline of its call is not written, and nothing is sent", async () => {
  const folder = await createStoreFolder();
  const file = join(folder.path, "ringback.db");
  const store = await openSqliteStore({ file, log: silentLog });
  const world = await openWorld("safe", { store });
  const protocol = connectProto(world.url);
  try {
    const { id: userId, number: phone } = await world.user();
    const position = await world.history.position();
    using other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    const onItsWay = store.inbox.clear(undefined);
    const { result } = await protocol.call(
      UserService.method.setPhone,
      { userId, phone, verification: { case: "sendCode", value: {} } },
      { authorization: `Bearer ${adminToken}`, "connect-timeout-ms": "100" },
    );
    expect(result).toMatchObject({ error: { code: Code.DeadlineExceeded } });
    other.exec("COMMIT");
    await onItsWay;
    await store.inbox.clear(undefined);
    expect(await world.history.settledSince(position)).toEqual([]);
    expect(await store.outbox.list({ limit: 1 })).toEqual([]);
  } finally {
    protocol.close();
    await world.close();
    await folder.remove();
  }
});

it("what a provider said of a code is written after the deadline of the call that gave it", async () => {
  const answer = Promise.withResolvers<CodeCheckResult>();
  let isAsked = false;
  const smsProvider = fakeSmsProvider({
    checkCode() {
      isAsked = true;
      return answer.promise;
    },
  });
  const folder = await createStoreFolder();
  const sqlite = await openSqliteStore({ file: join(folder.path, "ringback.db"), log: silentLog });
  const written = Promise.withResolvers<unknown>();
  const store = withParts<Store>(sqlite, {
    commit(commit) {
      const outcome = sqlite.commit(commit);
      if (isAsked) outcome.then(written.resolve, written.resolve);
      return outcome;
    },
  });
  const world = await openWorld("safe", { store, smsProvider });
  const protocol = connectProto(world.url);
  try {
    const { id: userId, number: phone } = await world.user();
    await world.asAdmin(UserService.method.setPhone, {
      userId,
      phone,
      verification: { case: "sendCode", value: {} },
    });
    const { result } = await protocol.call(
      UserService.method.verifyPhone,
      { userId, verificationCode: "123456" },
      { authorization: `Bearer ${adminToken}`, "connect-timeout-ms": "1000" },
    );
    expect(result).toMatchObject({ error: { code: Code.DeadlineExceeded } });
    answer.resolve({ kind: "right" });
    expect(await written.promise).toMatchObject({ kind: "committed" });
    expect(await world.asAdmin(UserService.method.getUserByID, { userId })).toMatchObject({
      user: { type: { value: { phone: { isVerified: true } } } },
    });
  } finally {
    protocol.close();
    await world.close();
    await folder.remove();
  }
});

it("a defect that shows behind the deadline of its call is in the log", async () => {
  const defect = Promise.withResolvers<never>();
  const logged = Promise.withResolvers<string>();
  let isBroken = false;
  const memory = openMemoryStore();
  const store = withParts<Store>(memory, {
    commit: (commit) => (isBroken ? defect.promise : memory.commit(commit)),
  });
  const world = await openWorld("safe", { store, log: createLog("error", logged.resolve) });
  const protocol = connectProto(world.url);
  try {
    const { id: userId, number: phone } = await world.user();
    isBroken = true;
    const { result } = await protocol.call(
      UserService.method.setPhone,
      { userId, phone },
      { authorization: `Bearer ${adminToken}`, "connect-timeout-ms": "100" },
    );
    expect(result).toMatchObject({ error: { code: Code.DeadlineExceeded } });
    defect.reject(new TypeError("a defect"));
    const record = JSON.parse(await logged.promise);
    expect(record).toMatchObject({
      message: "a call failed unexpectedly",
      method: expect.stringContaining("SetPhone"),
    });
  } finally {
    isBroken = false;
    protocol.close();
    await world.close();
  }
});

describe("checks of codes that wait for their provider", () => {
  const callsAtOnce = 16;
  let answers: PromiseWithResolvers<CodeCheckResult>[];
  let allAsked: PromiseWithResolvers<void>;
  let folder: StoreFolder;
  let world: World;
  let protocol: Protocol;

  beforeEach(async () => {
    answers = [];
    allAsked = Promise.withResolvers();
    const smsProvider = fakeSmsProvider({
      checkCode() {
        const answer = Promise.withResolvers<CodeCheckResult>();
        if (answers.push(answer) === callsAtOnce) allAsked.resolve();
        return answer.promise;
      },
    });
    folder = await createStoreFolder();
    const store = await openSqliteStore({ file: join(folder.path, "ringback.db"), log: silentLog });
    world = await openWorld("safe", { store, smsProvider });
    protocol = connectProto(world.url);
  });
  afterEach(async () => {
    protocol.close();
    await world.close();
    await folder.remove();
  });

  const coded = async (): Promise<string> => {
    const { id: userId, number: phone } = await world.user();
    await world.asAdmin(UserService.method.setPhone, { userId, phone });
    return userId;
  };
  const check = (userId: string, deadlineMs: number) =>
    protocol.call(
      UserService.method.verifyPhone,
      { userId, verificationCode: "123456" },
      { authorization: `Bearer ${adminToken}`, "connect-timeout-ms": String(deadlineMs) },
    );
  const timedOut = { result: { error: { code: Code.DeadlineExceeded } } };

  it("end with the deadline of their call: nothing is asked for who is gone", async () => {
    const [first, second] = [await coded(), await coded()];
    const underWay = Array.from({ length: callsAtOnce }, () => check(first, 20_000));
    await allAsked.promise;
    expect(await check(second, 100)).toMatchObject(timedOut);
    for (const { resolve } of answers) resolve({ kind: "wrong" });
    await Promise.all(underWay);
    expect(answers).toHaveLength(callsAtOnce);
  });

  it("do not end a message that waits behind them with theirs", async () => {
    const first = await coded();
    const underWay = Array.from({ length: callsAtOnce }, () => check(first, 1_000));
    await allAsked.promise;
    const position = await world.history.position();
    const { id: userId, number: phone } = await world.user();
    const sending = protocol.call(
      UserService.method.setPhone,
      { userId, phone },
      { authorization: `Bearer ${adminToken}` },
    );
    expect((await sending).result).toHaveProperty("message");
    for (const result of await Promise.all(underWay)) expect(result).toMatchObject(timedOut);
    for (const { resolve } of answers) resolve({ kind: "wrong" });
    const events = await world.history.settledSince(position);
    expect(events.map(({ type }) => type)).toContain("user.human.phone.code.sent");
  });
});
