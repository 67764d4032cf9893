import type { Verification } from "../domain/decision.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import type { UserState } from "../domain/user-state.ts";
import type { Caller, Permission } from "./auth-port.ts";

/** Tests of what a caller may do, for use cases: each throws a DomainError unless the caller may. */

const denied = refusal("permission_denied", "AUTH-AWfge", "Errors.Caller.PermissionDenied");

/** @throws DomainError unless a role of the caller gives the permission in that organization */
export function requirePermission(caller: Caller, permission: Permission, organizationId: string): void {
  if (!caller.may(permission, organizationId)) throw new DomainError(denied, { permission });
}

/** @throws DomainError unless a role of the caller gives the permission for the whole instance */
export function requireEverywhere(caller: Caller, permission: Permission): void {
  if (!caller.mayEverywhere(permission)) throw new DomainError(denied, { permission });
}

/** @throws DomainError unless it is the caller's own account, or a role gives the permission */
export function requireSelfOr(caller: Caller, permission: Permission, user: UserState): void {
  if (!isSelf(caller, permission, user)) requirePermission(caller, permission, user.resourceOwner);
}

/**
 * That a person holds a number is proved by an SMS alone. Whoever declares it, or gets the code without one, needs a role
 * for it, also for oneself.
 */
export function requireVerificationAllowed(
  caller: Caller,
  user: UserState,
  verification: Verification,
): void {
  if (verification !== "send_code") requirePermission(caller, "user.write", user.resourceOwner);
  requireSelfOr(caller, "user.write", user);
}

/**
 * For what makes an account unusable: to lock, deactivate or delete it, or to remove its token. Whoever holds a role may
 * be shut out only by those who could take it away: else the manager of an organization could shut out the administrator.
 */
export function requireSelfOrMayShutOut(caller: Caller, permission: Permission, user: UserState): void {
  if (isSelf(caller, permission, user)) return;
  requirePermission(caller, permission, user.resourceOwner);
  requireMaySpeakFor(caller, user);
}

/**
 * The gate lets nobody in who is deactivated. A call that came in before must not undo that, whatever the roles of its
 * caller: its body may come long after its headers.
 */
function isSelf(caller: Caller, permission: Permission, user: UserState): boolean {
  if (caller.userId !== user.id) return false;
  if (user.status === "inactive") throw new DomainError(denied, { permission });
  return true;
}

/** A token can do whatever its user can: nobody climbs to another's roles this way. */
export function requireMaySpeakFor(caller: Caller, user: UserState): void {
  if (user.roles.length > 0) requirePermission(caller, "iam.write", user.resourceOwner);
}
