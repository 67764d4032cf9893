import type { MessageRecord, OutboxMessage } from "../app/outbox-port.ts";
import { type CodeSent, generatorIdOf, isCurrent } from "../domain/codes.ts";
import { otpSmsNumber } from "../domain/otp-sms.ts";
import { isLifeOver, isUserOf } from "../domain/session.ts";
import type { SessionEvent, SessionState } from "../domain/session-state.ts";
import type { UserEvent } from "../domain/user-events.ts";
import { exists, type UserState } from "../domain/user-state.ts";

/** Who makes and checks the code, where that is not this server. */
export type CheckedBy = Omit<CodeSent, "challengeId">;

/** Whether a message is worth sending, and what is recorded once it is sent. */
export type Recheck =
  | (Sendable & { readonly kind: "user"; readonly sentEvent: (by: CheckedBy) => UserEvent })
  | (Sendable & {
      readonly kind: "session";
      readonly sessionId: string;
      readonly sentEvent: (by: CheckedBy) => SessionEvent;
    })
  | { readonly kind: "obsolete"; readonly reason: string };

interface Sendable {
  readonly user: UserState;
  /** The provider that makes the code, and so the only one that can send it; undefined for a code of ours. */
  readonly generatorId: string | undefined;
}

/**
 * A message is still worth sending if its code is one that its user would be asked for, and no newer one is on
 * the phone already.
 *
 * @param session of a code that was made for one
 * @param latest messages to the same recipient, the newest first
 */
export function recheck(
  message: OutboxMessage,
  user: UserState | undefined,
  session: SessionState | undefined,
  latest: readonly MessageRecord[],
  nowMs: number,
): Recheck {
  if (!exists(user)) return obsolete("the user is gone");
  if (message.expiresMs !== null && nowMs >= message.expiresMs) return obsolete("the code has expired");
  if (session !== undefined && isLifeOver(session, nowMs)) return obsolete("its session is over");
  if (isSuperseded(message, latest)) return obsolete("a newer code was sent");
  return currentCodeOf(message, user, session) ?? obsolete("the code was replaced, answered or removed");
}

function obsolete(reason: string): Recheck {
  return { kind: "obsolete", reason };
}

function isSuperseded(message: OutboxMessage, latest: readonly MessageRecord[]): boolean {
  const own = latest.findIndex(({ id }) => id === message.id);
  return latest
    .slice(0, own === -1 ? undefined : own)
    .some(
      ({ userId, purpose, sessionId, state }) =>
        userId === message.userId &&
        purpose === message.purpose &&
        sessionId === message.sessionId &&
        (state === "sent" || state === "delivered" || state === "undelivered"),
    );
}

function currentCodeOf(
  { id: challengeId, purpose }: OutboxMessage,
  user: UserState,
  session: SessionState | undefined,
): Recheck | undefined {
  switch (purpose) {
    case "verify_phone": {
      const code = user.phone?.code;
      if (!isCurrent(code, challengeId)) return undefined;
      return {
        kind: "user",
        user,
        generatorId: generatorIdOf(code),
        sentEvent: (by) => ({ type: "user.human.phone.code.sent", data: { challengeId, ...by } }),
      };
    }
    case "verify_otp_sms": {
      const found = Object.entries(user.registrations).find(([, { code }]) => isCurrent(code, challengeId));
      if (found === undefined) return undefined;
      const [registrationId, { code }] = found;
      return {
        kind: "user",
        user,
        generatorId: generatorIdOf(code),
        sentEvent: (by) => ({
          type: "user.otp.sms.registration.code.sent",
          data: { registrationId, challengeId, ...by },
        }),
      };
    }
    case "otp_sms": {
      const code = session?.otpSmsChallenge;
      if (session === undefined || !isCurrent(code, challengeId)) return undefined;
      // The code for a number that the user gave up is no answer any more, nor is that of somebody else's session.
      if (code?.number !== otpSmsNumber(user) || !isUserOf(session, user)) return undefined;
      return {
        kind: "session",
        user,
        sessionId: session.id,
        generatorId: generatorIdOf(code),
        sentEvent: (by) => ({ type: "session.otp.sms.sent", data: { challengeId, ...by } }),
      };
    }
  }
}
