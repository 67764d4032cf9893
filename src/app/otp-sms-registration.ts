import { requireHuman } from "../domain/account.ts";
import {
  decideAddRegistration,
  decideRemoveRegistration,
  decideVerifyRegistration,
  registrationErrors,
} from "../domain/otp-sms-registration.ts";
import { newDecimalId } from "../lib/id.ts";
import { executeCodeCall, runCodeCall } from "./code-call.ts";
import { type AppContext, changeUser, policyFor, type UserRef, visible } from "./context.ts";
import { type Details, detailsOf } from "./details.ts";
import { newCode, returnedCode } from "./new-code.ts";
import { requireSelfOr, requireVerificationAllowed } from "./permissions.ts";
import type { Caller } from "./auth-port.ts";
import type { SetPhoneCommand } from "./phone.ts";
import { executeCheck } from "./provider-check.ts";

/** The use cases of OTP SMS registrations, for both v3alpha generations. */

export interface AddRegistrationReply {
  readonly details: Details;
  readonly registrationId: string;
  readonly code?: string | undefined;
}

/**
 * @throws DomainError if there is no such human user, the caller may not change it, the number is bad or a factor
 * already, or there are too many
 */
export function addRegistration(
  app: AppContext,
  caller: Caller,
  command: SetPhoneCommand,
): Promise<AddRegistrationReply> {
  return runCodeCall<AddRegistrationReply>(app, caller, command, command, async (call) => {
    const registrationId = newDecimalId(app.clock.nowMs(), app.randomBytes);
    const policy = await policyFor(app, command);
    const code = newCode(app, policy.otpSmsCode, policy.resend);
    const { number, verification } = command;
    return executeCodeCall(
      app,
      policy,
      command.userId,
      call,
      (state, facts) => {
        const user = requireHuman(visible(state, command), registrationErrors.userMissing);
        requireVerificationAllowed(caller, user, verification);
        return decideAddRegistration(user, { registrationId, number, verification, code }, facts);
      },
      (done) => ({ details: detailsOf(done), registrationId, code: returnedCode(done.decision.code) }),
    );
  });
}

/**
 * A wrong try is recorded.
 * @throws DomainError if there is no such human user or registration, the caller may not change it, or the code is not
 * accepted
 */
export async function verifyRegistration(
  app: AppContext,
  caller: Caller,
  command: UserRef & { readonly registrationId: string; readonly code: string },
): Promise<Details> {
  const policy = await policyFor(app, command);
  const done = await executeCheck(app, policy, command.userId, (state, facts) => {
    const user = requireHuman(visible(state, command), registrationErrors.userMissing);
    requireSelfOr(caller, "user.write", user);
    return decideVerifyRegistration(user, command.registrationId, command.code, facts);
  });
  return detailsOf(done);
}

/** @throws DomainError if there is no such human user or registration, or the caller may not change it */
export function removeRegistration(
  app: AppContext,
  caller: Caller,
  command: UserRef & { readonly registrationId: string },
): Promise<Details> {
  return changeUser(app, command, (state) => {
    const user = requireHuman(state, registrationErrors.userMissing);
    requireSelfOr(caller, "user.write", user);
    return decideRemoveRegistration(user, command.registrationId);
  });
}
