import { randomBytes } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { CodeVault } from "../../src/app/code-vault.ts";
import type { NewCode, ResendPolicy } from "../../src/domain/codes.ts";
import type { Facts } from "../../src/domain/decision.ts";
import { v2 } from "../../src/domain/generations.ts";
import { decideResendPhoneCode, decideSetPhone, decideVerifyPhone } from "../../src/domain/phone.ts";
import { policyOf } from "../../src/domain/policy.ts";
import { decideSetSession, type SessionDecision } from "../../src/domain/session.ts";
import { evolveSession, type SessionState } from "../../src/domain/session-state.ts";
import type { UserEvent } from "../../src/domain/user-events.ts";
import { evolveUser, noProfile, type UserState } from "../../src/domain/user-state.ts";

const minuteMs = 60_000;
const attemptsMax = 5;
const vault = new CodeVault([Uint8Array.from(randomBytes(32))], randomBytes);

// ------------------------------------------------------------------------------------------- the model

/** What is accepted, as plainly as it can be said. */
interface Model {
  /** The newest first. */
  readonly codes: readonly { readonly plain: string; readonly untilMs: number }[];
  readonly left: number;
}

function unexpired({ codes }: Model, nowMs: number): Model["codes"] {
  return codes.filter(({ untilMs }) => nowMs < untilMs);
}

function accepts(model: Model | undefined, plain: string, nowMs: number): boolean {
  return (
    model !== undefined && model.left > 0 && unexpired(model, nowMs).some((each) => each.plain === plain)
  );
}

function afterResend(
  model: Model | undefined,
  plain: string,
  resend: ResendPolicy,
  nowMs: number,
  ttlMs: number,
): Model {
  const fresh = { plain, untilMs: nowMs + ttlMs };
  const alive = model !== undefined && model.left > 0 ? unexpired(model, nowMs) : [];
  if (model === undefined || alive.length === 0 || resend.kind === "replace")
    return { codes: [fresh], left: attemptsMax };
  if (resend.kind === "repeat") return model;
  return { codes: [fresh, ...alive].slice(0, resend.count), left: model.left };
}

// ---------------------------------------------------------------------------------------- the subjects

/** Something that codes are made for. It applies what it decides; `accepts` only asks. */
interface Subject {
  readonly ttlMs: number;
  /** @returns what goes out */
  resend(code: NewCode, facts: Facts): string | undefined;
  /** From now on nothing of before is accepted. */
  restart(code: NewCode, facts: Facts): void;
  answer(code: string, facts: Facts): void;
  accepts(code: string, facts: Facts): boolean;
  left(): number | null | undefined;
}

class PhoneSubject implements Subject {
  readonly ttlMs = 10 * minuteMs;
  #numbers = 0;
  #user: UserState = ada([]);

  restart(code: NewCode, facts: Facts): void {
    this.#numbers += 1;
    const number = `+4179${String(this.#numbers).padStart(7, "0")}`;
    const command = { number, verification: "send_code", code } as const;
    this.#apply(decideSetPhone(this.#user, command, v2.set, facts).events, facts);
  }

  resend(code: NewCode, facts: Facts): string | undefined {
    const command = { verification: "send_code", code } as const;
    const decided = decideResendPhoneCode(this.#user, command, v2.resend, facts);
    this.#apply(decided.events, facts);
    return decided.code?.plain;
  }

  answer(code: string, facts: Facts): void {
    this.#apply(decideVerifyPhone(this.#user, code, v2.verify, facts).events, facts);
  }

  accepts(code: string, facts: Facts): boolean {
    return decideVerifyPhone(this.#user, code, v2.verify, facts).refusal === undefined;
  }

  left(): number | null | undefined {
    return this.#user.phone?.code?.attemptsLeft;
  }

  #apply(events: readonly UserEvent[], { nowMs }: Facts): void {
    for (const event of events) this.#user = stored(evolveUser(this.#user, event, "ada", nowMs));
  }
}

class SessionSubject implements Subject {
  readonly ttlMs = 5 * minuteMs;
  #user = ada([...newNumber("+41791234567"), { type: "user.human.mfa.otp.sms.added", data: {} }]);
  #restarts = 0;
  #session: SessionState;

  constructor() {
    const opened = evolveSession(undefined, { type: "session.added", data: { creatorId: "ada" } }, "s", 0);
    const data = { userId: "ada", organizationId: "org" };
    this.#session = evolveSession(opened, { type: "session.user.checked", data }, "s", 0);
  }

  /** In turn by asking for a code to another number, and by answering and asking anew in one request. */
  restart(code: NewCode, facts: Facts): void {
    this.#restarts += 1;
    if (this.#restarts % 2 === 0) {
      for (const event of newNumber(`+4179${String(this.#restarts).padStart(7, "0")}`)) {
        this.#user = stored(evolveUser(this.#user, event, "ada", facts.nowMs));
      }
      this.#challenge(code, facts);
      return;
    }
    const plain = this.#challenge(code, facts).code?.plain;
    if (plain === undefined) throw new Error("no challenge");
    if (!this.accepts(plain, facts)) throw new Error("the code that just went out is not accepted");
    this.#challenge({ ...code, challengeId: `${code.challengeId} again` }, facts, plain);
  }

  resend(code: NewCode, facts: Facts): string | undefined {
    return this.#challenge(code, facts).code?.plain;
  }

  answer(otpSmsCode: string, facts: Facts): void {
    if (this.#session.otpSmsChallenge !== undefined) this.#apply(this.#decide({ otpSmsCode }, facts), facts);
  }

  accepts(otpSmsCode: string, facts: Facts): boolean {
    if (this.#session.otpSmsChallenge === undefined) return false;
    return this.#decide({ otpSmsCode }, facts).refusal === undefined;
  }

  left(): number | null | undefined {
    return this.#session.otpSmsChallenge?.attemptsLeft;
  }

  #challenge(code: NewCode, facts: Facts, otpSmsCode?: string): SessionDecision {
    const challenge = { code, returned: false };
    const decided = this.#decide({ challenge, ...(otpSmsCode === undefined ? {} : { otpSmsCode }) }, facts);
    this.#apply(decided, facts);
    return decided;
  }

  #decide(asked: object, facts: Facts): SessionDecision {
    const newToken = { tokenId: "t", hash: "h" };
    return decideSetSession(
      this.#session,
      this.#user,
      { checkUser: false, metadata: {}, newToken, ...asked },
      facts,
    );
  }

  #apply({ events }: SessionDecision, { nowMs }: Facts): void {
    for (const event of events) this.#session = stored(evolveSession(this.#session, event, "s", nowMs));
  }
}

/** As a store gives it back. */
function stored<T>(state: T): T {
  return JSON.parse(JSON.stringify(state)) as T; // plain JSON
}

function newNumber(phone: string): readonly UserEvent[] {
  return [
    { type: "user.human.phone.changed", data: { phone } },
    { type: "user.human.phone.verified", data: {} },
  ];
}

function ada(events: readonly UserEvent[]): UserState {
  const data = {
    resourceOwner: "org",
    userName: "ada",
    profile: noProfile,
    email: { address: "", isVerified: false },
    metadata: [],
  };
  return events.reduce(
    (state, event) => evolveUser(state, event, "ada", 0),
    evolveUser(undefined, { type: "user.human.added", data }, "ada", 0),
  );
}

// --------------------------------------------------------------------------------------------- the law

const action = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ kind: "resend" } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" } as const) },
  { weight: 3, arbitrary: fc.constant({ kind: "wrong" } as const) },
  // 0 is the newest code that was made, 1 the one before it.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("answer" as const), back: fc.nat(6) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.constantFrom(1, minuteMs, 3 * minuteMs, 5 * minuteMs, 10 * minuteMs),
    }),
  },
);

const resendPolicies: readonly ResendPolicy[] = [
  { kind: "replace" },
  { kind: "repeat" },
  { kind: "last", count: 2 },
  { kind: "last", count: 3 },
  { kind: "last", count: 5 },
];

const subjects = { phone: () => new PhoneSubject(), session: () => new SessionSubject() };

describe.each(["phone", "session"] as const)("the codes of a %s", (name) => {
  it.each(resendPolicies)("are accepted as the policy says: %j", (resend) => {
    // A lock would end the story, and so would the last SMS of an hour.
    const policy = { ...policyOf("safe", undefined, resend), phoneCodesLock: false, smsPerHour: null };
    const lockout = { maxPasswordAttempts: 0, maxOtpAttempts: 0 };
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        const subject = subjects[name]();
        let nowMs = 1_000;
        /** Undefined once the codes are used up. */
        let model: Model | undefined;
        const factsNow = (): Facts => ({ nowMs, policy: { ...policy, lockout }, mac: vault });
        const made: string[] = [];
        const draw = (): NewCode => {
          const plain = `code-${made.length}`;
          const challengeId = `challenge-${made.length}`;
          made.push(plain);
          return { challengeId, plain, sealed: { id: challengeId, text: vault.seal(challengeId, plain) } };
        };
        const restart = (): void => {
          const code = draw();
          subject.restart(code, factsNow());
          model = { codes: [{ plain: code.plain, untilMs: nowMs + subject.ttlMs }], left: attemptsMax };
        };
        const resendNow = (): void => {
          const code = draw();
          model = afterResend(model, code.plain, resend, nowMs, subject.ttlMs);
          expect(subject.resend(code, factsNow())).toBe(model.codes[0]?.plain);
        };
        const answer = (plain: string): void => {
          const isRight = accepts(model, plain, nowMs);
          subject.answer(plain, factsNow());
          model =
            isRight || model === undefined ? undefined : { ...model, left: Math.max(0, model.left - 1) };
        };
        restart();
        for (const each of actions) {
          switch (each.kind) {
            case "resend":
              // A number that is verified has nothing to resend.
              if (model === undefined) restart();
              resendNow();
              break;
            case "restart":
              restart();
              break;
            case "wrong":
              answer("wrong");
              break;
            case "answer":
              answer(made.at(-1 - each.back) ?? "wrong");
              break;
            case "wait":
              nowMs += each.ms;
              break;
          }
          const accepted = made.filter((plain) => subject.accepts(plain, factsNow()));
          expect(accepted).toEqual(made.filter((plain) => accepts(model, plain, nowMs)));
          expect(subject.left()).toBe(model?.left);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a code that is to be repeated", () => {
  const resend: ResendPolicy = { kind: "repeat" };
  const policy = policyOf("safe", undefined, resend);
  const facts: Facts = { nowMs: 0, policy, mac: vault };
  const code: NewCode = {
    challengeId: "c",
    plain: "135790",
    sealed: { id: "c", text: vault.seal("c", "135790") },
  };
  const command = { number: "+41791234567", verification: "send_code", code } as const;
  const set = (): UserState =>
    decideSetPhone(ada([]), command, v2.set, facts).events.reduce(
      (user, event) => evolveUser(user, event, "ada", 0),
      ada([]),
    );

  it("is kept encrypted, only until it is answered", () => {
    const user = set();
    expect(JSON.stringify(user)).not.toContain("135790");
    expect(user.phone?.code).toMatchObject({ sealed: { id: "c" } });
    const { events } = decideVerifyPhone(user, "135790", v2.verify, facts);
    expect(events).toEqual([{ type: "user.human.phone.verified", data: {} }]);
    const after = events.reduce((state, event) => evolveUser(state, event, "ada", 0), user);
    expect(after.phone).toEqual({ number: "+41791234567", isVerified: true });
  });

  it("is replaced where its key is gone", () => {
    const stranger = new CodeVault([Uint8Array.from(randomBytes(32))], randomBytes);
    const next = { challengeId: "d", plain: "246802" };
    const decided = decideResendPhoneCode(set(), { verification: "send_code", code: next }, v2.resend, {
      ...facts,
      mac: stranger,
    });
    expect(decided.code?.plain).toBe("246802");
  });
});
