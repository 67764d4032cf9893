import type { CountryCode } from "libphonenumber-js/max";
import { type Autofill, noAutofill } from "./autofill.ts";
import type { CodeGenerator, ResendPolicy } from "./codes.ts";
import type { PhoneNumberPolicy } from "./phone-number.ts";
import { smsPerHourMax } from "./sms-allowance.ts";

export const profiles = ["safe", "zitadel"] as const;
/** `safe` follows today's security rules; `zitadel` answers as ZITADEL does, apart from what docs/architecture.md lists. */
export type Profile = (typeof profiles)[number];

/** What the rules of phones and codes depend on. Settings of the instance may change some. */
export interface Policy {
  readonly phoneNumber: PhoneNumberPolicy;
  readonly phoneCode: CodeGenerator;
  readonly otpSmsCode: CodeGenerator;
  /** Wrong tries for one code before it is dead; null if unlimited (OWASP ASVS 5.0 §6.6.3). */
  readonly codeAttemptsMax: number | null;
  readonly resend: ResendPolicy;
  readonly lockout: LockoutPolicy;
  /** Whether wrong codes for numbers lock, too, by a count of their own (NIST SP 800-63B §5.2.2). */
  readonly phoneCodesLock: boolean;
  /** Time between two SMS to one number; 0 if none. */
  readonly messagePauseMs: number;
  /** Whether a code that no provider would be asked to send is refused; else it ends in the outbox. */
  readonly refusesUnsendable: boolean;
  /** SMS in an hour to the numbers of a user that are to be verified, and of one session; null if unlimited. */
  readonly smsPerHour: number | null;
  /** OTP SMS registrations of one user. */
  readonly registrationsMax: number;
  /** How messages end, so that a phone fills the code in. */
  readonly autofill: Autofill;
}

/** After how many consecutive failed checks a user is locked; 0 if never. */
export interface LockoutPolicy {
  /** Kept for clients that ask; there are no passwords here. */
  readonly maxPasswordAttempts: number;
  readonly maxOtpAttempts: number;
}

const minuteMs = 60_000;

const digits = { lowerLetters: false, upperLetters: false, digits: true, symbols: false };
const otpSmsCode: CodeGenerator = { ...digits, length: 8, ttlMs: 5 * minuteMs };

/** @param region overrides the default region of the profile */
export function policyOf(
  profile: Profile,
  region: CountryCode | undefined,
  resend: ResendPolicy = { kind: "replace" },
  autofill: Autofill = noAutofill,
): Policy {
  switch (profile) {
    case "safe":
      return {
        phoneNumber: { defaultRegion: region, possibleOnly: true },
        phoneCode: { ...digits, length: 6, ttlMs: 10 * minuteMs },
        otpSmsCode,
        codeAttemptsMax: 5,
        resend,
        lockout: { maxPasswordAttempts: 0, maxOtpAttempts: 100 },
        phoneCodesLock: true,
        messagePauseMs: 30_000,
        refusesUnsendable: true,
        smsPerHour: smsPerHourMax,
        registrationsMax: 10,
        autofill,
      };
    case "zitadel":
      return {
        phoneNumber: { defaultRegion: region ?? "CH", possibleOnly: false },
        phoneCode: { ...digits, upperLetters: true, length: 6, ttlMs: 60 * minuteMs },
        otpSmsCode,
        codeAttemptsMax: null,
        resend,
        lockout: { maxPasswordAttempts: 0, maxOtpAttempts: 0 },
        phoneCodesLock: false,
        messagePauseMs: 0,
        refusesUnsendable: false,
        smsPerHour: null,
        registrationsMax: 10,
        autofill,
      };
  }
}
