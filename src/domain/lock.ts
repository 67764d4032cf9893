import type { Facts } from "./decision.ts";
import { refusal } from "./errors.ts";
import type { LockoutPolicy } from "./policy.ts";
import type { UserEvent } from "./user-events.ts";
import { type Phone, type UserState, wrongCodesAfter } from "./user-state.ts";

/** The lock that too many wrong codes bring. */

export const userLocked = refusal("failed_precondition", "COMMAND-S6h4R", "Errors.User.Locked");

/** @param failures consecutive ones, this one included */
export function isLockDue({ maxOtpAttempts }: LockoutPolicy, failures: number): boolean {
  return maxOtpAttempts > 0 && failures >= maxOtpAttempts;
}

/** The lock that a failed try of this code brings, if it is one too many. */
export function lockAfter(user: UserState, phone: Phone, facts: Facts): readonly UserEvent[] {
  const { phoneCodesLock, lockout } = facts.policy;
  const isDue = phoneCodesLock && isLockDue(lockout, wrongCodesAfter(user, phone, facts.nowMs));
  return isDue ? [{ type: "user.locked", data: {} }] : [];
}
