import { accountErrors, decideSetRoles, requireUser } from "../domain/account.ts";
import { decideAdministrator } from "../domain/access-token.ts";
import { DomainError } from "../domain/errors.ts";
import { newUuid } from "../lib/id.ts";
import { defaultOrganizationId } from "./account.ts";
import { type AppContext, requirePermission } from "./context.ts";
import type { Caller } from "./auth-port.ts";
import { userNameKey } from "./users.ts";

/** Who may do what: the roles of users, and the first of them all. */

/** What the list does not name is taken away. @throws DomainError for a role that does not exist */
export async function setRoles(
  app: AppContext,
  caller: Caller,
  command: { readonly userId: string; readonly roles: readonly string[] },
): Promise<readonly string[]> {
  const unknown = command.roles.find((role) => !app.knownRoles.includes(role));
  if (unknown !== undefined) {
    throw new DomainError(accountErrors.roleUnknown, { role: unknown, known: app.knownRoles.join(", ") });
  }
  const done = await app.users.execute(command.userId, (state) => {
    const user = requireUser(state, accountErrors.rolesMissing);
    requirePermission(caller, "iam.write", user.resourceOwner);
    return decideSetRoles(user, command.roles);
  });
  return done.state.roles;
}

export const administratorId = "administrator";

/**
 * Sees to it that there is an administrator who works, whatever became of the last one, and that exactly this token is
 * theirs.
 *
 * @param tokenHash SHA-256, base64url
 */
export async function ensureAdministrator(
  app: AppContext,
  tokenHash: string,
  roles: readonly string[],
): Promise<void> {
  const tokenId = newUuid(app.clock.nowMs(), app.randomBytes);
  const holder = await app.users.findByKey(userNameKey(defaultOrganizationId, administratorId));
  const isNameFree = holder === undefined || holder === administratorId;
  await app.users.execute(administratorId, (state) =>
    decideAdministrator(state, {
      resourceOwner: defaultOrganizationId,
      userName: isNameFree ? administratorId : `${administratorId}-${tokenId}`,
      roles,
      tokenHash,
      tokenId,
    }),
  );
}

/** Whether there ever was an administrator: false on the first start. */
export async function hadAdministrator(app: AppContext): Promise<boolean> {
  return (await app.users.find(administratorId)) !== undefined;
}
