import { checkCode, codeErrors, hasNoTriesLeft, type NewCode } from "./codes.ts";
import type { Decision, Facts } from "./decision.ts";
import { DomainError, refusal } from "./errors.ts";
import { issueCode } from "./issue-code.ts";
import { isLockDue, userLocked } from "./lock.ts";
import { otpSmsNumber } from "./otp-sms.ts";
import type { SessionEvent, SessionState, UserAgent } from "./session-state.ts";
import { refuseSize, requireMetadataBounded } from "./sizes.ts";
import type { UserEvent } from "./user-events.ts";
import type { UserState } from "./user-state.ts";

/** The deciders of a session: open it, check factors, ask for a challenge, end it. */

export const sessionErrors = {
  notExisting: refusal("not_found", "COMMAND-Flk38", "Errors.Session.NotExisting"),
  terminated: refusal("failed_precondition", "COMMAND-Hewfq", "Errors.Session.Terminated"),
  expired: refusal("failed_precondition", "COMMAND-Hkl3d", "Errors.Session.Expired"),
  tokenInvalid: refusal("permission_denied", "COMMAND-sGr42", "Errors.Session.Token.Invalid"),
  userInactive: refusal("failed_precondition", "SESSION-Gj4ko", "Errors.Session.UserInactive"),
  userChange: refusal("invalid_argument", "SESSION-u5Rch", "Errors.Session.UserChange"),
  challengeWithoutUser: refusal("failed_precondition", "COMMAND-JKL3g", "Errors.User.UserIDMissing"),
  challengeNotReady: refusal("failed_precondition", "COMMAND-BJ2g3", "Errors.User.MFA.OTP.NotReady"),
  checkWithoutUser: refusal("invalid_argument", "COMMAND-S453v", "Errors.User.UserIDMissing"),
  codeEmpty: refusal("invalid_argument", "COMMAND-SJl2g", "Errors.User.Code.Empty"),
  checkNotReady: refusal("failed_precondition", "COMMAND-d2r52", "Errors.User.MFA.OTP.NotReady"),
  noChallenge: refusal("failed_precondition", "COMMAND-S34gh", "Errors.User.Code.NotFound"),
} as const;

const metadataBytesMax = 64 * 1024;
const userAgentHeadersMax = 100;
/** As JSON; no more than the headers of a request may have. */
const userAgentBytesMax = 16 * 1024;

/** What one request wants of a session. */
export interface SessionCommand {
  /** The user of the state that is given, if their identity is to be checked. */
  readonly checkUser: boolean;
  /** The answer to the challenge of an earlier request. */
  readonly otpSmsCode?: string;
  readonly challenge?: { readonly code: NewCode; readonly returned: boolean };
  /** What is set anew; a key with an empty value is removed. Base64. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly lifetimeMs?: number;
  /** Id and SHA-256 of the token that a change gives. */
  readonly newToken: { readonly tokenId: string; readonly hash: string };
}

export interface SessionDecision extends Decision<SessionEvent> {
  /** What happens to the session's user in the same transaction; only where something happens to the session. */
  readonly userEvents: readonly UserEvent[];
}

/** @param user of the session, if it is to have one */
export function decideCreateSession(
  session: { readonly id: string; readonly creatorId: string; readonly userAgent?: UserAgent },
  user: UserState | undefined,
  command: SessionCommand,
  facts: Facts,
): SessionDecision {
  requireBounded(session.userAgent);
  const { id, ...added } = session;
  const opened: SessionEvent = { type: "session.added", data: added };
  // A code is refused outright: there was no challenge yet that it could answer.
  const decided = decideChanges({ id, metadata: {} }, user, command, facts);
  return { ...decided, events: [opened, ...decided.events, tokenSet(command)] };
}

/**
 * No event means that the request asks for nothing.
 *
 * @param user of the session, or the one who is to become it
 */
export function decideSetSession(
  session: SessionState,
  user: UserState | undefined,
  command: SessionCommand,
  facts: Facts,
): SessionDecision {
  const decided = decideChanges(session, user, command, facts);
  if (decided.refusal !== undefined || decided.events.length === 0) return decided;
  return { ...decided, events: [...decided.events, tokenSet(command)] };
}

/** @throws DomainError if the session was ended, or its life is over */
export function requireUsable(session: SessionState, nowMs: number): void {
  if (session.status === "terminated") throw new DomainError(sessionErrors.terminated);
  if (isLifeOver(session, nowMs)) throw new DomainError(sessionErrors.expired);
}

/** Nothing can be done with it any more: a life that is over cannot be made longer. */
export function isLifeOver({ expiresMs }: Pick<SessionState, "expiresMs">, nowMs: number): boolean {
  return expiresMs !== undefined && nowMs >= expiresMs;
}

export function decideTerminateSession(session: SessionState): Decision<SessionEvent> {
  return { events: session.status === "terminated" ? [] : [{ type: "session.terminated", data: {} }] };
}

function tokenSet({ newToken }: SessionCommand): SessionEvent {
  return { type: "session.token.set", data: newToken };
}

function requireBounded(userAgent: UserAgent | undefined): void {
  const headers = Object.keys(userAgent?.header ?? {}).length;
  if (headers > userAgentHeadersMax) refuseSize("user_agent.header", `${userAgentHeadersMax} names`);
  const bytes = userAgent === undefined ? 0 : Buffer.byteLength(JSON.stringify(userAgent));
  if (bytes > userAgentBytesMax) refuseSize("user_agent", `${userAgentBytesMax} bytes`);
}

/** Nothing where all of it is there already, or not there and to be removed: a change voids the session token. */
function decideMetadata(session: Present, { metadata }: SessionCommand): readonly SessionEvent[] {
  const present = new Map(Object.entries(session.metadata));
  const changes = Object.entries(metadata).filter(([key, value]) => value !== (present.get(key) ?? ""));
  if (changes.length === 0) return [];
  const changed = Object.fromEntries(changes);
  // With the names that are removed: they are in the event.
  const entries = Object.entries({ ...session.metadata, ...changed });
  requireMetadataBounded(
    entries.map(([key, value]) => ({ key, value })),
    metadataBytesMax,
  );
  return [{ type: "session.metadata.set", data: { metadata: changed } }];
}

type Present = Pick<SessionState, "id" | "user" | "otpSmsChallenge" | "metadata" | "smsSentMs">;

/** Checks first, then challenges: a check sees only the challenge of an earlier request. */
function decideChanges(
  session: Present,
  found: UserState | undefined,
  command: SessionCommand,
  facts: Facts,
): SessionDecision {
  const others = [...decideMetadata(session, command)];
  if (command.lifetimeMs !== undefined) {
    others.push({ type: "session.lifetime.set", data: { expiresMs: facts.nowMs + command.lifetimeMs } });
  }
  const checkedUser = command.checkUser ? checkUser(session, found) : [];
  const user = command.checkUser || isUserOf(session, found) ? found : undefined;
  const check =
    command.otpSmsCode === undefined ? none : checkOtpSms(session, user, command.otpSmsCode, facts);
  if (check.refusal !== undefined || check.question !== undefined) return check;
  // A code that was right a moment ago is used up: nothing of it goes on.
  const { otpSmsChallenge: _answered, ...rest } = session;
  const present = command.otpSmsCode === undefined ? session : rest;
  const challenge =
    command.challenge === undefined ? none : decideChallenge(present, user, command.challenge, facts);
  return {
    ...challenge,
    events: [...checkedUser, ...check.events, ...challenge.events, ...others],
    userEvents: check.userEvents,
  };
}

const none: SessionDecision = { events: [], userEvents: [] };

function checkUser(session: Present, user: UserState | undefined): readonly SessionEvent[] {
  if (user === undefined || user.status !== "active") throw new DomainError(sessionErrors.userInactive);
  if (session.user !== undefined && !isUserOf(session, user)) {
    throw new DomainError(sessionErrors.userChange);
  }
  const data = { userId: user.id, organizationId: user.resourceOwner };
  return [{ type: "session.user.checked", data }];
}

/** Whether it is this user who was checked, and not somebody else who had the id then. */
export function isUserOf(
  { user: checked }: Pick<SessionState, "user">,
  user: UserState | undefined,
): boolean {
  return checked !== undefined && checked.id === user?.id && checked.checkedMs >= user.createdMs;
}

function checkOtpSms(
  session: Present,
  user: UserState | undefined,
  code: string,
  facts: Facts,
): SessionDecision {
  const { checkWithoutUser, checkNotReady } = sessionErrors;
  if (user === undefined)
    throw new DomainError(session.user === undefined ? checkWithoutUser : checkNotReady);
  if (code === "") throw new DomainError(sessionErrors.codeEmpty);
  const number = otpSmsNumber(user);
  if (number === undefined) throw new DomainError(checkNotReady);
  const challenge = session.otpSmsChallenge;
  if (challenge === undefined) throw new DomainError(sessionErrors.noChallenge);
  requireActive(user);
  const bindingOf = (challengeId: string) => otpSmsBinding(session.id, user.id, number, challengeId);
  // Whoever holds a number that the user gave up must not pass for the user.
  const check = challenge.number === number ? checkCode(challenge, bindingOf, code, facts) : "expired";
  if (typeof check === "object") return { ...none, question: check };
  if (check === "right") {
    return {
      events: [{ type: "session.otp.sms.checked", data: {} }],
      userEvents: [{ type: "user.human.mfa.otp.sms.check.succeeded", data: {} }],
    };
  }
  const refused = new DomainError(check === "expired" ? codeErrors.expired : codeErrors.wrong);
  // A dead code cannot be guessed any more: the tries after it are not worth an event each.
  if (hasNoTriesLeft(challenge)) return { ...none, refusal: refused };
  const failures = (user.otpSmsFailures ?? 0) + 1;
  const failed: UserEvent = { type: "user.human.mfa.otp.sms.check.failed", data: {} };
  const locked: UserEvent = { type: "user.locked", data: {} };
  return {
    events: [{ type: "session.otp.sms.check.failed", data: {} }],
    userEvents: isLockDue(facts.policy.lockout, failures) ? [failed, locked] : [failed],
    refusal: refused,
  };
}

function decideChallenge(
  session: Present,
  user: UserState | undefined,
  { code, returned }: NonNullable<SessionCommand["challenge"]>,
  facts: Facts,
): SessionDecision {
  const { challengeWithoutUser, challengeNotReady } = sessionErrors;
  if (user === undefined) {
    throw new DomainError(session.user === undefined ? challengeWithoutUser : challengeNotReady);
  }
  const number = otpSmsNumber(user);
  if (number === undefined) throw new DomainError(challengeNotReady);
  requireActive(user);
  const binding = otpSmsBinding(session.id, user.id, number, code.challengeId);
  const verification = returned ? "return_code" : "send_code";
  // A code that went to another number is not taken over.
  const pending = session.otpSmsChallenge?.number === number ? session.otpSmsChallenge : undefined;
  const { issued, added } = issueCode(
    binding,
    { code, verification, pending, smsBeforeMs: session.smsSentMs },
    facts.policy.otpSmsCode,
    facts,
  );
  return {
    events: [{ type: "session.otp.sms.challenged", data: { ...added, phone: number } }],
    userEvents: [],
    code: issued,
  };
}

function requireActive(user: UserState): void {
  if (user.status === "locked") throw new DomainError(userLocked);
  if (user.status !== "active") throw new DomainError(sessionErrors.userInactive);
}

function otpSmsBinding(sessionId: string, userId: string, number: string, challengeId: string) {
  return { userId, purpose: "otp_sms", number, challengeId: `${sessionId}/${challengeId}` } as const;
}
