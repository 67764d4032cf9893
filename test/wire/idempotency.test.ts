import { join } from "node:path";
import { type DescMessage, type DescMethodUnary, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { RoleService } from "../../gen/ringback/role/v1/role_service_pb.js";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import { ZITADELUsers } from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { SessionService as SessionBeta } from "../../gen/zitadel/session/v2beta/session_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as UserBeta } from "../../gen/zitadel/user/v2beta/user_service_pb.js";
import { UserService as UserV3 } from "../../gen/zitadel/user/v3alpha/user_service_pb.js";
import { silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { connectProto, type Protocol, protocols } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type UserWithCode, type World } from "../support/wire-world.ts";
import { bySms, enrolled, ofEnrolled, returned } from "./scenarios/session-givens.ts";

/** The header Idempotency-Key: a repeated call gets the first answer, and nothing happens. */

const hourMs = 3_600_000;
const returnCode = { case: "returnCode", value: {} } as const;

let keys = 0;
function newKey(): string {
  keys += 1;
  return `key ${keys}`;
}

/** A call that is ready to be made, as often as one likes. */
interface Call {
  readonly token: string;
  send(protocol: Protocol, headers: Readonly<Record<string, string>>): Promise<Sent>;
}

/** The answer as JSON, or the code and id of the error. */
type Sent = { readonly ok: unknown } | { readonly refused: readonly [code: string, ...ids: string[]] };

function callOf<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
  token = adminToken,
): Call {
  return {
    token,
    async send(protocol, headers) {
      const withToken = { authorization: `Bearer ${token}`, ...headers };
      const { result } = await protocol.call(method, input, withToken);
      if ("message" in result) return { ok: toJson(method.output, result.message) };
      const { code, details } = result.error;
      return { refused: [Code[code] ?? "", ...details.map(({ id }) => id)] };
    },
  };
}

/** The calls that make a code, one of each method and generation. */
const calls: Readonly<Record<string, (world: World) => Promise<Call>>> = {
  "auth.v1 SetMyPhone": async (world) => {
    const { id, number: phone } = await world.user();
    return callOf(AuthService.method.setMyPhone, { phone }, await world.token(id));
  },
  "auth.v1 ResendMyPhoneVerification": async (world) => {
    const { id } = await world.user({ phone: "pending" });
    return callOf(AuthService.method.resendMyPhoneVerification, {}, await world.token(id));
  },
  "management.v1 UpdateHumanPhone": async (world) => {
    const { id: userId, number: phone } = await world.user();
    return callOf(ManagementService.method.updateHumanPhone, { userId, phone });
  },
  "management.v1 ResendHumanPhoneVerification": async (world) => {
    const { id: userId } = await world.user({ phone: "pending" });
    return callOf(ManagementService.method.resendHumanPhoneVerification, { userId });
  },
  "management.v1 AddHumanUser": async (world) => {
    const { id: userName, number: phone } = world.nobody();
    return callOf(ManagementService.method.addHumanUser, {
      userName,
      profile: { firstName: "Ada", lastName: "Lovelace" },
      email: { email: `${userName}@example.com` },
      phone: { phone },
    });
  },
  "user.v2 SetPhone": async (world) => {
    const { id: userId, number: phone } = await world.user();
    return callOf(UserService.method.setPhone, { userId, phone, verification: returnCode });
  },
  "user.v2 SetPhone, by SMS": async (world) => {
    const { id: userId, number: phone } = await world.user();
    return callOf(UserService.method.setPhone, { userId, phone });
  },
  "user.v2 ResendPhoneCode": async (world) => {
    const { id: userId } = await world.user({ phone: "pending" });
    return callOf(UserService.method.resendPhoneCode, { userId, verification: returnCode });
  },
  "user.v2 AddHumanUser": async (world) => {
    const { id: userId, number: phone } = world.nobody();
    return callOf(UserService.method.addHumanUser, {
      profile: { givenName: "Ada", familyName: "Lovelace" },
      email: { email: `${userId}@example.com` },
      phone: { phone, verification: returnCode },
    });
  },
  "user.v2 UpdateHumanUser": async (world) => {
    const { id: userId, number: phone } = await world.user();
    const change = { phone, verification: returnCode };
    return callOf(UserService.method.updateHumanUser, { userId, phone: change });
  },
  "user.v2beta SetPhone": async (world) => {
    const { id: userId, number: phone } = await world.user();
    return callOf(UserBeta.method.setPhone, { userId, phone, verification: returnCode });
  },
  "user.v2beta ResendPhoneCode": async (world) => {
    const { id: userId } = await world.user({ phone: "pending" });
    return callOf(UserBeta.method.resendPhoneCode, { userId, verification: returnCode });
  },
  "user.v3alpha SetContactPhone": async (world) => {
    const { id: userId, number } = await world.user();
    return callOf(UserV3.method.setContactPhone, { userId, phone: { number, verification: returnCode } });
  },
  "user.v3alpha AddOTPSMSAuthenticator": async (world) => {
    const { id: userId, number } = await world.user();
    const phone = { number, verification: returnCode };
    return callOf(UserV3.method.addOTPSMSAuthenticator, { userId, phone });
  },
  "resources.user.v3alpha SetContactPhone": async (world) => {
    const { id, number } = await world.user();
    const phone = { number, verification: returnCode };
    return callOf(ZITADELUsers.method.setContactPhone, { id, phone });
  },
  "resources.user.v3alpha ResendContactPhoneCode": async (world) => {
    const { id } = await world.user({ phone: "pending" });
    return callOf(ZITADELUsers.method.resendContactPhoneCode, { id, verification: returnCode });
  },
  "resources.user.v3alpha AddOTPSMSAuthenticator": async (world) => {
    const { id, number } = await world.user();
    const phone = { number, verification: returnCode };
    return callOf(ZITADELUsers.method.addOTPSMSAuthenticator, { id, phone });
  },
  "session.v2 CreateSession": async (world) => {
    const checks = userCheck(await enrolled(world));
    return callOf(SessionService.method.createSession, { checks, challenges: returned });
  },
  "session.v2 SetSession": async (world) => {
    const { sessionId, sessionToken } = await ofEnrolled(world);
    const change = { sessionId, sessionToken, challenges: returned };
    return callOf(SessionService.method.setSession, change);
  },
  "session.v2beta CreateSession, by SMS": async (world) => {
    const checks = userCheck(await enrolled(world));
    return callOf(SessionBeta.method.createSession, { checks, challenges: bySms });
  },
};

function userCheck({ id }: UserWithCode) {
  return { user: { search: { case: "userId", value: id } } } as const;
}

describe.each(["memory", "sqlite"] as const)("a call with an Idempotency-Key, on %s", (kind) => {
  let world: World;
  let ways: readonly Protocol[];
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  const masterKey = Buffer.alloc(32, 7).toString("base64");
  const env = { RINGBACK_MASTER_KEY: masterKey };

  const openStore = () =>
    kind === "memory"
      ? openMemoryStore()
      : openSqliteStore({ file: join(folder.path, "ringback.db"), log: silentLog });

  async function open(): Promise<void> {
    world = await openWorld("safe", { store: await openStore(), env });
    ways = protocols(world.url);
  }

  async function close(): Promise<void> {
    for (const way of ways) way.close();
    await world.close();
  }

  beforeAll(async () => {
    folder = await createStoreFolder();
    await open();
  });
  afterAll(async () => {
    await close();
    await folder.remove();
  });

  const way = (name: string): Protocol => {
    const found = ways.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no protocol ${name}`);
    return found;
  };
  const eventsSince = async (position: number) =>
    (await world.history.settledSince(position)).map(({ type }) => type);
  const messageCount = async () =>
    (await world.asAdmin(InboxService.method.listMessages, { limit: 1_000 })).messages.length;

  const mayGetCodes = ({ id: userId }: { readonly id: string }) =>
    world.asAdmin(RoleService.method.setRoles, { userId, roles: ["ORG_USER_MANAGER"] });

  it.each(Object.keys(calls))("is answered the same, once and for all: %s", async (name) => {
    for (const protocol of ways) {
      const call = await calls[name]?.(world);
      if (call === undefined) throw new Error(`no call ${name}`);
      const header = { "idempotency-key": newKey() };
      const start = await world.history.position();
      const first = await call.send(protocol, header);
      expect(first).toEqual({ ok: expect.anything() });
      expect(await eventsSince(start)).toContainEqual(expect.stringMatching(/code\.added|challenged/));
      // Everything that is to be sent is sent.
      const [position, messages] = [await world.history.position(), await messageCount()];
      world.clock.ms += 1_000;
      for (const other of ways) expect(await call.send(other, header)).toEqual(first);
      expect(await eventsSince(position)).toEqual([]);
      expect(await messageCount()).toBe(messages);
    }
  });

  it.each(["user.v2 SetPhone", "resources.user.v3alpha SetContactPhone", "session.v2 CreateSession"])(
    "runs once however many come at once, and all get its answer: %s",
    async (name) => {
      const call = await calls[name]?.(world);
      const header = { "idempotency-key": newKey() };
      const position = await world.history.position();
      const sent = await Promise.all(
        Array.from({ length: 30 }, (_, index) => {
          const protocol = ways[index % ways.length];
          return protocol === undefined ? undefined : call?.send(protocol, header);
        }),
      );
      expect(sent[0]).toEqual({ ok: expect.anything() });
      expect(new Set(sent.map((each) => JSON.stringify(each))).size).toBe(1);
      const made = (await eventsSince(position)).filter((type) => /code\.added|challenged/.test(type));
      expect(made).toHaveLength(1);
    },
  );

  it("is refused if it asks for something else, and changes nothing then", async () => {
    const user = await world.user();
    const header = { "idempotency-key": newKey() };
    const set = (phone: string) => callOf(UserService.method.setPhone, { userId: user.id, phone });
    const start = await world.history.position();
    await set(user.number).send(way("gRPC"), header);
    await eventsSince(start);
    const position = await world.history.position();
    for (const protocol of ways) {
      const sent = await set(user.otherNumber).send(protocol, header);
      expect(sent).toEqual({ refused: ["FailedPrecondition", "RINGBACK-i7Oth"] });
    }
    const byVoice = await set(user.number).send(way("gRPC"), { ...header, "ringback-channel": "voice" });
    expect(byVoice).toEqual({ refused: ["FailedPrecondition", "RINGBACK-i7Oth"] });
    expect(await eventsSince(position)).toEqual([]);
  });

  it("is another one if somebody else makes it, or of another method", async () => {
    const user = await world.user();
    await mayGetCodes(user);
    const header = { "idempotency-key": newKey() };
    const input = { userId: user.id, phone: user.number, verification: returnCode };
    const resend = { userId: user.id, verification: returnCode };
    const { setPhone, resendPhoneCode } = UserService.method;
    const token = await world.token(user.id);
    const codes = [
      await callOf(setPhone, input).send(way("gRPC"), header),
      await callOf(resendPhoneCode, resend).send(way("gRPC"), header),
      await callOf(resendPhoneCode, resend, token).send(way("gRPC"), header),
    ];
    expect(new Set(codes.map((sent) => JSON.stringify(sent))).size).toBe(3);
    expect(codes).toEqual([1, 2, 3].map(() => ({ ok: expect.anything() })));
  });

  it("is another one if its caller has a user id that was somebody else's before", async () => {
    const addUser = async (person: { id: string; number: string }) => {
      await world.asAdmin(UserService.method.addHumanUser, {
        userId: person.id,
        profile: { givenName: "Ada", familyName: "Lovelace" },
        email: { email: `${person.id}@example.com` },
      });
      await mayGetCodes(person);
      const input = { userId: person.id, phone: person.number, verification: returnCode };
      return callOf(UserService.method.setPhone, input, await world.token(person.id));
    };
    const person = world.nobody();
    const header = { "idempotency-key": newKey() };
    const first = await (await addUser(person)).send(way("gRPC"), header);
    await world.asAdmin(UserService.method.deleteUser, { userId: person.id });
    world.clock.ms += 1_000;
    const second = await (await addUser(person)).send(way("gRPC"), header);
    expect([first, second]).toEqual([{ ok: expect.anything() }, { ok: expect.anything() }]);
    expect(second).not.toEqual(first);
  });

  it("is refused with a key that has another character than printable ASCII", async () => {
    const { id: userId } = await world.user({ phone: "pending" });
    const resend = callOf(UserService.method.resendPhoneCode, { userId });
    for (const key of ["kéy", "ékey", "keyé"]) {
      expect(await resend.send(way("REST"), { "idempotency-key": key })).toEqual({
        refused: ["InvalidArgument", "RINGBACK-i3Key"],
      });
    }
  });

  it("runs again if it was refused", async () => {
    const user = await world.user();
    const header = { "idempotency-key": newKey() };
    const resend = callOf(UserService.method.resendPhoneCode, { userId: user.id, verification: returnCode });
    expect(await resend.send(way("REST"), header)).toMatchObject({
      refused: ["FailedPrecondition", "PHONE-5xrra88eq8"],
    });
    await world.asAdmin(UserService.method.setPhone, {
      userId: user.id,
      phone: user.number,
      verification: returnCode,
    });
    expect(await resend.send(way("REST"), header)).toEqual({ ok: expect.anything() });
  });

  it("runs again after 24 hours, and not a moment before", async () => {
    const { id: userId } = await world.user({ phone: "pending" });
    const header = { "idempotency-key": newKey() };
    const resend = callOf(UserService.method.resendPhoneCode, { userId, verification: returnCode });
    const first = await resend.send(way("gRPC"), header);
    world.clock.ms += 24 * hourMs - 1;
    expect(await resend.send(way("gRPC"), header)).toEqual(first);
    world.clock.ms += 1;
    const later = await resend.send(way("gRPC"), header);
    expect(later).toEqual({ ok: expect.anything() });
    expect(later).not.toEqual(first);
  });

  if (kind === "sqlite") {
    it("is known after a restart", async () => {
      const call = await calls["session.v2 CreateSession"]?.(world);
      const header = { "idempotency-key": newKey() };
      const first = await call?.send(way("Connect proto"), header);
      const { ms } = world.clock;
      await close();
      await open();
      world.clock.ms = ms;
      const position = await world.history.position();
      expect(await call?.send(way("REST"), header)).toEqual(first);
      expect(await eventsSince(position)).toEqual([]);
    });
  }
});

it("is not repeated when the key that sealed its answer is gone, and says so", async () => {
  const store = openMemoryStore();
  const [former, present] = ["former", "present"].map((text) => Buffer.alloc(32, text).toString("base64"));
  const open = (...masterKeys: readonly unknown[]) =>
    openWorld("safe", { store, keepStoreOpen: true, env: { RINGBACK_MASTER_KEY: masterKeys.join(",") } });
  const send = async ({ url }: World) => {
    const protocol = connectProto(url);
    const input = { userId: "ada", verification: returnCode };
    const sent = await callOf(UserService.method.resendPhoneCode, input).send(protocol, {
      "idempotency-key": "k",
    });
    protocol.close();
    return sent;
  };

  const before = await open(former);
  await before.asAdmin(UserService.method.addHumanUser, {
    userId: "ada",
    profile: { givenName: "Ada", familyName: "Lovelace" },
    email: { email: "ada@example.com" },
    phone: { phone: "+41791234567", verification: returnCode },
  });
  expect(await send(before)).toEqual({ ok: expect.anything() });
  await before.close();
  await (await open(present, former)).close();

  const after = await open(present);
  const position = await after.history.position();
  expect(await send(after)).toEqual({ refused: ["FailedPrecondition", "RINGBACK-i9Lst"] });
  expect(await after.history.position()).toBe(position);
  await after.close();
});
