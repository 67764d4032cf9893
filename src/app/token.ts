import { requireUser } from "../domain/account.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import { userLocked } from "../domain/lock.ts";
import type { Caller, TokenMinter } from "./auth-port.ts";
import type { AppContext } from "./context.ts";
import { requireMaySpeakFor, requirePermission } from "./permissions.ts";
import { timeAfter } from "./repository.ts";

const userMissing = refusal("not_found", "TOKEN-u2Mw7", "Errors.User.NotFound");
const userInactive = refusal("failed_precondition", "TOKEN-n4Act", "Errors.Session.UserInactive");

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
  if (user.status !== "active") throw new DomainError(userInactive);
  // A token is never older than its user, whatever the clock of the server that added the user.
  return minter.mint({ ...command, nowMs: timeAfter(app.clock, loaded) });
}
