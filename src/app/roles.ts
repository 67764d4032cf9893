import { accountErrors, decideSetRoles, requireUser } from "../domain/account.ts";
import { DomainError } from "../domain/errors.ts";
import type { Caller } from "./auth-port.ts";
import type { AppContext } from "./context.ts";
import { requirePermission } from "./permissions.ts";

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
