import { randomBytes } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { CodeVault } from "../../src/app/code-vault.ts";
import type { Decision, Facts, Verification } from "../../src/domain/decision.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { v2 } from "../../src/domain/generations.ts";
import {
  decideRemovePhone,
  decideResendPhoneCode,
  decideSetPhone,
  decideVerifyPhone,
} from "../../src/domain/phone.ts";
import { policyOf, type Profile } from "../../src/domain/policy.ts";
import { smsPerHourMax } from "../../src/domain/sms-allowance.ts";
import type { UserEvent } from "../../src/domain/user-events.ts";
import { evolveUser, noProfile, type UserState } from "../../src/domain/user-state.ts";

const vault = new CodeVault([Uint8Array.from(randomBytes(32))], randomBytes);
const number = "+41791234567";
const otherNumber = "+4915112345678";

const added: UserEvent = {
  type: "user.human.added",
  data: {
    resourceOwner: "org",
    userName: "ada",
    profile: noProfile,
    email: { address: "", isVerified: false },
    metadata: [],
  },
};

/** Given events, when a command arrives, then events, or a refusal, or both. */
class Story {
  user: UserState = evolveUser(undefined, added, "ada", 0);
  nowMs = 0;
  readonly #policy;
  #challenges = 0;
  /** The codes so far, the newest last. */
  readonly codes: string[] = [];

  constructor(profile: Profile) {
    this.#policy = policyOf(profile, undefined);
  }

  get facts(): Facts {
    return { nowMs: this.nowMs, policy: this.#policy, mac: vault };
  }

  set(input: string, verification: Verification): string {
    const code = this.#draw();
    return this.#when(() =>
      decideSetPhone(this.user, { number: input, verification, code }, v2.set, this.facts),
    );
  }

  resend(): string {
    const code = this.#draw();
    const command = { verification: "return_code", code } as const;
    return this.#when(() => decideResendPhoneCode(this.user, command, v2.resend, this.facts));
  }

  verify(code: string): string {
    return this.#when(() => decideVerifyPhone(this.user, code, v2.verify, this.facts));
  }

  remove(): string {
    return this.#when(() => decideRemovePhone(this.user, v2.remove));
  }

  #draw() {
    this.#challenges += 1;
    return { challengeId: `challenge-${this.#challenges}`, plain: `code-${this.#challenges}` };
  }

  /** E.g. "phone.changed code.added", "verification.failed ! COMMAND-eis9R". */
  #when(decide: () => Decision): string {
    let decision: Decision;
    try {
      decision = decide();
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return `! ${error.refusal.id}`;
    }
    if (decision.code !== undefined) this.codes.push(decision.code.plain);
    for (const event of decision.events) this.user = evolveUser(this.user, event, "ada", this.nowMs);
    const events = decision.events.map(({ type }) => type.replace(/^user\.(human\.)?(phone\.)?/, ""));
    return [...events, ...(decision.refusal === undefined ? [] : ["!", decision.refusal.refusal.id])].join(
      " ",
    );
  }
}

describe("a code", () => {
  it.each(["safe", "zitadel"] as const)("expires at its very moment in profile %s", (profile) => {
    const story = new Story(profile);
    story.set(number, "send_code");
    const expiresMs = story.user.phone?.code?.expiresMs ?? 0;
    story.nowMs = expiresMs;
    expect(story.verify("code-1")).toBe("verification.failed ! COMMAND-eis9R");
    story.nowMs = expiresMs - 1;
    expect(story.verify("code-1")).toBe("verified");
  });

  it("that is right forgives the wrong ones before it", () => {
    const story = new Story("safe");
    story.set(number, "send_code");
    for (let wrong = 1; wrong <= 4; wrong += 1) story.verify("wrong");
    expect(story.user.wrongCodes).toBe(4);
    story.verify("code-1");
    expect(story.user.wrongCodes).toBe(0);
  });
});

describe("laws", () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("set" as const),
      to: fc.constantFrom(number, otherNumber),
      verified: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("resend" as const) }),
    fc.record({ kind: fc.constant("verify" as const), nth: fc.nat(5) }),
    fc.record({ kind: fc.constant("remove" as const) }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 700_000 }) }),
  );

  it("whatever happens, a number is verified by its own newest code in time, or by decree", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("safe" as const, "zitadel" as const),
        fc.array(step, { maxLength: 60 }),
        (profile, steps) => {
          const story = new Story(profile);
          for (const each of steps) {
            const before = story.user;
            switch (each.kind) {
              case "set":
                story.set(each.to, each.verified ? "is_verified" : "send_code");
                break;
              case "resend":
                story.resend();
                break;
              case "verify": {
                const code = story.codes.at(-1 - each.nth) ?? "none";
                const pending = before.phone?.code;
                const inTime = pending?.expiresMs !== null && (pending?.expiresMs ?? 0) > story.nowMs;
                const isNewest = `code-${pending?.challengeId.replace("challenge-", "")}` === code;
                const outcome = story.verify(code);
                const mayPass =
                  inTime && isNewest && pending?.attemptsLeft !== 0 && before.status !== "locked";
                expect(outcome === "verified").toBe(mayPass);
                break;
              }
              case "remove":
                story.remove();
                break;
              case "wait":
                story.nowMs += each.ms;
            }
            const { phone, verifiedNumber } = story.user;
            if (phone?.isVerified === true) {
              expect(phone.code).toBeUndefined();
              expect(verifiedNumber).toBe(phone.number);
            }
            if (phone === undefined) expect(verifiedNumber).toBeUndefined();
          }
        },
      ),
    );
  });
});

describe("SMS to numbers that are not verified", () => {
  const step = fc.record({
    // Full minutes, so that the moment at which an hour is over is often met.
    waitMs: fc.nat(12).map((minutes) => minutes * 60_000),
    verification: fc.constantFrom("send_code" as const, "send_code" as const, "return_code" as const),
  });

  it("are at most ten in any hour, and no fewer", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 80 }), (steps) => {
        const story = new Story("safe");
        const sentMs: number[] = [];
        for (const [index, { waitMs, verification }] of steps.entries()) {
          story.nowMs += waitMs;
          const mayPass =
            verification === "return_code" ||
            sentMs.filter((ms) => ms + 3_600_000 > story.nowMs).length < smsPerHourMax;
          const outcome = story.set(index % 2 === 0 ? number : otherNumber, verification);
          // What was refused did not set the number, so the next step may find its own.
          if (outcome === "! COMMAND-Uch5e") continue;
          expect(outcome).toBe(mayPass ? "changed code.added" : "! PHONE-h4Ur1");
          if (verification === "send_code" && mayPass) sentMs.push(story.nowMs);
        }
      }),
    );
  });
});
