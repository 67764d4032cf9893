import { accessTokenErrors, decideAddAccessToken, decideRemoveAccessToken } from "../domain/access-token.ts";
import { requireUser } from "../domain/account.ts";
import { DomainError } from "../domain/errors.ts";
import { newDecimalId } from "../lib/id.ts";
import { hashToken, newToken } from "../lib/opaque-token.ts";
import type { AppContext } from "./context.ts";
import { requireMaySpeakFor, requirePermission, requireSelfOrMayShutOut } from "./permissions.ts";
import type { Caller } from "./auth-port.ts";
import { listUsers } from "./user-list.ts";
import { type Condition, pageSizeMax, type UserRecord } from "./search.ts";
import type { LoadedUser } from "./user-kind.ts";

/** The use cases of personal access tokens, which machine users call with. */

export interface AddAccessTokenReply {
  readonly tokenId: string;
  /** Shown once, and stored hashed. */
  readonly token: string;
  readonly createdMs: number;
}

/**
 * @throws DomainError if there is no such machine user, the caller may not speak for it, it has too many, or the token
 * would have expired
 */
export async function addAccessToken(
  app: AppContext,
  caller: Caller,
  command: { readonly userId: string; readonly expiresMs: number },
): Promise<AddAccessTokenReply> {
  const tokenId = newDecimalId(app.clock.nowMs(), app.randomBytes);
  const token = newAccessToken(app);
  const { userId, expiresMs } = command;
  const done = await app.users.execute(userId, (state, nowMs) => {
    const user = requireUser(state, accessTokenErrors.userMissing);
    requirePermission(caller, "user.write", user.resourceOwner);
    requireMaySpeakFor(caller, user);
    return decideAddAccessToken(user, { tokenId, hash: hashToken(token), expiresMs }, nowMs);
  });
  return { tokenId, token, createdMs: done.state.changedMs };
}

export function newAccessToken({ randomBytes }: Pick<AppContext, "randomBytes">): string {
  return newToken("rbk", randomBytes);
}

/**
 * @returns when it was removed
 * @throws DomainError if there is no such user or token, or the caller may not take it away
 */
export async function removeAccessToken(
  app: AppContext,
  caller: Caller,
  command: { readonly userId: string; readonly tokenId: string },
): Promise<number> {
  const done = await app.users.execute(command.userId, (state) => {
    const user = requireUser(state, accessTokenErrors.userMissing);
    requireSelfOrMayShutOut(caller, "user.write", user);
    return decideRemoveAccessToken(user, command.tokenId);
  });
  return done.state.changedMs;
}

export interface AccessTokenView {
  readonly id: string;
  readonly userId: string;
  readonly organizationId: string;
  readonly createdMs: number;
  readonly expiresMs: number | null;
}

/** All of them are read for one list. */
const machinesMax = pageSizeMax;

/**
 * The tokens of all machine users that the caller may see and that are like this.
 *
 * @throws DomainError if these are too many to look through
 */
export async function listAccessTokens(
  app: AppContext,
  caller: Caller,
  users: readonly Condition<UserRecord>[],
): Promise<readonly AccessTokenView[]> {
  const machine = { kind: "one_of", field: "kind", values: ["machine"] } as const;
  const where = { kind: "all", of: [machine, ...users] } as const;
  const page = { where, sortBy: "createdMs", order: "ascending", offset: 0, limit: machinesMax } as const;
  const { items, total } = await listUsers(app, caller, page);
  if (total > machinesMax) {
    throw new DomainError(accessTokenErrors.tooManyUsers, { max: String(machinesMax) });
  }
  return items.flatMap(tokensOf);
}

function tokensOf({ state }: LoadedUser): readonly AccessTokenView[] {
  return Object.entries(state.accessTokens).map(([id, { expiresMs, createdMs = state.createdMs }]) => ({
    id,
    userId: state.id,
    organizationId: state.resourceOwner,
    createdMs,
    expiresMs,
  }));
}
