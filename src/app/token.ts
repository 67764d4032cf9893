import { requireUser } from "../domain/account.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import { userLocked } from "../domain/phone.ts";
import type { UserState } from "../domain/user.ts";
import { type AppContext, requirePermission } from "./context.ts";
import type { Caller, Permission, TokenMinter } from "./auth-port.ts";
import { timeAfter } from "./repository.ts";

const userMissing = refusal("not_found", "TOKEN-u2Mw7", "Errors.User.NotFound");

/**
 * Mints a token with which a user calls directly.
 *
 * @throws DomainError if there is no such active user, or the caller may not speak for it
 */
export async function createToken(
  app: AppContext,
  minter: TokenMinter,
  caller: Caller,
  command: { readonly userId: string; readonly lifetimeSeconds: number },
): Promise<{ readonly token: string; readonly expireMs: number }> {
  const loaded = await app.users.find(command.userId);
  const user = requireUser(loaded?.state, userMissing);
  requirePermission(caller, "user.credential.write", user.resourceOwner);
  requireMaySpeakFor(caller, user);
  if (user.status === "locked") throw new DomainError(userLocked);
  // A token is never older than its user, whatever the clock of the server that added the user.
  return minter.mint({ ...command, nowMs: timeAfter(app.clock, loaded) });
}

/**
 * For what takes the use of an account away. Nobody shuts out those whose roles they could not take away: a manager of
 * one organization the administrator, say.
 */
export function requireSelfOrMayShutOut(caller: Caller, permission: Permission, user: UserState): void {
  if (caller.userId === user.id) return;
  requirePermission(caller, permission, user.resourceOwner);
  requireMaySpeakFor(caller, user);
}

/** A token can do whatever its user can: nobody climbs to another's roles this way. */
export function requireMaySpeakFor(caller: Caller, user: UserState): void {
  if (user.roles.length > 0) requirePermission(caller, "iam.write", user.resourceOwner);
}
