import type { LockoutPolicy } from "../domain/policy.ts";
import {
  decideAddLockout,
  decideChangeLockout,
  decideRemoveLockout,
  decideSetLockout,
  lockoutErrors,
} from "../domain/settings.ts";
import type { AppContext } from "./context.ts";
import type { Details } from "./details.ts";
import { type Scope, settingDetails } from "./settings.ts";

/** The use cases of the lockout policy, of the instance and of organizations. */

export interface LockoutView {
  readonly policy: LockoutPolicy;
  readonly details: Details;
  readonly isDefault: boolean;
}

/** The policy in force. */
export async function getLockout(app: AppContext, scope: Scope): Promise<LockoutView> {
  const { value, dated, isDefault } = await app.settings.lockout(scope);
  return { policy: value, details: settingDetails(isDefault ? "instance" : scope, dated), isDefault };
}

/** @throws DomainError if it is the same */
export async function setInstanceLockout(app: AppContext, policy: LockoutPolicy): Promise<Details> {
  const { value } = await app.settings.lockout("instance");
  return app.settings.change("instance", (state) =>
    decideSetLockout(policy, state?.lockout?.value ?? value, lockoutErrors.instanceNotChanged),
  );
}

/** @throws DomainError if the organization has one already */
export function addLockout(app: AppContext, scope: Scope, policy: LockoutPolicy): Promise<Details> {
  return app.settings.change(scope, (state) => decideAddLockout(state, policy));
}

/** @throws DomainError if the organization has none, or it is the same */
export function changeLockout(app: AppContext, scope: Scope, policy: LockoutPolicy): Promise<Details> {
  return app.settings.change(scope, (state) => decideChangeLockout(state, policy));
}

/** The instance's holds again. @throws DomainError if the organization has none */
export function removeLockout(app: AppContext, scope: Scope): Promise<Details> {
  return app.settings.change(scope, decideRemoveLockout);
}
