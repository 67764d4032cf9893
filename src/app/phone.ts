import { requireHuman } from "../domain/account.ts";
import type { Facts, IssuedCode, Verification } from "../domain/decision.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import type { PhoneRules } from "../domain/generations.ts";
import {
  decideRemovePhone,
  decideResendPhoneCode,
  decideSetPhone,
  decideVerifyPhone,
} from "../domain/phone.ts";
import type { UserState } from "../domain/user-state.ts";
import { chain } from "../lib/maybe-promise.ts";
import { getUser } from "./account.ts";
import { type CodeRequest, executeCodeCall, runCodeCall } from "./code-call.ts";
import { type AppContext, changeUser, policyFor, type UserRef, visible } from "./context.ts";
import { type Details, detailsOf } from "./details.ts";
import { newCode, returnedCode } from "./new-code.ts";
import { requireSelfOr, requireVerificationAllowed } from "./permissions.ts";
import type { Caller } from "./auth-port.ts";
import { executeCheck } from "./provider-check.ts";
import type { LoadedUser } from "./user-kind.ts";

/** The use cases of a user's phone number, for every API generation: `rules` says how this one answers. */

export interface PhoneReply {
  readonly details: Details;
  /** Where the caller asked for the code. */
  readonly code?: string | undefined;
}

export interface SetPhoneCommand extends UserRef, CodeRequest {
  /** As the caller wrote it. */
  readonly number: string;
  readonly verification: Verification;
}

/**
 * @throws DomainError if there is no such human user, the caller may not change it, or the number is bad; by most
 * `rules` also if it is set already
 */
export function setPhone(
  app: AppContext,
  caller: Caller,
  command: SetPhoneCommand,
  rules: PhoneRules["set"],
): Promise<PhoneReply> {
  return runCodeCall<PhoneReply>(app, caller, command, command, (call) =>
    chain(policyFor(app, command), (policy) => {
      const code = newCode(app, policy.phoneCode, policy.resend);
      const { number, verification } = command;
      const decide = (state: UserState | undefined, facts: Facts) => {
        const user = requireHuman(visible(state, command), rules.userMissing);
        requireVerificationAllowed(caller, user, verification);
        return decideSetPhone(user, { number, verification, code }, rules, facts);
      };
      return executeCodeCall(app, policy, command.userId, call, decide, phoneReplyOf);
    }),
  );
}

function phoneReplyOf(done: LoadedUser & { readonly decision: { readonly code?: IssuedCode } }): PhoneReply {
  return { details: detailsOf(done), code: returnedCode(done.decision.code) };
}

export interface ResendPhoneCodeCommand extends UserRef, CodeRequest {
  readonly verification: Exclude<Verification, "is_verified">;
}

/** @throws DomainError if there is no such human user, the caller may not change it, or nothing is to be verified */
export function resendPhoneCode(
  app: AppContext,
  caller: Caller,
  command: ResendPhoneCodeCommand,
  rules: PhoneRules["resend"],
): Promise<PhoneReply> {
  return runCodeCall<PhoneReply>(app, caller, command, command, async (call) => {
    const policy = await policyFor(app, command);
    const code = newCode(app, policy.phoneCode, policy.resend);
    const { verification } = command;
    const decide = (state: UserState | undefined, facts: Facts) => {
      const user = requireHuman(visible(state, command), rules.userMissing);
      requireVerificationAllowed(caller, user, verification);
      return decideResendPhoneCode(user, { verification, code }, rules, facts);
    };
    return executeCodeCall(app, policy, command.userId, call, decide, phoneReplyOf);
  });
}

/**
 * A wrong try is recorded.
 * @throws DomainError if there is no such human user, the caller may not change it, or the code is not accepted
 */
export async function verifyPhone(
  app: AppContext,
  caller: Caller,
  command: UserRef & { readonly code: string },
  rules: PhoneRules["verify"],
): Promise<Details> {
  const policy = await policyFor(app, command);
  const done = await executeCheck(app, policy, command.userId, (state, facts) => {
    const user = requireHuman(visible(state, command), rules.userMissing);
    requireSelfOr(caller, "user.write", user);
    return decideVerifyPhone(user, command.code, rules, facts);
  });
  return detailsOf(done);
}

/** @throws DomainError if there is no such human user, the caller may not change it, or there is no number */
export function removePhone(
  app: AppContext,
  caller: Caller,
  ref: UserRef,
  rules: PhoneRules["remove"],
): Promise<Details> {
  return changeUser(app, ref, (state) => {
    const user = requireHuman(state, rules.userMissing);
    requireSelfOr(caller, "user.write", user);
    return decideRemovePhone(user, rules);
  });
}

const userMissing = refusal("not_found", "QUERY-DAvb3", "Errors.User.NotFound");
const notHuman = refusal("failed_precondition", "QUERY-hliQl", "Errors.User.NotHuman");

export interface PhoneView {
  readonly details: Details;
  /** Empty without a phone. */
  readonly number: string;
  readonly isVerified: boolean;
}

/** @throws DomainError if there is no such user, it is a machine, or the caller may not see it */
export async function getPhone(app: AppContext, caller: Caller, ref: UserRef): Promise<PhoneView> {
  const loaded = await getUser(app, caller, ref, userMissing);
  const { kind, phone } = loaded.state;
  if (kind !== "human") throw new DomainError(notHuman);
  return { details: detailsOf(loaded), number: phone?.number ?? "", isVerified: phone?.isVerified ?? false };
}
