import type { CountryCode } from "libphonenumber-js/max";
import type { CodeGenerator } from "./codes.ts";
import type { PhoneNumberPolicy } from "./phone-number.ts";

export const profiles = ["safe", "zitadel"] as const;
/** `safe` follows today's security rules; `zitadel` answers exactly as upstream does. */
export type Profile = (typeof profiles)[number];

/** Every number that the rules of phones and codes depend on. */
export interface Policy {
  readonly phoneNumber: PhoneNumberPolicy;
  readonly phoneCode: CodeGenerator;
  readonly otpSmsCode: CodeGenerator;
  /** Wrong tries for one code before it is dead; null if unlimited (OWASP ASVS 5.0 §6.6.3). */
  readonly codeAttemptsMax: number | null;
  /** Consecutive wrong codes before the user is locked; null if never (NIST SP 800-63B §5.2.2). */
  readonly wrongCodesMax: number | null;
  /** Time between two SMS to one number; 0 if none. */
  readonly messagePauseMs: number;
  /** OTP SMS registrations of one user. */
  readonly registrationsMax: number;
}

const minuteMs = 60_000;

const digits = { lowerLetters: false, upperLetters: false, digits: true, symbols: false };
const otpSmsCode: CodeGenerator = { ...digits, length: 8, ttlMs: 5 * minuteMs };

/** @param region overrides the default region of the profile */
export function policyOf(profile: Profile, region: CountryCode | undefined): Policy {
  switch (profile) {
    case "safe":
      return {
        phoneNumber: { defaultRegion: region, possibleOnly: true },
        phoneCode: { ...digits, length: 6, ttlMs: 10 * minuteMs },
        otpSmsCode,
        codeAttemptsMax: 5,
        wrongCodesMax: 100,
        messagePauseMs: 30_000,
        registrationsMax: 10,
      };
    case "zitadel":
      return {
        phoneNumber: { defaultRegion: region ?? "CH", possibleOnly: false },
        phoneCode: { ...digits, upperLetters: true, length: 6, ttlMs: 60 * minuteMs },
        otpSmsCode,
        codeAttemptsMax: null,
        wrongCodesMax: null,
        messagePauseMs: 0,
        registrationsMax: 10,
      };
  }
}
