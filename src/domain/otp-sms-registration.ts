import { checkCode, codeErrors, hasNoTriesLeft } from "./codes.ts";
import type { Decision, Facts } from "./decision.ts";
import { DomainError, refusal } from "./errors.ts";
import { v3 } from "./generations.ts";
import { issueCode } from "./issue-code.ts";
import { lockAfter, userLocked } from "./lock.ts";
import { otpSmsErrors } from "./otp-sms.ts";
import type { SetPhone } from "./phone.ts";
import { normalizePhoneNumber } from "./phone-number.ts";
import type { UserEvent } from "./user-events.ts";
import type { Registration, UserState } from "./user-state.ts";

/**
 * The deciders of OTP SMS registrations: a user may hold several, each with a number, a state and a code
 * of its own. Only a verified one counts as a factor.
 *
 * Upstream describes these calls and never built them, so the rules here are ours; where a rule of the
 * phone or of the enrollment has the same meaning, its id is used.
 */

export const registrationErrors = {
  userMissing: v3.verify.userMissing,
  notExisting: otpSmsErrors.notExisting,
  alreadyReady: otpSmsErrors.alreadyReady,
  tooMany: refusal("failed_precondition", "OTPSMS-m4xRg", "Errors.User.MFA.OTP.TooMany"),
  noCode: refusal("failed_precondition", "COMMAND-05Pe3gq4FQ", "Errors.User.Code.NotFound"),
} as const;

export interface AddRegistration extends SetPhone {
  readonly registrationId: string;
}

/** @throws DomainError for a bad number, one that is a factor already, or one registration too many */
export function decideAddRegistration(user: UserState, command: AddRegistration, facts: Facts): Decision {
  const number = normalizePhoneNumber(command.number, facts.policy.phoneNumber);
  const present = Object.values(user.registrations);
  if (present.some((other) => other.isVerified && other.number === number)) {
    throw new DomainError(registrationErrors.alreadyReady);
  }
  if (present.length >= facts.policy.registrationsMax) {
    throw new DomainError(registrationErrors.tooMany, { max: String(facts.policy.registrationsMax) });
  }
  const { registrationId, code, verification } = command;
  const added: UserEvent = {
    type: "user.otp.sms.registration.added",
    data: { registrationId, phone: number },
  };
  if (verification === "is_verified") {
    return { events: [added, { type: "user.otp.sms.registration.verified", data: { registrationId } }] };
  }
  const binding = registrationBinding(user.id, registrationId, number, code.challengeId);
  const { issued, added: codeAdded } = issueCode(
    binding,
    { code, verification, smsBeforeMs: user.smsSentMs },
    facts.policy.otpSmsCode,
    facts,
  );
  return {
    events: [added, { type: "user.otp.sms.registration.code.added", data: { registrationId, ...codeAdded } }],
    code: issued,
  };
}

/** A wrong try is recorded, and refused; so the decision may hold both. */
export function decideVerifyRegistration(
  user: UserState,
  registrationId: string,
  code: string,
  facts: Facts,
): Decision {
  if (user.status === "locked") throw new DomainError(userLocked);
  const registration = requireRegistration(user, registrationId);
  const { number, code: pending } = registration;
  if (pending === undefined) throw new DomainError(registrationErrors.noCode);
  const bindingOf = (challengeId: string) =>
    registrationBinding(user.id, registrationId, number, challengeId);
  const check = checkCode(pending, bindingOf, code, facts);
  if (typeof check === "object") return { events: [], question: check };
  if (check === "right")
    return { events: [{ type: "user.otp.sms.registration.verified", data: { registrationId } }] };
  const refused = new DomainError(check === "expired" ? codeErrors.expired : codeErrors.wrong);
  if (hasNoTriesLeft(pending)) return { events: [], refusal: refused };
  const failed: UserEvent = {
    type: "user.otp.sms.registration.verification.failed",
    data: { registrationId },
  };
  return { events: [failed, ...lockAfter(user, registration, facts)], refusal: refused };
}

/** @throws DomainError if there is no such registration */
export function decideRemoveRegistration(user: UserState, registrationId: string): Decision {
  requireRegistration(user, registrationId);
  return { events: [{ type: "user.otp.sms.registration.removed", data: { registrationId } }] };
}

function requireRegistration(user: UserState, registrationId: string): Registration {
  // The id comes from the caller: "constructor" must not find Object's own.
  const found = Object.hasOwn(user.registrations, registrationId)
    ? user.registrations[registrationId]
    : undefined;
  if (found === undefined) throw new DomainError(registrationErrors.notExisting);
  return found;
}

function registrationBinding(userId: string, registrationId: string, number: string, challengeId: string) {
  return {
    userId,
    purpose: "verify_otp_sms",
    number,
    challengeId: `${registrationId}/${challengeId}`,
  } as const;
}
