import { accountErrors, requireUser } from "../domain/account.ts";
import {
  decideCreateSession,
  decideSetSession,
  decideTerminateSession,
  isUserOf,
  type SessionCommand,
  type SessionDecision,
  requireUsable,
  sessionErrors,
} from "../domain/session.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import type { ProviderCheck } from "../domain/codes.ts";
import type { SessionState, UserAgent } from "../domain/session-state.ts";
import { exists, type UserState } from "../domain/user-state.ts";
import type { Facts } from "../domain/decision.ts";
import { newDecimalId, newUuid } from "../lib/id.ts";
import type { MaybePromise } from "../lib/maybe-promise.ts";
import { hashToken, isTokenOf, newToken } from "../lib/opaque-token.ts";
import { type CodeCall, type CodeRequest, runCodeCall } from "./code-call.ts";
import { type AppContext, factsOf } from "./context.ts";
import type { Details } from "./details.ts";
import { announce, messageOf, newCode, returnedCode } from "./new-code.ts";
import { type Page, readAll } from "./page.ts";
import { requireEverywhere } from "./permissions.ts";
import type { Caller, Permission } from "./auth-port.ts";
import { withProviderCheck } from "./provider-check.ts";
import { commitTogether, retryTaken, taken, timeAfter } from "./repository.ts";
import type { Condition, Search, SessionRecord } from "./search.ts";
import type { LoadedSession } from "./session-kind.ts";
import { instanceId } from "./settings.ts";
import { userNameKey } from "./user-kind.ts";

/** The use cases of sessions: open, check, challenge, look, end. */

/** What one request asks of a session. */
export interface SessionRequest extends CodeRequest {
  /** Whose identity is checked. */
  readonly user?: { readonly id: string } | { readonly loginName: string };
  readonly otpSmsCode?: string;
  readonly otpSmsChallenge?: { readonly returnCode: boolean };
  /** Base64; an empty value removes its key. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly lifetimeMs?: number;
  /** Where it is asked, e.g. "https://login.example.com". */
  readonly origin: string;
}

export interface SessionReply {
  readonly sessionId: string;
  readonly details: Details;
  /** The session token from now on. */
  readonly token: string;
  /** Where the caller asked for it. */
  readonly otpSmsCode?: string | undefined;
}

/**
 * @throws DomainError if the caller may not open sessions, the user is not there, or a check or a challenge is refused
 */
export function createSession(
  app: AppContext,
  caller: Caller,
  request: SessionRequest,
  userAgent: UserAgent | undefined,
): Promise<SessionReply> {
  const asked = { ...askedIn(request), userAgent };
  return runCodeCall<SessionReply>(app, caller, request, asked, async (call) => {
    requireEverywhere(caller, "session.write");
    const userId = await namedUserId(app, caller, request.user);
    const id = newDecimalId(app.clock.nowMs(), app.randomBytes);
    const { command, token } = await prepare(app, request);
    const opened = { id, creatorId: caller.userId, ...(userAgent === undefined ? {} : { userAgent }) };
    return changeSession(
      app,
      { sessionId: id, userIdOf: () => userId, origin: request.origin },
      call,
      (session, user, facts) => {
        if (session !== undefined) throw new Error(`there is a session ${id} already`);
        return decideCreateSession(opened, user, command, facts);
      },
      (done) => replyOf(done, token),
    );
  });
}

/**
 * @param sessionToken the present one, or empty for a caller who may write sessions. It is enough for everything but a
 * code that is returned.
 * @throws DomainError if the session is over or not there, the caller may not change it, the user is not there, or a
 * check or a challenge is refused
 */
export function setSession(
  app: AppContext,
  caller: Caller,
  sessionId: string,
  sessionToken: string,
  request: SessionRequest,
): Promise<SessionReply> {
  const asked = { ...askedIn(request), sessionId, sessionToken };
  return runCodeCall<SessionReply>(app, caller, request, asked, async (call) => {
    const { command, token } = await prepare(app, request);
    return changeSession(
      app,
      {
        sessionId,
        async userIdOf(session) {
          if (session === undefined) return undefined;
          // First of all: who may not ask does not learn whether there is such a user.
          requireUsable(session, app.clock.nowMs());
          // The token is in the hands of the session's user: a code must reach them by the phone that it is to prove.
          const givesCode = request.otpSmsChallenge?.returnCode === true;
          if (!holdsToken(session, sessionToken) || givesCode) requireEverywhere(caller, "session.write");
          return (await namedUserId(app, caller, request.user)) ?? session.user?.id;
        },
        origin: request.origin,
      },
      call,
      (session, user, facts) => {
        if (session === undefined) throw new DomainError(sessionErrors.notExisting);
        return decideSetSession(session, user, command, facts);
      },
      // Where nothing changed, the token that was given goes on being valid.
      (done) => replyOf(done, done.decision.events.length === 0 ? sessionToken : token),
    );
  });
}

/** Ending it twice is no mistake. @throws DomainError if there is no such session, or the caller may not end it */
export async function deleteSession(
  app: AppContext,
  caller: Caller,
  sessionId: string,
  sessionToken: string,
): Promise<Details> {
  const done = await app.sessions.execute(sessionId, (session) => {
    if (session === undefined) throw new DomainError(sessionErrors.notExisting);
    if (session.status === "active") requireRight(session, sessionToken, caller, "session.delete");
    else requireEverywhere(caller, "session.delete");
    return decideTerminateSession(session);
  });
  return sessionDetails(done);
}

/** A session as it is shown. */
export interface SessionView {
  readonly loaded: LoadedSession;
  /** Undefined before the user was checked, and once the user is gone. */
  readonly user: UserState | undefined;
}

const getMissing = refusal("not_found", "QUERY-SFeaa", "Errors.Session.NotExisting");

/** @throws DomainError if there is no such session, it was ended, or the caller may not see it */
export async function getSession(
  app: AppContext,
  caller: Caller,
  sessionId: string,
  sessionToken: string,
): Promise<SessionView> {
  const loaded = await app.sessions.find(sessionId);
  if (loaded === undefined || loaded.state.status === "terminated") throw new DomainError(getMissing);
  requireRight(loaded.state, sessionToken, caller, "session.read");
  return viewOf(app, loaded);
}

/** The sessions that the caller may see and that are like this. */
export async function listSessions(
  app: AppContext,
  caller: Caller,
  search: Search<SessionRecord>,
): Promise<Page<SessionView>> {
  const own: Condition<SessionRecord> = {
    kind: "any",
    of: [
      { kind: "one_of", field: "creatorId", values: [caller.userId] },
      { kind: "one_of", field: "userId", values: [caller.userId] },
    ],
  };
  const seesAll = caller.mayEverywhere("session.read");
  const where: Condition<SessionRecord> = { kind: "all", of: [search.where, ...(seesAll ? [] : [own])] };
  const { ids, total } = await app.store.search("session", { ...search, where });
  const items = await readAll(ids, async (id) => {
    const loaded = await app.sessions.find(id);
    // One may be ended between the search and this.
    if (loaded?.state.status !== "active") return undefined;
    return seesAll || isOwn(loaded.state, caller) ? viewOf(app, loaded) : undefined;
  });
  return { items, total, atMs: app.clock.nowMs() };
}

async function viewOf(app: AppContext, loaded: LoadedSession): Promise<SessionView> {
  const userId = loaded.state.user?.id;
  const user = userId === undefined ? undefined : (await app.users.find(userId))?.state;
  return { loaded, user: exists(user) && isUserOf(loaded.state, user) ? user : undefined };
}

function sessionDetails({ sequence, state }: LoadedSession): Details {
  const { createdMs, changedMs } = state;
  return { sequence, createdMs, changedMs, resourceOwner: instanceId };
}

// ------------------------------------------------------------------------------------ who may do what

/** The session token, one's own session, or a role. */
function requireRight(session: SessionState, token: string, caller: Caller, permission: Permission): void {
  if (holdsToken(session, token)) return;
  if (!isOwn(session, caller)) requireEverywhere(caller, permission);
}

/** Whether the caller is its user, or opened it: not somebody else who had the id then. */
function isOwn({ user, creatorId, createdMs }: SessionState, caller: Caller): boolean {
  if (user?.id === caller.userId && user.checkedMs >= caller.createdMs) return true;
  return creatorId === caller.userId && createdMs >= caller.createdMs;
}

/** @throws DomainError for a wrong token; an empty one is none */
function holdsToken(session: SessionState, token: string): boolean {
  if (token === "") return false;
  if (!isTokenOf(token, session.tokenHash)) throw new DomainError(sessionErrors.tokenInvalid);
  return true;
}

// -------------------------------------------------------------------------------- how it is carried out

const ambiguous = refusal("failed_precondition", "SESSION-l0Amb", "Errors.User.LoginName.Ambiguous");

/** Of the user whom a request names; undefined if it names none. @throws DomainError if there is no such user */
async function namedUserId(
  app: AppContext,
  caller: Caller,
  user: SessionRequest["user"],
): Promise<string | undefined> {
  if (user === undefined) return undefined;
  const id = "id" in user ? user.id : await userIdByName(app, caller, user.loginName);
  const state = id === undefined ? undefined : (await app.users.find(id))?.state;
  return requireUser(state, accountErrors.getMissing).id;
}

/** A user name is unique in its organization: first the caller's, then any. */
async function userIdByName(app: AppContext, caller: Caller, name: string): Promise<string | undefined> {
  const own = await app.store.findByKey(userNameKey(caller.organizationId, name));
  if (own !== undefined) return own;
  const equality = { field: "userName", ignoreCase: true, value: name } as const;
  const [id, another] = await app.store.findByText("user", equality, 2);
  if (another !== undefined) throw new DomainError(ambiguous);
  return id;
}

/** The same call may come by another name of the server. */
function askedIn(request: SessionRequest): Omit<SessionRequest, "origin"> {
  const { origin: _, ...asked } = request;
  return asked;
}

async function prepare(
  app: AppContext,
  request: SessionRequest,
): Promise<{ readonly command: SessionCommand; readonly token: string }> {
  const { user, otpSmsCode, otpSmsChallenge, metadata, lifetimeMs } = request;
  const policy = await app.settings.instancePolicy();
  const token = newToken("rbs", app.randomBytes);
  const tokenId = newUuid(app.clock.nowMs(), app.randomBytes);
  const challenge = otpSmsChallenge && {
    code: newCode(app, policy.otpSmsCode, policy.resend),
    returned: otpSmsChallenge.returnCode,
  };
  const command = {
    checkUser: user !== undefined,
    ...(otpSmsCode === undefined ? {} : { otpSmsCode }),
    ...(challenge === undefined ? {} : { challenge }),
    metadata,
    ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
    newToken: { tokenId, hash: hashToken(token) },
  };
  return { command, token };
}

type Done = LoadedSession & { readonly decision: SessionDecision };

type Decide = (
  session: SessionState | undefined,
  user: UserState | undefined,
  facts: Facts,
) => SessionDecision;

/** Decides about a session and its user, and writes both in one transaction. The session's turn comes first. */
async function changeSession(
  app: AppContext,
  about: {
    readonly sessionId: string;
    readonly userIdOf: (session: SessionState | undefined) => MaybePromise<string | undefined>;
    readonly origin: string;
  },
  call: CodeCall<SessionReply>,
  decide: Decide,
  toReply: (done: Done) => SessionReply,
): Promise<SessionReply> {
  const { sessionId, origin } = about;
  const done = await withProviderCheck(app, (providerCheck) =>
    app.sessions.takeTurn(sessionId, () =>
      retryTaken(async () => {
        const session = await app.sessions.find(sessionId);
        const userId = await about.userIdOf(session?.state);
        const to = { sessionId, session, userId, origin, providerCheck };
        const change = () => changeBoth(app, to, call, decide, toReply);
        return userId === undefined ? change() : app.users.takeTurn(userId, change);
      }),
    ),
  );
  return toReply(done);
}

async function changeBoth(
  app: AppContext,
  about: {
    readonly sessionId: string;
    readonly session: LoadedSession | undefined;
    readonly userId: string | undefined;
    readonly origin: string;
    readonly providerCheck: ProviderCheck | undefined;
  },
  { channel, sourceOf, keep }: CodeCall<SessionReply>,
  decide: Decide,
  toReply: (done: Done) => SessionReply,
): Promise<Done | typeof taken> {
  const { sessionId, session, userId = "", origin, providerCheck } = about;
  const found = userId === "" ? undefined : await app.users.find(userId);
  const user = exists(found?.state) ? found : undefined;
  const policy = await app.settings.policy(user?.state.resourceOwner ?? "");
  const nowMs = timeAfter(app.clock, session, user);
  const facts = factsOf(app, policy, nowMs, { sourceOf: await sourceOf, providerCheck });
  const decision = decide(session?.state, user?.state, facts);
  const { events, userEvents, refusal: refused, code } = decision;
  const changed = events.length === 0 ? undefined : app.sessions.prepare(sessionId, session, events, nowMs);
  const after = changed?.after ?? session;
  const done = after && { ...after, decision };
  if (changed !== undefined) {
    const writes =
      userEvents.length > 0 ? [changed, app.users.prepare(userId, user, userEvents, nowMs)] : [changed];
    const extras = {
      ...messageOf(app, policy, { userId, sessionId, origin, channel }, code, nowMs),
      ...(refused === undefined && done !== undefined && keep?.(toReply(done))),
    };
    if (!(await commitTogether(app.store, writes, nowMs, extras))) return taken;
  }
  if (refused !== undefined) throw refused;
  announce(app, code);
  if (done === undefined) throw new Error(`session ${sessionId}: nothing was decided about nothing`);
  return done;
}

function replyOf(done: Done, token: string): SessionReply {
  return {
    sessionId: done.state.id,
    details: sessionDetails(done),
    token,
    otpSmsCode: returnedCode(done.decision.code),
  };
}
