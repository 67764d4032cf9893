import { type CodeBinding, checkCode, hasNoTriesLeft, type NewCode, type PendingCode } from "./codes.ts";
import type { Decision, Facts, Verification } from "./decision.ts";
import { DomainError, refusal } from "./errors.ts";
import type { PhoneRules } from "./generations.ts";
import { issueCode } from "./issue-code.ts";
import { lockAfter, userLocked } from "./lock.ts";
import { normalizePhoneNumber } from "./phone-number.ts";
import type { UserEvent } from "./user-events.ts";
import type { UserState } from "./user-state.ts";

/** The deciders of a user's phone number: set, resend, verify, remove. */

const codeEmpty = refusal("invalid_argument", "COMMAND-Fia4a", "Errors.User.Code.Empty");

export interface SetPhone {
  /** As the caller wrote it. */
  readonly number: string;
  readonly verification: Verification;
  readonly code: NewCode;
}

/** @throws DomainError for a bad number, or one that is set already, where that is an error */
export function decideSetPhone(
  user: UserState,
  command: SetPhone,
  rules: PhoneRules["set"],
  facts: Facts,
): Decision {
  const number = normalizePhoneNumber(command.number, facts.policy.phoneNumber);
  const isVerified = command.verification === "is_verified";
  if (user.phone?.number !== number) return decideNewNumber(user, number, command, facts);
  if (isVerified && rules.sameNumberCanBeVerified && !user.phone.isVerified) {
    return { events: [{ type: "user.human.phone.verified", data: {} }] };
  }
  if (rules.sameNumber === undefined) return { events: [] };
  throw new DomainError(rules.sameNumber);
}

function decideNewNumber(user: UserState, number: string, command: SetPhone, facts: Facts): Decision {
  const changed: UserEvent = { type: "user.human.phone.changed", data: { phone: number } };
  const { events, ...code } = decideVerification(user, number, command, facts);
  return { events: [changed, ...events], ...code };
}

/** What follows for a number: it is verified, or a code is made. @param command.pending the code before it */
export function decideVerification(
  user: Pick<UserState, "id" | "smsSentMs">,
  number: string,
  command: Pick<SetPhone, "verification" | "code"> & { readonly pending?: PendingCode | undefined },
  facts: Facts,
): Decision {
  const { verification, code, pending } = command;
  if (verification === "is_verified") return { events: [{ type: "user.human.phone.verified", data: {} }] };
  const binding = phoneBinding(user.id, number, code.challengeId);
  const { issued, added } = issueCode(
    binding,
    { code, verification, pending, smsBeforeMs: user.smsSentMs },
    facts.policy.phoneCode,
    facts,
  );
  return { events: [{ type: "user.human.phone.code.added", data: added }], code: issued };
}

export interface ResendPhoneCode {
  readonly verification: Exclude<Verification, "is_verified">;
  readonly code: NewCode;
}

/** @throws DomainError if there is nothing to verify */
export function decideResendPhoneCode(
  user: UserState,
  command: ResendPhoneCode,
  rules: PhoneRules["resend"],
  facts: Facts,
): Decision {
  if (user.phone === undefined) throw new DomainError(rules.noPhone);
  const { number, isVerified, code: pending } = user.phone;
  if (isVerified) throw new DomainError(rules.alreadyVerified);
  return decideVerification(user, number, { ...command, pending }, facts);
}

/** A wrong try is recorded, and refused; so the decision may hold both. */
export function decideVerifyPhone(
  user: UserState,
  code: string,
  rules: PhoneRules["verify"],
  facts: Facts,
): Decision {
  if (code === "") throw new DomainError(codeEmpty);
  if (user.status === "locked") throw new DomainError(userLocked);
  const failed: UserEvent = { type: "user.human.phone.verification.failed", data: {} };
  const pending = user.phone?.code;
  if (user.phone === undefined || pending === undefined) {
    if (rules.noCode === undefined) return { events: [] };
    const refused = new DomainError(rules.noCode);
    return { events: rules.noCodeIsRecorded ? [failed] : [], refusal: refused };
  }
  const { number } = user.phone;
  const check = checkCode(pending, (challengeId) => phoneBinding(user.id, number, challengeId), code, facts);
  if (typeof check === "object") return { events: [], question: check };
  if (check === "right") return { events: [{ type: "user.human.phone.verified", data: {} }] };
  const refused = new DomainError(check === "expired" ? rules.expired : rules.wrong);
  // A dead code cannot be guessed any more: the tries after it are not worth an event each.
  if (hasNoTriesLeft(pending)) return { events: [], refusal: refused };
  return { events: [failed, ...lockAfter(user, user.phone, facts)], refusal: refused };
}

/** @throws DomainError if there is no phone */
export function decideRemovePhone(user: UserState, rules: PhoneRules["remove"]): Decision {
  if (user.phone === undefined) throw new DomainError(rules.noPhone);
  return { events: [{ type: "user.human.phone.removed", data: {} }] };
}

function phoneBinding(userId: string, number: string, challengeId: string): CodeBinding {
  return { userId, purpose: "verify_phone", number, challengeId };
}
