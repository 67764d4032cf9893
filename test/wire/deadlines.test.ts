import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { afterAll, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { Store } from "../../src/app/ports.ts";
import type { CodeCheckResult, SmsProvider } from "../../src/app/sms-port.ts";
import { Deadline } from "../../src/lib/deadline.ts";
import { createLog, silentLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { connectProto } from "../support/wire-protocols.ts";
import { adminToken, openWorld } from "../support/wire-world.ts";
import { withParts } from "../support/with-parts.ts";

afterAll(stopPostgres);

it("a message is sent and recorded after the deadline of the call that asked for it", async () => {
  const deadlineMs = 1_000;
  const errors: string[] = [];
  let deadline: Deadline | undefined;
  const smsProvider: SmsProvider = {
    name: "slow",
    channel: "sms",
    isIdempotent: true,
    async send() {
      await wait((deadline?.remainingMs ?? 0) + 5);
      return { kind: "sent" };
    },
    async close() {},
  };
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
  const smsProvider: SmsProvider = {
    name: "makes codes",
    channel: "sms",
    isIdempotent: true,
    send: async () => ({ kind: "sent", providerMessageId: "VE1" }),
    checkCode() {
      isAsked = true;
      return answer.promise;
    },
    async close() {},
  };
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
