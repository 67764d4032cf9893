import type { OutboxMessage } from "../app/ports.ts";
import type { UserEvent, UserState } from "../domain/user.ts";

export interface Sendable {
  readonly kind: "sendable";
  /** What is recorded once it is sent. */
  readonly sentEvent: UserEvent;
}

/**
 * Whether a message is still worth sending: its code must be the one that its user would be asked for.
 */
export function currentPurposeOf(
  message: OutboxMessage,
  user: UserState | undefined,
  nowMs: number,
): Sendable | { readonly kind: "obsolete"; readonly reason: string } {
  if (user === undefined || user.status === "removed")
    return { kind: "obsolete", reason: "the user is gone" };
  if (message.expiresMs !== null && nowMs >= message.expiresMs) {
    return { kind: "obsolete", reason: "the code has expired" };
  }
  const sentEvent = sentEventOf(message, user);
  if (sentEvent === undefined)
    return { kind: "obsolete", reason: "the code was replaced, answered or removed" };
  return { kind: "sendable", sentEvent };
}

function sentEventOf({ id: challengeId, purpose }: OutboxMessage, user: UserState): UserEvent | undefined {
  switch (purpose) {
    case "verify_phone":
      if (user.phone?.code?.challengeId !== challengeId) return undefined;
      return { type: "user.human.phone.code.sent", data: { challengeId } };
    case "verify_otp_sms": {
      const found = Object.entries(user.registrations).find(
        ([, other]) => other.code?.challengeId === challengeId,
      );
      if (found === undefined) return undefined;
      return { type: "user.otp.sms.registration.code.sent", data: { registrationId: found[0], challengeId } };
    }
  }
}
