import { requireHuman, type Verification } from "../domain/decision.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import type { PhoneRules } from "../domain/generations.ts";
import {
  decideRemovePhone,
  decideResendPhoneCode,
  decideSetPhone,
  decideVerifyPhone,
} from "../domain/phone.ts";
import type { UserState } from "../domain/user.ts";
import {
  type AppContext,
  type Details,
  detailsOf,
  execute,
  factsOf,
  newCode,
  requirePermission,
  requireSelfOr,
  returnedCode,
} from "./context.ts";
import type { Caller } from "./ports.ts";

/** The use cases of a user's phone number, for every API generation: `rules` says how one answers. */

export interface PhoneReply {
  readonly details: Details;
  /** Where the caller asked for the code. */
  readonly code?: string | undefined;
}

export interface SetPhoneCommand {
  readonly userId: string;
  /** As the caller wrote it. */
  readonly number: string;
  readonly verification: Verification;
}

export async function setPhone(
  app: AppContext,
  caller: Caller,
  command: SetPhoneCommand,
  rules: PhoneRules["set"],
): Promise<PhoneReply> {
  const code = newCode(app, app.policy.phoneCode);
  const { number, verification } = command;
  const done = await execute(app, command.userId, (state, nowMs) => {
    const user = requireHuman(state, rules.userMissing);
    requireVerificationAllowed(caller, user, verification);
    return decideSetPhone(user, { number, verification, code }, rules, factsOf(app, nowMs));
  });
  return { details: detailsOf(done), code: returnedCode(done.decision.code) };
}

/** Whoever declares a number verified without a code needs the right to, also for oneself. */
export function requireVerificationAllowed(
  caller: Caller,
  user: UserState,
  verification: Verification,
): void {
  if (verification === "is_verified") requirePermission(caller, "user.write", user.resourceOwner);
  else requireSelfOr(caller, "user.write", user);
}

export async function resendPhoneCode(
  app: AppContext,
  caller: Caller,
  command: { readonly userId: string; readonly verification: Exclude<Verification, "is_verified"> },
  rules: PhoneRules["resend"],
): Promise<PhoneReply> {
  const code = newCode(app, app.policy.phoneCode);
  const done = await execute(app, command.userId, (state, nowMs) => {
    const user = requireHuman(state, rules.userMissing);
    requireSelfOr(caller, "user.write", user);
    const { verification } = command;
    return decideResendPhoneCode(user, { verification, code }, rules, factsOf(app, nowMs));
  });
  return { details: detailsOf(done), code: returnedCode(done.decision.code) };
}

export async function verifyPhone(
  app: AppContext,
  caller: Caller,
  command: { readonly userId: string; readonly code: string },
  rules: PhoneRules["verify"],
): Promise<Details> {
  const done = await execute(app, command.userId, (state, nowMs) => {
    const user = requireHuman(state, rules.userMissing);
    requireSelfOr(caller, "user.write", user);
    return decideVerifyPhone(user, command.code, rules, factsOf(app, nowMs));
  });
  return detailsOf(done);
}

/** @param self whether a caller may remove the number of their own account without a role */
export async function removePhone(
  app: AppContext,
  caller: Caller,
  command: { readonly userId: string; readonly self: boolean },
  rules: PhoneRules["remove"],
): Promise<Details> {
  const done = await execute(app, command.userId, (state) => {
    const user = requireHuman(state, rules.userMissing);
    if (command.self) requireSelfOr(caller, "user.write", user);
    else requirePermission(caller, "user.write", user.resourceOwner);
    return decideRemovePhone(user, rules);
  });
  return detailsOf(done);
}

const userMissing = refusal("not_found", "QUERY-DAvb3", "Errors.User.NotFound");
const notHuman = refusal("failed_precondition", "QUERY-pt7HY", "Errors.User.NotHuman");

export interface PhoneView {
  readonly details: Details;
  /** Empty without a phone. */
  readonly number: string;
  readonly isVerified: boolean;
}

export async function getMyPhone(app: AppContext, caller: Caller): Promise<PhoneView> {
  const loaded = await app.users.find(caller.userId);
  if (loaded === undefined || loaded.user.status === "removed") throw new DomainError(userMissing);
  if (loaded.user.kind !== "human") throw new DomainError(notHuman);
  const { phone } = loaded.user;
  return { details: detailsOf(loaded), number: phone?.number ?? "", isVerified: phone?.isVerified ?? false };
}
