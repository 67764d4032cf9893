import type { Decision } from "./decision.ts";
import { DomainError, refusal } from "./errors.ts";
import type { UserState } from "./user-state.ts";

/** The deciders of the enrollment for one-time codes by SMS: a verified number is all the proof it takes. */

export const otpSmsErrors = {
  userMissing: refusal("not_found", "OTPSMS-u7Nfd", "Errors.User.NotFound"),
  alreadyReady: refusal("already_exists", "COMMAND-Ad3g2", "Errors.User.MFA.OTP.AlreadyReady"),
  notVerified: refusal("failed_precondition", "COMMAND-Q54j2", "Errors.User.MFA.OTP.NotVerified"),
  notExisting: refusal("not_found", "COMMAND-Sr3h3", "Errors.User.MFA.OTP.NotExisting"),
} as const;

/** @throws DomainError if the user is enrolled, or never verified a number */
export function decideAddOtpSms(user: UserState): Decision {
  if (user.otpSms === true) throw new DomainError(otpSmsErrors.alreadyReady);
  // A number that was changed since, and is not verified yet, takes nothing away: the former one counts.
  if (user.verifiedNumber === undefined) throw new DomainError(otpSmsErrors.notVerified);
  return { events: [{ type: "user.human.mfa.otp.sms.added", data: {} }] };
}

/** @throws DomainError if the user is not enrolled */
export function decideRemoveOtpSms(user: UserState): Decision {
  if (user.otpSms !== true) throw new DomainError(otpSmsErrors.notExisting);
  return { events: [{ type: "user.human.mfa.otp.sms.removed", data: {} }] };
}

/** The user put the enrollment off. */
export function decideSkipMfaInit(): Decision {
  return { events: [{ type: "user.human.mfa.init.skipped", data: {} }] };
}

/** The number that one-time codes go to: the verified one, or the first registration that is verified. */
export function otpSmsNumber(user: UserState): string | undefined {
  if (user.otpSms === true && user.verifiedNumber !== undefined) return user.verifiedNumber;
  return Object.values(user.registrations).find((registration) => registration.isVerified)?.number;
}
