import { DomainError, refusal } from "./errors.ts";

/**
 * How many SMS a user may cause to numbers that nobody has verified. Each costs the operator, and goes to whatever
 * number somebody typed: who is paid for calls to numbers of their own has them sent by the thousand (SMS pumping).
 */

/** At most in an hour, by any policy: as many times are kept. */
export const smsPerHourMax = 10;

const hourMs = 3_600_000;

const tooMany = refusal("resource_exhausted", "PHONE-h4Ur1", "Errors.User.Phone.TooManySms");

/**
 * @param sentMs when the earlier ones were asked for, the oldest first
 * @param perHour null if unlimited
 * @throws DomainError if one more would be too many
 */
export function requireSmsAllowed(sentMs: readonly number[], perHour: number | null, nowMs: number): void {
  if (perHour === null) return;
  const lastThatCounts = sentMs.at(-perHour);
  if (lastThatCounts === undefined || lastThatCounts + hourMs <= nowMs) return;
  const seconds = String(Math.ceil((lastThatCounts + hourMs - nowMs) / 1000));
  throw new DomainError(tooMany, { max: String(perHour), seconds });
}

/** The times after one more. */
export function smsTimesAfter(sentMs: readonly number[] = [], atMs: number): readonly number[] {
  return [...sentMs.filter((ms) => ms + hourMs > atMs), atMs].slice(-smsPerHourMax);
}
