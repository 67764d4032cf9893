import { accountErrors, requireHuman, requireUser } from "../domain/account.ts";
import {
  decideAddOtpSms,
  decideRemoveOtpSms,
  decideSkipMfaInit,
  otpSmsErrors,
  otpSmsNumber,
} from "../domain/otp-sms.ts";
import { getUser } from "./account.ts";
import { type AppContext, changeUser, type UserRef } from "./context.ts";
import type { Details } from "./details.ts";
import { requireSelfOr } from "./permissions.ts";
import type { Caller } from "./auth-port.ts";

/** The use cases of the enrollment for one-time codes by SMS, for v1, v2 and v2beta. */

/**
 * @throws DomainError if there is no such human user, it is enrolled or never verified a number, or the caller may not
 */
export function addOtpSms(app: AppContext, caller: Caller, ref: UserRef): Promise<Details> {
  return changeUser(app, ref, (state) => {
    const user = requireHuman(state, otpSmsErrors.userMissing);
    requireSelfOr(caller, "user.credential.write", user);
    return decideAddOtpSms(user);
  });
}

/** @throws DomainError if there is no such human user, it is not enrolled, or the caller may not change it */
export function removeOtpSms(app: AppContext, caller: Caller, ref: UserRef): Promise<Details> {
  return changeUser(app, ref, (state) => {
    const user = requireHuman(state, otpSmsErrors.userMissing);
    requireSelfOr(caller, "user.write", user);
    return decideRemoveOtpSms(user);
  });
}

/** Whether the user can answer one-time codes by SMS: the only factor there is. */
export async function hasOtpSms(app: AppContext, caller: Caller, ref: UserRef): Promise<boolean> {
  return otpSmsNumber((await getUser(app, caller, ref)).state) !== undefined;
}

/**
 * Notes that the user put the enrollment off.
 * @throws DomainError if there is no such user, or the caller may not change it
 */
export function skipMfaInit(app: AppContext, caller: Caller, ref: UserRef): Promise<Details> {
  return changeUser(app, ref, (state) => {
    const user = requireUser(state, accountErrors.changeMissing);
    requireSelfOr(caller, "user.write", user);
    return decideSkipMfaInit();
  });
}
