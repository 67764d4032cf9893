import { describe, expect, it } from "@jest/globals";
import type { MessageRecord, OutboxMessage } from "../../src/app/outbox-port.ts";
import { recheck } from "../../src/courier/recheck.ts";
import { evolveSession, type SessionState } from "../../src/domain/session-state.ts";
import { evolveUser, noProfile, type UserState } from "../../src/domain/user-state.ts";
import { outboxMessage } from "../support/store-commits.ts";

const person = { userName: "ada", email: { address: "", isVerified: false }, metadata: [] };
const code = { keyId: "k", mac: "m", challengeId: "m1", expiresMs: null, attemptsMax: null, returned: false };
const user = [
  {
    type: "user.human.added",
    data: { resourceOwner: "org", ...person, profile: noProfile, phone: "+41790000001" },
  } as const,
  { type: "user.human.phone.code.added", data: code } as const,
].reduce<UserState | undefined>((state, event) => evolveUser(state, event, "u", 0), undefined);
const message = outboxMessage("m1", { userId: "u" });

function record(id: string, change: Partial<MessageRecord> = {}): MessageRecord {
  const { sealed: _erased, ...rest }: OutboxMessage = outboxMessage(id, { userId: "u" });
  return { ...rest, number: Number(id.slice(1)), state: "sent", reason: "", attempts: [], ...change };
}

describe("the code of a session", () => {
  const session = [
    { type: "session.added", data: { creatorId: "c" } } as const,
    { type: "session.user.checked", data: { userId: "u", organizationId: "org" } } as const,
    { type: "session.otp.sms.challenged", data: { ...code, phone: "+41790000001" } } as const,
  ].reduce<SessionState | undefined>((state, event) => evolveSession(state, event, "s", 0), undefined);
  const forSession = outboxMessage("m1", { userId: "u", sessionId: "s", purpose: "otp_sms" });
  const enrolled = (number: string): UserState | undefined =>
    user && { ...user, verifiedNumber: number, otpSms: true };

  it("is worth sending while its number is the one of the user, and not after", () => {
    const look = (number: string) => recheck(forSession, enrolled(number), session, [], 1_000).kind;
    expect([look("+41790000001"), look("+41790000002")]).toEqual(["session", "obsolete"]);
  });

  it("is worth sending until the life of the session is over", () => {
    const ending = session && { ...session, expiresMs: 1_000 };
    const look = (nowMs: number) => recheck(forSession, enrolled("+41790000001"), ending, [], nowMs).kind;
    expect([look(999), look(1_000)]).toEqual(["session", "obsolete"]);
  });

  it("is not for somebody else who has the id of its user since", () => {
    const former = enrolled("+41790000001");
    const other = former && { ...former, createdMs: 1 };
    expect(recheck(forSession, other, session, [], 1_000).kind).toBe("obsolete");
  });
});

describe("a message that was given back", () => {
  const look = (...latest: readonly MessageRecord[]) => recheck(message, user, undefined, latest, 1_000).kind;
  const own = record("m1", { state: "queued" });

  it.each(["sent", "delivered", "undelivered"] as const)("is obsolete once a newer code is %s", (state) => {
    expect(look(record("m2", { state }), own)).toBe("obsolete");
    expect(look(record("m2", { state }))).toBe("obsolete");
  });

  it.each<readonly [string, readonly MessageRecord[]]>([
    ["an older one was sent", [own, record("m0")]],
    ["the newer one is not sent", [record("m2", { state: "queued" }), record("m3", { state: "dead" }), own]],
    ["the newer one is another person's", [record("m2", { userId: "other" }), own]],
    ["the newer one has another purpose", [record("m2", { purpose: "verify_otp_sms" }), own]],
    ["the newer one is for a session", [record("m2", { sessionId: "s" }), own]],
  ])("is worth sending when %s", (_name, latest) => {
    expect(look(...latest)).toBe("user");
  });
});
