import {
  type CodeAdded,
  type CodeSent,
  type PendingCode,
  pendingAfter,
  pendingAfterFailure,
  pendingAfterSent,
} from "./codes.ts";
import { withSms } from "./sms-allowance.ts";

/** Events, state and fold of a session. What was stored once stays readable: shapes here only grow. */

/** What a browser or an app tells of itself. */
export interface UserAgent {
  readonly fingerprintId?: string;
  readonly ip?: string;
  readonly description?: string;
  readonly header: Readonly<Record<string, readonly string[]>>;
}

type Empty = Readonly<Record<string, never>>;

export type SessionEvent =
  | {
      readonly type: "session.added";
      readonly data: { readonly creatorId: string; readonly userAgent?: UserAgent };
    }
  | {
      readonly type: "session.user.checked";
      readonly data: { readonly userId: string; readonly organizationId: string };
    }
  | {
      readonly type: "session.otp.sms.challenged";
      /** `phone` is E.164. */
      readonly data: CodeAdded & { readonly phone: string };
    }
  | { readonly type: "session.otp.sms.sent"; readonly data: CodeSent }
  | { readonly type: "session.otp.sms.checked"; readonly data: Empty }
  | { readonly type: "session.otp.sms.check.failed"; readonly data: Empty }
  | {
      readonly type: "session.metadata.set";
      /** Base64; an empty value removes its key. */
      readonly data: { readonly metadata: Readonly<Record<string, string>> };
    }
  | { readonly type: "session.lifetime.set"; readonly data: { readonly expiresMs: number } }
  | {
      readonly type: "session.token.set";
      /** SHA-256, base64url. */
      readonly data: { readonly tokenId: string; readonly hash: string };
    }
  | { readonly type: "session.terminated"; readonly data: Empty };

/** A one-time code that waits for its answer. */
export type OtpSmsChallenge = PendingCode & {
  /** E.164. */
  readonly number: string;
};

export interface SessionState {
  readonly id: string;
  readonly status: "active" | "terminated";
  readonly creatorId: string;
  readonly createdMs: number;
  readonly changedMs: number;
  readonly userAgent?: UserAgent;
  /** Base64. */
  readonly metadata: Readonly<Record<string, string>>;
  /** SHA-256 of the present token, base64url. */
  readonly tokenHash: string;
  /** The session is over then; it has no end if this is left out. */
  readonly expiresMs?: number;
  readonly user?: { readonly id: string; readonly organizationId: string; readonly checkedMs: number };
  readonly otpSmsCheckedMs?: number;
  readonly otpSmsChallenge?: OtpSmsChallenge;
  /** When its codes were sent lately, the oldest first. */
  readonly smsSentMs?: readonly number[];
}

/** Folds one event into the state of its session. @param state undefined before the first event */
export function evolveSession(
  state: SessionState | undefined,
  event: SessionEvent,
  id: string,
  atMs: number,
): SessionState {
  if (event.type === "session.added") {
    const { creatorId, userAgent } = event.data;
    return {
      id,
      status: "active",
      creatorId,
      createdMs: atMs,
      changedMs: atMs,
      ...(userAgent === undefined ? {} : { userAgent }),
      metadata: {},
      tokenHash: "",
    };
  }
  if (state === undefined) throw new Error(`session ${id}: ${event.type} before the session was added`);
  return { ...change(state, event, atMs), changedMs: atMs };
}

type Change = Exclude<SessionEvent, { type: "session.added" }>;

function change(state: SessionState, event: Change, atMs: number): SessionState {
  switch (event.type) {
    case "session.user.checked": {
      const { userId: id, organizationId } = event.data;
      return { ...state, user: { id, organizationId, checkedMs: atMs } };
    }
    case "session.otp.sms.challenged": {
      const pending = pendingAfter(state.otpSmsChallenge, event.data);
      return {
        ...withSms(state, event.data, atMs),
        otpSmsChallenge: { ...pending, number: event.data.phone },
      };
    }
    case "session.otp.sms.checked": {
      const { otpSmsChallenge: _answered, ...rest } = state;
      return { ...rest, otpSmsCheckedMs: atMs };
    }
    case "session.otp.sms.sent":
      return withChallenge(state, (challenge) => pendingAfterSent(challenge, event.data));
    case "session.otp.sms.check.failed":
      return withChallenge(state, pendingAfterFailure);
    case "session.metadata.set": {
      const entries = Object.entries({ ...state.metadata, ...event.data.metadata });
      return { ...state, metadata: Object.fromEntries(entries.filter(([, value]) => value !== "")) };
    }
    case "session.lifetime.set":
      return { ...state, expiresMs: event.data.expiresMs };
    case "session.token.set":
      return { ...state, tokenHash: event.data.hash };
    case "session.terminated": {
      // Nothing that could be used or tell of a person stays; the row stays, so that the sequence goes on.
      const { id, creatorId, createdMs } = state;
      return { id, status: "terminated", creatorId, createdMs, changedMs: atMs, metadata: {}, tokenHash: "" };
    }
  }
}

function withChallenge(state: SessionState, update: (pending: PendingCode) => PendingCode): SessionState {
  const challenge = state.otpSmsChallenge;
  if (challenge === undefined) return state;
  return { ...state, otpSmsChallenge: { ...update(challenge), number: challenge.number } };
}
