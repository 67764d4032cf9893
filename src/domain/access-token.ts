import type { Decision } from "./decision.ts";
import { DomainError, refusal } from "./errors.ts";
import type { UserEvent } from "./user-events.ts";
import type { UserState } from "./user-state.ts";

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
