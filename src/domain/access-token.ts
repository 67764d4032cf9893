import type { Decision } from "./decision.ts";
import { DomainError, refusal } from "./errors.ts";
import type { UserEvent } from "./user-events.ts";
import { exists, type UserState } from "./user-state.ts";

/** The deciders of personal access tokens, which machine users call with. */

const accessTokensMax = 100;

export const accessTokenErrors = {
  userMissing: refusal("not_found", "COMMAND-Dzk4n", "Errors.User.NotFound"),
  notMachine: refusal("failed_precondition", "COMMAND-Df2f1", "Errors.User.NotMachine"),
  expiryPassed: refusal("invalid_argument", "DOMAIN-dv3t5", "Errors.User.AccessToken.ExpiryPassed"),
  missing: refusal("not_found", "COMMAND-4m77G", "Errors.User.AccessToken.NotFound"),
  taken: refusal("already_exists", "PAT-t4Ken", "Errors.User.AccessToken.Taken"),
  tooMany: refusal("resource_exhausted", "PAT-t0Mny", "Errors.User.AccessToken.TooMany"),
  tooManyUsers: refusal("failed_precondition", "RINGBACK-t4Nrw", "Errors.User.AccessToken.TooManyUsers"),
} as const;

/** @throws DomainError if it is a human, has too many, or the token would be expired already */
export function decideAddAccessToken(
  user: UserState,
  token: Extract<UserEvent, { type: "user.pat.added" }>["data"],
  nowMs: number,
): Decision {
  if (user.kind !== "machine") throw new DomainError(accessTokenErrors.notMachine);
  if (token.expiresMs !== null && token.expiresMs <= nowMs) {
    throw new DomainError(accessTokenErrors.expiryPassed);
  }
  if (Object.keys(user.accessTokens).length >= accessTokensMax) {
    throw new DomainError(accessTokenErrors.tooMany, { max: String(accessTokensMax) });
  }
  return { events: [{ type: "user.pat.added", data: token }] };
}

/** @throws DomainError if the user has no such token */
export function decideRemoveAccessToken(user: UserState, tokenId: string): Decision {
  // The id comes from the caller: "constructor" must not find Object's own.
  if (!Object.hasOwn(user.accessTokens, tokenId)) throw new DomainError(accessTokenErrors.missing);
  return { events: [{ type: "user.pat.removed", data: { tokenId } }] };
}

/**
 * Sees to it that the machine user with the administrator's roles is there, works, and has this token only, without end.
 *
 * Whoever has the id without the roles is replaced: others may hold tokens of a user whom no role protects. A token that
 * was made just now is for the first administrator only: whoever came later may have another one in use.
 */
export function decideAdministrator(
  state: UserState | undefined,
  command: {
    readonly resourceOwner: string;
    readonly userName: string;
    readonly roles: readonly string[];
    readonly tokenHash: string;
    readonly tokenId: string;
    readonly isMade: boolean;
  },
): Decision {
  if (command.isMade && state !== undefined) return { events: [] };
  const { resourceOwner, userName, roles, tokenHash, tokenId } = command;
  const present = isAdministrator(state, roles) ? state : undefined;
  const events: UserEvent[] = [];
  if (present === undefined) {
    if (exists(state)) events.push({ type: "user.removed", data: {} });
    events.push({ type: "user.machine.added", data: { resourceOwner, userName, name: "Administrator" } });
    events.push({ type: "user.roles.set", data: { roles } });
  }
  if (present?.status === "inactive") events.push({ type: "user.reactivated", data: {} });
  if (present?.status === "locked") events.push({ type: "user.unlocked", data: {} });
  const tokens = Object.entries(present?.accessTokens ?? {});
  const others = tokens.filter(([, { hash, expiresMs }]) => hash !== tokenHash || expiresMs !== null);
  for (const [formerId] of others) events.push({ type: "user.pat.removed", data: { tokenId: formerId } });
  if (others.length === tokens.length) {
    events.push({ type: "user.pat.added", data: { tokenId, hash: tokenHash, expiresMs: null } });
  }
  return { events };
}

function isAdministrator(state: UserState | undefined, roles: readonly string[]): state is UserState {
  return exists(state) && state.kind === "machine" && roles.every((role) => state.roles.includes(role));
}
