import type { CodeAdded } from "./codes.ts";
import { DomainError, refusal } from "./errors.ts";

/**
 * How many SMS a user may cause to numbers that are to be verified, and a session for its one-time codes. Each costs the
 * operator, and goes to whatever number somebody typed: who is paid for messages to numbers of their own has them sent
 * by the thousand (SMS pumping).
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

/** The state of who caused one more, if that is an SMS. */
export function withSms<S extends { readonly smsSentMs?: readonly number[] }>(
  state: S,
  { returned }: Pick<CodeAdded, "returned">,
  atMs: number,
): S {
  if (returned) return state;
  const { smsSentMs = [] } = state;
  const recent = smsSentMs.filter((ms) => ms + hourMs > atMs);
  return { ...state, smsSentMs: [...recent, atMs].slice(-smsPerHourMax) };
}
