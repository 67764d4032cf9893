import { describe, expect, it } from "@jest/globals";
import type { HistoryEvent } from "../../src/app/store-port.ts";
import type { UserEvent } from "../../src/domain/user-events.ts";
import { evolveUser, noProfile, type UserState } from "../../src/domain/user-state.ts";
import { type Evidence, findDefects } from "../support/crash-checker.ts";
import { defects } from "../support/crash-defects.ts";
import { type Answer, type Call, type Done, wrongCodeIds } from "../support/crash-history.ts";

const beginMs = 1_700_000_000_000;
const betweenMs = 100;

const calls: Call[] = [];
const events: HistoryEvent[] = [];
const rows = new Map<string, { readonly sequence: number; readonly state: UserState }>();

/** A user's call, one after the other, with the events that it writes. */
function call(
  asked: Pick<Call, "kind" | "userId" | "phone" | "code" | "idempotencyKey">,
  written: readonly UserEvent[],
  answer: Omit<Done, "kind" | "sequence"> | Exclude<Answer, Done> = {},
): void {
  const startMs = beginMs + calls.length * betweenMs;
  for (const event of written) append(asked.userId, event, startMs + 10);
  const sequence = rows.get(asked.userId)?.sequence ?? 0;
  calls.push({
    ...asked,
    caller: "Ada",
    replica: "a",
    startMs,
    endMs: startMs + 50,
    answer: "kind" in answer ? answer : { ...answer, kind: "done", sequence },
  });
}

function append(id: string, event: UserEvent, atMs: number): void {
  const before = rows.get(id);
  const sequence = (before?.sequence ?? 0) + 1;
  events.push({ ...event, aggregate: { type: "user", id }, sequence, position: events.length + 1, atMs });
  rows.set(id, { sequence, state: evolveUser(before?.state, event, id, atMs) });
}

function userAdded(userId: string, phone: string): UserEvent {
  const email = { address: `${userId}@example.com`, isVerified: false };
  const data = {
    resourceOwner: "default",
    userName: userId,
    profile: noProfile,
    email,
    metadata: [],
    phone,
  };
  return { type: "user.human.added", data };
}

function codeAdded(challengeId: string, returned: boolean): UserEvent {
  const data = { challengeId, keyId: "k1", mac: "mac", expiresMs: null, attemptsMax: 5, returned };
  return { type: "user.human.phone.code.added", data };
}

const changed = (phone: string): UserEvent => ({ type: "user.human.phone.changed", data: { phone } });
const failed: UserEvent = { type: "user.human.phone.verification.failed", data: {} };
const verified: UserEvent = { type: "user.human.phone.verified", data: {} };
const removed: UserEvent = { type: "user.human.phone.removed", data: {} };
const sent = (challengeId: string): UserEvent => ({
  type: "user.human.phone.code.sent",
  data: { challengeId },
});
const wrong: Answer = { kind: "refused", id: wrongCodeIds["verify phone"] ?? "" };
const cut: Answer = { kind: "unknown", reason: "the connection broke" };

// A user whose number ends verified, after a code by SMS, and one that was returned.
call({ kind: "add user", userId: "one", phone: "+41790000001" }, [
  userAdded("one", "+41790000001"),
  codeAdded("c1", false),
]);
append("one", sent("c1"), beginMs + 60);
call({ kind: "read user", userId: "one" }, [], { phone: "+41790000001", isVerified: false });
call(
  { kind: "set phone", userId: "one", phone: "+41790000002", idempotencyKey: "k" },
  [changed("+41790000002"), codeAdded("c2", true)],
  { code: "222222" },
);
call({ kind: "list user", userId: "one" }, [], { phone: "+41790000002", isVerified: false });
call({ kind: "verify phone", userId: "one", code: "wrong" }, [failed], wrong);
call({ kind: "resend code", userId: "one" }, [codeAdded("c3", true)], { code: "333333" });
call({ kind: "verify phone", userId: "one", code: "333333" }, [verified]);
call({ kind: "read user", userId: "one" }, [], { phone: "+41790000002", isVerified: true });
// One whose number was removed, and whose last code nobody was told of.
call({ kind: "add user", userId: "two", phone: "+41790000003" }, [
  userAdded("two", "+41790000003"),
  codeAdded("c4", false),
]);
call({ kind: "remove phone", userId: "two" }, [removed]);
call({ kind: "set phone", userId: "two", phone: "+41790000004" }, [], cut);
call(
  { kind: "set phone", userId: "two", phone: "+41790000005" },
  [changed("+41790000005"), codeAdded("c5", true)],
  cut,
);
call({ kind: "read user", userId: "two" }, [], { phone: "+41790000005", isVerified: false });

const evidence: Evidence = {
  calls,
  events,
  rows,
  names: new Map([
    ["one", "one"],
    ["two", "two"],
  ]),
  messages: new Map([
    ["c1", { state: "sent", reason: "" }],
    ["c4", { state: "skipped", reason: "replaced" }],
  ]),
  taken: new Map([["c1", { key: "c1", recipient: "+41790000001", code: "111111" }]]),
  messagesMayWait: false,
};

describe("the checker of crash tests", () => {
  it("finds nothing in a history without defects", () => expect(findDefects(evidence)).toEqual([]));

  it.each(defects)("finds that $name", ({ inject, complaint }) => {
    const spoiled = inject(evidence);
    if (spoiled === undefined) throw new Error("there is nothing that it could happen to");
    expect(findDefects(spoiled)).toContainEqual(expect.stringMatching(complaint));
  });
});
