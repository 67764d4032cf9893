import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, it } from "@jest/globals";
import { addHumanUser, lockUser } from "../../src/app/account.ts";
import { CodeVault } from "../../src/app/code-vault.ts";
import type { AppContext } from "../../src/app/context.ts";
import type { SealedCode } from "../../src/app/new-code.ts";
import { addOtpSms } from "../../src/app/otp-sms.ts";
import { addRegistration, verifyRegistration } from "../../src/app/otp-sms-registration.ts";
import { resendPhoneCode, setPhone, verifyPhone } from "../../src/app/phone.ts";
import type { Caller } from "../../src/app/auth-port.ts";
import type { OutboxMessage } from "../../src/app/outbox-port.ts";
import type { CheckCode, CodeCheckResult } from "../../src/app/sms-port.ts";
import { Repository } from "../../src/app/repository.ts";
import { createSession, setSession } from "../../src/app/session.ts";
import { sessionKind } from "../../src/app/session-kind.ts";
import { Settings } from "../../src/app/settings.ts";
import type { Store } from "../../src/app/store-port.ts";
import { userKind } from "../../src/app/user-kind.ts";
import { createCaller } from "../../src/auth/roles.ts";
import { recheck } from "../../src/courier/recheck.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { v2, v2Accounts, v3 } from "../../src/domain/generations.ts";
import { policyOf } from "../../src/domain/policy.ts";
import { noProfile } from "../../src/domain/user-state.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";

/** Codes that a provider makes and checks: what test/wire/twilio-verify.test.ts does not bring about. */

const nowMs = 1_000_000;
const clock = { nowMs: () => nowMs };
const number = "+41791234567";
const userId = "ada";

const admin = createCaller({ userId: "admin", organizationId: "org", roles: ["IAM_OWNER"], createdMs: 0 });
const stranger: Caller = { ...admin, userId: "eve", may: () => false, mayEverywhere: () => false };

let store: Store;
let app: AppContext;
let asked: Parameters<CheckCode>[0][];
let answer: () => CodeCheckResult | undefined | Promise<CodeCheckResult>;
let isProvidersTurn: boolean;

beforeEach(async () => {
  store = openMemoryStore();
  asked = [];
  isProvidersTurn = true;
  const policy = { ...policyOf("safe", undefined), messagePauseMs: 0 };
  app = {
    users: new Repository(userKind, store, clock),
    sessions: new Repository(sessionKind, store, clock),
    settings: new Settings(policy, store, clock),
    vault: new CodeVault([Uint8Array.from(randomBytes(32))], randomBytes),
    clock,
    randomBytes,
    store,
    allowPrivateSms: true,
    knownRoles: [],
    onMessage: () => {},
    codeProviders: {
      sources: () => (to) =>
        isProvidersTurn && to === number ? { kind: "provider", providerId: "verify-1" } : { kind: "us" },
      async check(providerId, request) {
        expect(providerId).toBe("verify-1");
        asked.push(request);
        return answer();
      },
    },
  };
  await addHumanUser(app, admin, {
    userId,
    profile: noProfile,
    email: { address: "ada@example.com", isVerified: false },
    metadata: [],
  });
});

/** Takes the messages that wait, and records them as the courier does once the provider took them. */
async function sendAll(): Promise<readonly OutboxMessage[]> {
  const messages = await store.outbox.claim(nowMs, 1_000, 10);
  for (const [index, message] of messages.entries()) {
    const user = (await app.users.find(message.userId))?.state;
    const session = message.sessionId === undefined ? undefined : await app.sessions.find(message.sessionId);
    const checked = recheck(message, user, session?.state, [], nowMs);
    if (checked.kind === "obsolete") continue;
    expect(checked.generatorId).toBe("verify-1");
    const by = { providerId: "verify-1", providerMessageId: `VE${index}` };
    if (checked.kind === "user")
      await app.users.execute(message.userId, () => ({ events: [checked.sentEvent(by)] }));
    else await app.sessions.execute(checked.sessionId, () => ({ events: [checked.sentEvent(by)] }));
  }
  return messages;
}

const set = (verification: "send_code" | "return_code" = "send_code") =>
  setPhone(app, admin, { userId, number, verification }, v2.set);
const resend = () => resendPhoneCode(app, admin, { userId, verification: "send_code" }, v2.resend);
const verify = (code = "123456", caller = admin) => verifyPhone(app, caller, { userId, code }, v2.verify);
const idOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "accepted",
    (error: unknown) => {
      if (!(error instanceof DomainError)) throw error;
      return `${error.refusal.kind} ${error.refusal.id}`;
    },
  );
const eventTypes = async () => (await store.history(0, 1_000)).map(({ type }) => type);
const user = async () => (await app.users.find(userId))?.state;

describe("a phone code that a provider makes", () => {
  beforeEach(() => {
    answer = () => ({ kind: "right" });
  });

  it("is nowhere here: not in the events, the state or the message", async () => {
    await set();
    const [event] = (await store.history(0, 1_000)).slice(-1);
    expect(event?.data).toEqual({
      challengeId: expect.any(String),
      generatorId: "verify-1",
      expiresMs: null,
      attemptsMax: 5,
      returned: false,
    });
    const [message] = await sendAll();
    if (message === undefined) throw new Error("no message");
    expect(message.expiresMs).toBeNull();
    const content = JSON.parse(app.vault.open(message.id, message.sealed)) as SealedCode; // sealed by us
    expect(content.code).toBe("");
    expect((await user())?.phone?.code).toEqual({
      challengeId: message.id,
      generatorId: "verify-1",
      expiresMs: null,
      attemptsLeft: 5,
      providerMessageId: "VE0",
    });
  });

  it("cannot be returned", async () => {
    expect(await idOf(set("return_code"))).toBe("failed_precondition CODE-n0Rtn");
    expect((await user())?.phone).toBeUndefined();
  });

  it("is not asked of the provider by those who may not verify it, nor for a locked user", async () => {
    await set();
    await sendAll();
    expect(await idOf(verify("1", stranger))).toBe("permission_denied AUTH-AWfge");
    await lockUser(app, admin, { userId }, v2Accounts.lock);
    expect(await idOf(verify())).toBe("failed_precondition COMMAND-S6h4R");
    expect(asked).toEqual([]);
  });

  it("has five wrong tries though they come at once", async () => {
    await set();
    await sendAll();
    let calls = 0;
    // The last answer is a lucky one, and too late.
    answer = () => ({ kind: (calls += 1) === 20 ? "right" : "wrong" });
    const results = await Promise.all(Array.from({ length: 20 }, () => idOf(verify())));
    expect(new Set(results)).toEqual(new Set(["invalid_argument COMMAND-eis9R"]));
    expect((await eventTypes()).filter((type) => type.endsWith("failed"))).toHaveLength(5);
  });

  it("has expired once the provider does not know it any more", async () => {
    await set();
    await sendAll();
    answer = () => ({ kind: "gone" });
    const verifyV3 = verifyPhone(app, admin, { userId, code: "1" }, v3.verify);
    expect(await idOf(verifyV3)).toBe("failed_precondition CODE-QvUQ4P");
  });

  it("keeps its tries while the provider cannot be asked, or is gone", async () => {
    await set();
    await sendAll();
    answer = () => ({ kind: "unavailable", reason: "HTTP 503" });
    expect(await idOf(verify())).toBe("unavailable CODE-u3Nav");
    answer = () => undefined;
    expect(await idOf(verify())).toBe("failed_precondition COMMAND-M0odsf");
    expect((await user())?.phone?.code?.attemptsLeft).toBe(5);
  });

  it("is not right if it was replaced while the provider was asked", async () => {
    await set();
    await sendAll();
    answer = async () => {
      await resend();
      return { kind: "right" };
    };
    expect(await idOf(verify())).toBe("failed_precondition COMMAND-Sgb4h");
    expect((await user())?.phone?.isVerified).toBe(false);
  });

  it("is not asked about for ever if it is replaced each time", async () => {
    await set();
    await sendAll();
    answer = async () => {
      await resend();
      const challengeId = (await user())?.phone?.code?.challengeId ?? "";
      const data = { challengeId, providerId: "verify-1", providerMessageId: "VE" };
      await app.users.execute(userId, () => ({ events: [{ type: "user.human.phone.code.sent", data }] }));
      return { kind: "right" };
    };
    expect(await idOf(verify())).toBe("unavailable CODE-u3Nav");
    expect(asked).toHaveLength(3);
  });

  it("gives way to one of ours, and the other way round", async () => {
    await set();
    await sendAll();
    isProvidersTurn = false;
    const { code = "" } = await resendPhoneCode(
      app,
      admin,
      { userId, verification: "return_code" },
      v2.resend,
    );
    isProvidersTurn = true;
    await resend();
    expect(await idOf(verify(code))).toBe("failed_precondition COMMAND-Sgb4h");
    isProvidersTurn = false;
    const last = await resendPhoneCode(app, admin, { userId, verification: "return_code" }, v2.resend);
    expect(await idOf(verify(last.code))).toBe("accepted");
    expect(asked).toEqual([]);
  });
});

describe("other codes that a provider makes", () => {
  it("are those of registrations", async () => {
    const command = { userId, number, verification: "send_code" } as const;
    const { registrationId } = await addRegistration(app, admin, command);
    await sendAll();
    const check = () => verifyRegistration(app, admin, { userId, registrationId, code: "1" });
    answer = () => ({ kind: "wrong" });
    expect(await idOf(check())).toBe("invalid_argument CODE-woT0xc");
    answer = () => ({ kind: "right" });
    expect(await idOf(check())).toBe("accepted");
    expect(asked).toHaveLength(2);
    expect((await user())?.registrations[registrationId]).toEqual({ number, isVerified: true });
  });

  it("are those of sessions", async () => {
    await setPhone(app, admin, { userId, number, verification: "is_verified" }, v2.set);
    await addOtpSms(app, admin, { userId });
    const nothing = { metadata: {}, origin: "https://login.example.com" };
    const opening = { ...nothing, user: { id: userId }, otpSmsChallenge: { returnCode: false } };
    const { sessionId } = await createSession(app, admin, opening, undefined);
    const check = () => setSession(app, admin, sessionId, "", { ...nothing, otpSmsCode: "1" });
    expect(await idOf(check())).toBe("failed_precondition COMMAND-Sgb4h");
    await sendAll();
    answer = () => ({ kind: "wrong" });
    expect(await idOf(check())).toBe("invalid_argument CODE-woT0xc");
    answer = () => ({ kind: "gone" });
    expect(await idOf(check())).toBe("failed_precondition CODE-QvUQ4P");
    answer = () => ({ kind: "right" });
    expect(await idOf(check())).toBe("accepted");
    expect(asked).toHaveLength(3);
    expect((await app.sessions.find(sessionId))?.state.otpSmsCheckedMs).toBe(nowMs);
  });
});
