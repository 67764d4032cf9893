import { requireHuman, type Verification } from "../domain/decision.ts";
import {
  decideAddRegistration,
  decideRemoveRegistration,
  decideVerifyRegistration,
  registrationErrors,
} from "../domain/otp-sms-registration.ts";
import { newDecimalId } from "../lib/id.ts";
import {
  type AppContext,
  type Details,
  detailsOf,
  execute,
  factsOf,
  newCode,
  requireSelfOr,
  returnedCode,
} from "./context.ts";
import { requireVerificationAllowed } from "./phone.ts";
import type { Caller } from "./ports.ts";

/** The use cases of OTP SMS registrations, for both v3alpha generations. */

export interface AddRegistrationReply {
  readonly details: Details;
  readonly registrationId: string;
  readonly code?: string | undefined;
}

export async function addRegistration(
  app: AppContext,
  caller: Caller,
  command: { readonly userId: string; readonly number: string; readonly verification: Verification },
): Promise<AddRegistrationReply> {
  const registrationId = newDecimalId(app.clock.nowMs(), app.randomBytes);
  const code = newCode(app, app.policy.otpSmsCode);
  const { number, verification } = command;
  const done = await execute(app, command.userId, (state, nowMs) => {
    const user = requireHuman(state, registrationErrors.userMissing);
    requireVerificationAllowed(caller, user, verification);
    return decideAddRegistration(user, { registrationId, number, verification, code }, factsOf(app, nowMs));
  });
  return { details: detailsOf(done), registrationId, code: returnedCode(done.decision.code) };
}

export async function verifyRegistration(
  app: AppContext,
  caller: Caller,
  command: { readonly userId: string; readonly registrationId: string; readonly code: string },
): Promise<Details> {
  const done = await execute(app, command.userId, (state, nowMs) => {
    const user = requireHuman(state, registrationErrors.userMissing);
    requireSelfOr(caller, "user.write", user);
    return decideVerifyRegistration(user, command.registrationId, command.code, factsOf(app, nowMs));
  });
  return detailsOf(done);
}

export async function removeRegistration(
  app: AppContext,
  caller: Caller,
  command: { readonly userId: string; readonly registrationId: string },
): Promise<Details> {
  const done = await execute(app, command.userId, (state) => {
    const user = requireHuman(state, registrationErrors.userMissing);
    requireSelfOr(caller, "user.write", user);
    return decideRemoveRegistration(user, command.registrationId);
  });
  return detailsOf(done);
}
