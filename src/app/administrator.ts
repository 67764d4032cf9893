import { accountErrors, decideSetRoles, requireUser } from "../domain/account.ts";
import { decideAdministrator } from "../domain/access-token.ts";
import { DomainError } from "../domain/errors.ts";
import { newUuid } from "../lib/id.ts";
import { hashToken } from "../lib/opaque-token.ts";
import { newAccessToken } from "./access-token.ts";
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
 * Sees to it that there is an administrator who works, whatever became of the last one, and that exactly the given token
 * is theirs. Without one, a token is made, for the first administrator there ever was.
 *
 * @returns the token that was made and is theirs, to be shown once; it is stored hashed
 */
export async function ensureAdministrator(
  app: AppContext,
  roles: readonly string[],
  given: string | undefined,
): Promise<string | undefined> {
  const token = given ?? newAccessToken(app);
  const tokenId = newUuid(app.clock.nowMs(), app.randomBytes);
  const holder = await app.users.findByKey(userNameKey(defaultOrganizationId, administratorId));
  const isNameFree = holder === undefined || holder === administratorId;
  const { state } = await app.users.execute(administratorId, (found) =>
    decideAdministrator(found, {
      resourceOwner: defaultOrganizationId,
      userName: isNameFree ? administratorId : `${administratorId}-${tokenId}`,
      roles,
      tokenHash: hashToken(token),
      tokenId,
      isMade: given === undefined,
    }),
  );
  // Of two servers that start together, one loses: its token is nobody's.
  return given === undefined && Object.hasOwn(state.accessTokens, tokenId) ? token : undefined;
}
