import {
  accountErrors,
  decideAddHumanUser,
  decideAddMachineUser,
  decideChangeHumanUser,
  decideChangeMachineUser,
  decideChangeUserName,
  decideDeactivateUser,
  decideLockUser,
  decideReactivateUser,
  decideRemoveUser,
  decideUnlockUser,
  requireHuman,
  requireUser,
} from "../domain/account.ts";
import type { Verification } from "../domain/decision.ts";
import { DomainError } from "../domain/errors.ts";
import type { AccountRules } from "../domain/generations.ts";
import type { Email, MetadataEntry, Profile, UserSchema } from "../domain/user-events.ts";
import type { UserState } from "../domain/user-state.ts";
import { newDecimalId } from "../lib/id.ts";
import { type CodeRequest, executeCodeCall, runCodeCall } from "./code-call.ts";
import { type AppContext, changeUser, policyFor, type UserRef, visible } from "./context.ts";
import { type Details, detailsOf } from "./details.ts";
import { newCode, returnedCode } from "./new-code.ts";
import {
  requirePermission,
  requireSelfOr,
  requireSelfOrMayShutOut,
  requireVerificationAllowed,
} from "./permissions.ts";
import type { Caller } from "./auth-port.ts";
import type { LoadedUser } from "./user-kind.ts";

/** The use cases of an account: add, get, change, lock, deactivate, delete. */

/** The organization of users for whom none is named. */
export const defaultOrganizationId = "default";

export interface PhoneOfUser {
  readonly number: string;
  readonly verification: Verification;
}

export interface AddHumanUserCommand extends CodeRequest {
  /** One is made if it is left out. */
  readonly userId?: string | undefined;
  /** The caller's own if it is left out. */
  readonly organizationId?: string | undefined;
  /** The e-mail address if it is left out. */
  readonly userName?: string | undefined;
  readonly profile: Profile;
  readonly email: Email;
  readonly metadata: readonly MetadataEntry[];
  readonly schema?: UserSchema;
  readonly phone?: PhoneOfUser | undefined;
}

export interface AddUserReply {
  readonly userId: string;
  readonly details: Details;
  readonly phoneCode?: string | undefined;
}

/**
 * Adds a person; an unverified number gets a code.
 * @throws DomainError if the caller may not add users there, the id or the user name is taken, or the number is bad
 */
export function addHumanUser(
  app: AppContext,
  caller: Caller,
  command: AddHumanUserCommand,
): Promise<AddUserReply> {
  return runCodeCall<AddUserReply>(app, caller, command, command, async (call) => {
    const resourceOwner = organizationFor(caller, command.organizationId);
    const userId = command.userId ?? newDecimalId(app.clock.nowMs(), app.randomBytes);
    const policy = await app.settings.policy(resourceOwner);
    const code = newCode(app, policy.phoneCode, policy.resend);
    const { organizationId: _, idempotency: _key, channel: _channel, phone, userName, ...data } = command;
    const user = {
      ...data,
      userId,
      resourceOwner,
      userName: userName ?? command.email.address,
      ...(phone === undefined ? {} : { phone: { ...phone, code } }),
    };
    return executeCodeCall(
      app,
      policy,
      userId,
      call,
      (state, facts) => decideAddHumanUser(state, user, facts),
      (done) => ({ userId, details: detailsOf(done), phoneCode: returnedCode(done.decision.code) }),
    );
  });
}

export interface AddMachineUserCommand {
  readonly userId?: string | undefined;
  readonly organizationId: string;
  /** The id if it is left out. */
  readonly userName?: string | undefined;
  readonly name: string;
  readonly description: string;
}

/** @throws DomainError if the caller may not add users there, or the id or the user name is taken */
export async function addMachineUser(
  app: AppContext,
  caller: Caller,
  command: AddMachineUserCommand,
): Promise<AddUserReply> {
  const resourceOwner = organizationFor(caller, command.organizationId);
  const userId = command.userId ?? newDecimalId(app.clock.nowMs(), app.randomBytes);
  const { name, description, userName = userId } = command;
  const done = await app.users.execute(userId, (state) =>
    decideAddMachineUser(state, { resourceOwner, userName, name, description }),
  );
  return { userId, details: detailsOf(done) };
}

/** @throws DomainError unless the caller may add users there */
function organizationFor(caller: Caller, organizationId: string | undefined): string {
  const resourceOwner = organizationId || caller.organizationId || defaultOrganizationId;
  requirePermission(caller, "user.write", resourceOwner);
  return resourceOwner;
}

/** What is left out stays as it is. */
export interface ChangeHumanUserCommand extends UserRef, CodeRequest {
  readonly userName?: string;
  readonly profile?: Partial<Profile>;
  readonly email?: Email;
  readonly schema?: Partial<UserSchema>;
  readonly phone?: PhoneOfUser | "removed";
}

export interface ChangeUserReply {
  readonly details: Details;
  readonly phoneCode?: string | undefined;
}

/** @throws DomainError if there is no such human user, the caller may not change it, or the number is bad */
export function changeHumanUser(
  app: AppContext,
  caller: Caller,
  command: ChangeHumanUserCommand,
): Promise<ChangeUserReply> {
  return runCodeCall<ChangeUserReply>(app, caller, command, command, async (call) => {
    const policy = await policyFor(app, command);
    const code = newCode(app, policy.phoneCode, policy.resend);
    const { phone, ...others } = command;
    return executeCodeCall(
      app,
      policy,
      command.userId,
      call,
      (state, facts) => {
        const user = requireHuman(visible(state, command), accountErrors.changeMissing);
        requireChangeAllowed(caller, user, command);
        const newPhone = typeof phone === "object" ? { ...phone, code } : phone;
        return decideChangeHumanUser(user, { ...others, ...(newPhone && { phone: newPhone }) }, facts);
      },
      (done) => ({ details: detailsOf(done), phoneCode: returnedCode(done.decision.code) }),
    );
  });
}

/** Whoever declares something verified needs the right to, also for oneself. */
function requireChangeAllowed(
  caller: Caller,
  user: UserState,
  { email, phone }: ChangeHumanUserCommand,
): void {
  if (email?.isVerified === true) requirePermission(caller, "user.write", user.resourceOwner);
  if (typeof phone === "object") requireVerificationAllowed(caller, user, phone.verification);
  else requireSelfOr(caller, "user.write", user);
}

/** @throws DomainError if there is no such machine user, or the caller may not change it */
export async function changeMachineUser(
  app: AppContext,
  caller: Caller,
  command: UserRef & { readonly userName?: string; readonly name?: string; readonly description?: string },
): Promise<ChangeUserReply> {
  const details = await changeUser(app, command, (state) => {
    const user = requireUser(state, accountErrors.changeMissing);
    if (user.kind !== "machine") throw new DomainError(accountErrors.changeMissing);
    requireSelfOr(caller, "user.write", user);
    return decideChangeMachineUser(user, command);
  });
  return { details };
}

/** For a user of either kind. @throws DomainError if there is no such user, or the caller may not change it */
export async function changeUserName(
  app: AppContext,
  caller: Caller,
  command: UserRef & { readonly userName?: string },
): Promise<ChangeUserReply> {
  const details = await changeUser(app, command, (state) => {
    const user = requireUser(state, accountErrors.changeMissing);
    requireSelfOr(caller, "user.write", user);
    return decideChangeUserName(user, command.userName);
  });
  return { details };
}

/** @throws DomainError if there is no such user, or the caller may not see it */
export async function getUser(
  app: AppContext,
  caller: Caller,
  ref: UserRef,
  missing = accountErrors.getMissing,
): Promise<LoadedUser> {
  const loaded = await app.users.find(ref.userId);
  const state = requireUser(visible(loaded?.state, ref), missing);
  requireSelfOr(caller, "user.read", state);
  return { sequence: loaded?.sequence ?? 0, state };
}

/** Nothing personal stays in its state. @throws DomainError if there is no such user, or the caller may not shut it out */
export function deleteUser(
  app: AppContext,
  caller: Caller,
  ref: UserRef,
  rules: AccountRules["remove"],
): Promise<Details> {
  return changeUser(app, ref, (state) => {
    const user = requireUser(state, rules.userMissing);
    requireSelfOrMayShutOut(caller, "user.delete", user);
    return decideRemoveUser();
  });
}

/** @throws DomainError if there is no such user, it is not active, or the caller may not shut it out */
export function lockUser(
  app: AppContext,
  caller: Caller,
  ref: UserRef,
  rules: AccountRules["lock"],
): Promise<Details> {
  return changeUser(app, ref, (state) => {
    const user = requireUser(state, rules.userMissing);
    requireSelfOrMayShutOut(caller, "user.write", user);
    return decideLockUser(user, rules);
  });
}

/**
 * Not for oneself: a lock that its owner can open keeps nobody out.
 * @throws DomainError if there is no such user, it is not locked, or the caller may not change it
 */
export function unlockUser(
  app: AppContext,
  caller: Caller,
  ref: UserRef,
  rules: AccountRules["unlock"],
): Promise<Details> {
  return changeUser(app, ref, (state) => {
    const user = requireUser(state, rules.userMissing);
    requirePermission(caller, "user.write", user.resourceOwner);
    return decideUnlockUser(user, rules);
  });
}

/** @throws DomainError if there is no such user, it is deactivated already, or the caller may not shut it out */
export function deactivateUser(
  app: AppContext,
  caller: Caller,
  ref: UserRef,
  rules: AccountRules["deactivate"],
): Promise<Details> {
  return changeUser(app, ref, (state) => {
    const user = requireUser(state, rules.userMissing);
    requireSelfOrMayShutOut(caller, "user.write", user);
    return decideDeactivateUser(user, rules);
  });
}

/** @throws DomainError if there is no such user, it is not deactivated, or the caller may not change it */
export function reactivateUser(
  app: AppContext,
  caller: Caller,
  ref: UserRef,
  rules: AccountRules["reactivate"],
): Promise<Details> {
  return changeUser(app, ref, (state) => {
    const user = requireUser(state, rules.userMissing);
    requireSelfOr(caller, "user.write", user);
    return decideReactivateUser(user, rules);
  });
}
