import type { OutboxMessage } from "../app/ports.ts";
import { isCurrent } from "../domain/codes.ts";
import type { SessionEvent, SessionState } from "../domain/session-state.ts";
import type { UserState } from "../domain/user.ts";
import type { UserEvent } from "../domain/user-events.ts";

/** Whether a message is worth sending, and what is recorded once it is sent. */
export type Recheck =
  | { readonly kind: "user"; readonly sentEvent: UserEvent }
  | { readonly kind: "session"; readonly sessionId: string; readonly sentEvent: SessionEvent }
  | { readonly kind: "obsolete"; readonly reason: string };

/**
 * A message is still worth sending if its code is the one that its user would be asked for.
 *
 * @param session of a code that was made for one
 */
export function recheck(
  message: OutboxMessage,
  user: UserState | undefined,
  session: SessionState | undefined,
  nowMs: number,
): Recheck {
  if (user === undefined || user.status === "removed") return obsolete("the user is gone");
  if (message.expiresMs !== null && nowMs >= message.expiresMs) return obsolete("the code has expired");
  return currentCodeOf(message, user, session) ?? obsolete("the code was replaced, answered or removed");
}

function obsolete(reason: string): Recheck {
  return { kind: "obsolete", reason };
}

function currentCodeOf(
  { id: challengeId, purpose }: OutboxMessage,
  user: UserState,
  session: SessionState | undefined,
): Recheck | undefined {
  switch (purpose) {
    case "verify_phone":
      if (!isCurrent(user.phone?.code, challengeId)) return undefined;
      return { kind: "user", sentEvent: { type: "user.human.phone.code.sent", data: { challengeId } } };
    case "verify_otp_sms": {
      const found = Object.entries(user.registrations).find(([, { code }]) => isCurrent(code, challengeId));
      if (found === undefined) return undefined;
      const data = { registrationId: found[0], challengeId };
      return { kind: "user", sentEvent: { type: "user.otp.sms.registration.code.sent", data } };
    }
    case "otp_sms":
      if (session === undefined || !isCurrent(session.otpSmsChallenge, challengeId)) return undefined;
      return {
        kind: "session",
        sessionId: session.id,
        sentEvent: { type: "session.otp.sms.sent", data: { challengeId } },
      };
  }
}
