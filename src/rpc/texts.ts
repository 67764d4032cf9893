import type { MessageKey } from "../domain/errors.ts";

/** The English sentence of every refusal. `{names}` are filled from the refusal's params. */
export const english: Readonly<Record<MessageKey, string>> = {
  "Errors.Caller.Busy": "Too many calls wait for the same thing. Try again later.",
  "Errors.Caller.PermissionDenied": "You lack the permission {permission} for this.",
  "Errors.Inbox.NotActive": "Messages do not go to the inbox: RINGBACK_SMS names another provider.",
  "Errors.Inbox.NothingYet": "No such message arrived in time.",
  "Errors.NotSupported": "The field {field} is not supported: {reason}.",
  "Errors.Outbox.Full": "Too many messages wait to be sent. Try again later.",
  "Errors.Role.Unknown": "There is no role {role}. Known are: {known}.",
  "Errors.Store.OutcomeUnknown":
    "The store failed while it was writing, and whether this is written is not known. Look before you try again.",
  "Errors.Store.Unavailable": "Nothing could be written: the store is not available. Try again later.",
  "Errors.Token.Invalid": "The token is invalid or has expired.",
  "Errors.Token.IssuerUnavailable": "The token cannot be checked: its issuer cannot be reached.",
  "Errors.User.AlreadyExisting": "There is a user with this id already.",
  "Errors.User.Code.Empty": "There is no code to answer, or it was left out.",
  "Errors.User.Code.Expired": "The code has expired.",
  "Errors.User.Code.Invalid": "The code is wrong or has expired.",
  "Errors.User.Code.NotFound": "No code is waiting for an answer.",
  "Errors.User.Locked": "The user is locked.",
  "Errors.User.MFA.OTP.AlreadyReady": "This number is registered for one-time codes already.",
  "Errors.User.MFA.OTP.NotExisting": "There is no such registration for one-time codes.",
  "Errors.User.MFA.OTP.TooMany": "A user may have {max} registrations for one-time codes at most.",
  "Errors.User.NotFound": "There is no such user.",
  "Errors.User.NotHuman": "The user is a machine; only people have phones here.",
  "Errors.User.NotLocked": "The user is not locked.",
  "Errors.User.Phone.AlreadyVerified": "The phone number is verified already.",
  "Errors.User.Phone.Empty": "The phone number is empty.",
  "Errors.User.Phone.Extension": "A phone number with an extension cannot receive an SMS.",
  "Errors.User.Phone.Impossible": "This cannot be a phone number: its length does not fit its country.",
  "Errors.User.Phone.Invalid": "This is not a phone number. Write it like +41791234567.",
  "Errors.User.Phone.NoRegion":
    "Write the phone number with its country code, like +41791234567: no default region is set.",
  "Errors.User.Phone.NotChanged": "This is the phone number that the user has already.",
  "Errors.User.Phone.NotFound": "The user has no phone number.",
  "Errors.User.Phone.Paused": "An SMS went to this number just now. Try again in {seconds} seconds.",
  "Errors.User.UserName.Taken": "The user name is taken.",
};

/** @returns the sentence, with its names filled in */
export function sentence(key: MessageKey, params: Readonly<Record<string, string>>): string {
  return english[key].replace(/\{(\w+)\}/g, (whole, name: string) => params[name] ?? whole);
}
