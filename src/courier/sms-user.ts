import type { SmsUser } from "../app/sms-port.ts";
import type { UserState } from "../domain/user-state.ts";

/** The user as far as a provider may tell of them. */
export function smsUserOf(user: UserState): SmsUser {
  return {
    id: user.id,
    organizationId: user.resourceOwner,
    userName: user.userName,
    firstName: user.profile.givenName,
    lastName: user.profile.familyName,
    nickName: user.profile.nickName,
    displayName: user.profile.displayName,
    email: user.email.address,
    isEmailVerified: user.email.isVerified,
    lastPhone: user.phone?.number ?? "",
    verifiedPhone: user.verifiedNumber ?? "",
    createdMs: user.createdMs,
    changedMs: user.changedMs,
  };
}
