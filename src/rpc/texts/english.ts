import type { MessageKey } from "../../domain/errors.ts";

/** The English sentence of every refusal and warning. `{names}` are filled from its params. */
export const english: Readonly<Record<MessageKey, string>> = {
  "Errors.Caller.Busy": "Too many calls wait for the same thing. Try again later.",
  "Errors.Caller.PermissionDenied": "You lack the permission {permission} for this.",
  "Errors.Channel.Unknown": "There is no channel {channel}. The header ringback-channel is one of {known}.",
  "Errors.Code.Alphabet": "A generator needs at least one kind of characters.",
  "Errors.Code.Length": "A code has 1 to {max} characters.",
  "Errors.Code.NotReturnable":
    "The code cannot be returned: the SMS provider makes and checks the codes. Have it sent instead.",
  "Errors.Code.NotSentYet": "The code is on its way. Try again in a moment.",
  "Errors.Code.ProviderMissing":
    "The SMS provider that made the code is not active any more. Ask for a new code.",
  "Errors.Code.ProviderUnavailable":
    "The SMS provider that checks the code cannot be asked at the moment. Try again later.",
  "Errors.Generator.NotFound":
    "There is no such generator: only codes of phones and one-time codes by SMS are drawn here.",
  "Errors.Idempotency.AnswerLost":
    "A call with this key was carried out before, and its answer can no longer be read.",
  "Errors.Idempotency.KeyInvalid":
    "The header Idempotency-Key must have 1 to {max} printable ASCII characters.",
  "Errors.Idempotency.OtherRequest":
    "The Idempotency-Key belongs to another request. Use a new key for a new request.",
  "Errors.Idempotency.TooMany":
    "Too many answers are kept for an Idempotency-Key. Try again later, or without the header.",
  "Errors.Inbox.NotActive":
    "Messages do not go to the inbox: RINGBACK_SMS names another provider, and no inbox was added to the providers.",
  "Errors.Inbox.NothingYet": "No such message arrived in time.",
  "Errors.Limit": "The field {field} is past its limit of {max}.",
  "Errors.LockoutPolicy.AlreadyExists": "The organization has a lockout policy already.",
  "Errors.LockoutPolicy.NotChanged": "The lockout policy is just this already.",
  "Errors.LockoutPolicy.NotFound": "The organization has no lockout policy of its own.",
  "Errors.Message.NotFound": "There is no such message, or it was sent too long ago.",
  "Errors.MessageText.LanguageInvalid": "{language} is not a language tag. Write it like en or de-CH.",
  "Errors.MessageText.Malformed":
    "Two braces that enclose no variable begin at {place}. Write variables like {example}.",
  "Errors.MessageText.NotFound": "No such text was set.",
  "Errors.MessageText.TooMany": "There may be {max} message texts at most.",
  "Errors.MessageText.VariableUnknown": "There is no variable {variable} in messages.",
  "Errors.NotSupported": "The field {field} is not supported: {reason}.",
  "Errors.NumberNotFinite": "The field {field} holds a number that is not finite.",
  "Errors.Organization.NotFound": "There is no such organization.",
  "Errors.Outbox.Full": "Too many messages wait to be sent. Try again later.",
  "Errors.Role.Unknown": "There is no role {role}. Known are: {known}.",
  "Errors.SMSConfig.AlreadyActive": "The SMS provider is active already.",
  "Errors.SMSConfig.AlreadyInactive": "The SMS provider is not active.",
  "Errors.SMSConfig.FormerKeyValid":
    "The former signing key is valid until {time}, and no more than two are valid at a time. Try again after that, or with an expiration_signing_key of 0s, which ends both at once.",
  "Errors.SMSConfig.InRoute": "A route names the SMS provider {name}: change the routes first.",
  "Errors.SMSConfig.NotExisting": "There is no such SMS provider.",
  "Errors.SMSConfig.OtherKind": "The SMS provider is of the kind {kind}, which cannot be changed.",
  "Errors.SMSConfig.SecretMissing": "The field {field} is missing.",
  "Errors.SMSConfig.TooMany": "There may be {max} SMS providers at most.",
  "Errors.SMSConfig.UrlInvalid":
    "The endpoint must be an https URL without user, password and fragment (http only with RINGBACK_SMS_ALLOW_PRIVATE=true).",
  "Errors.SMSRoutes.CountryUnknown":
    "There is no country {country} that has phone numbers. Write it like CH.",
  "Errors.SMSRoutes.ProviderMissing": "A route names the SMS provider {provider}, which does not exist.",
  "Errors.SMSRoutes.ProviderTwice": "A route names the SMS provider {provider} twice.",
  "Errors.Session.Expired": "The session is over.",
  "Errors.Session.NotExisting": "There is no such session.",
  "Errors.Session.Terminated": "The session was ended.",
  "Errors.Session.Token.Invalid":
    "The session token is not the present one: each change of the session brings a new one.",
  "Errors.Session.UserChange": "The user of a session cannot be changed.",
  "Errors.Session.UserInactive": "The user is not active.",
  "Errors.Store.OutcomeUnknown":
    "The store failed while it was writing, and whether this is written is not known. Look before you try again.",
  "Errors.Store.Unavailable": "The store is not available, and nothing was written. Try again later.",
  "Errors.TextNotUnicode": "The field {field} holds text that is not valid Unicode.",
  "Errors.Token.Invalid": "The token is invalid or has expired.",
  "Errors.Token.IssuerUnavailable": "The token cannot be checked: its issuer cannot be reached.",
  "Errors.User.AccessToken.ExpiryPassed": "The expiration date has passed already.",
  "Errors.User.AccessToken.NotFound": "The user has no such access token.",
  "Errors.User.AccessToken.Taken": "This access token belongs to another user already.",
  "Errors.User.AccessToken.TooMany": "A user may have {max} access tokens at most.",
  "Errors.User.AccessToken.TooManyUsers":
    "More than {max} users would have to be looked through: narrow them by user_id_filter or organization_id_filter.",
  "Errors.User.AlreadyExisting": "There is a user with this id already.",
  "Errors.User.AlreadyInactive": "The user is deactivated already.",
  "Errors.User.CannotLock": "Only an active user can be locked.",
  "Errors.User.Code.Empty": "There is no code to answer, or it was left out.",
  "Errors.User.Code.Expired": "The code has expired.",
  "Errors.User.Code.Invalid": "The code is wrong or has expired.",
  "Errors.User.Code.NotFound": "No code is waiting for an answer.",
  "Errors.User.Locked": "The user is locked.",
  "Errors.User.LoginName.Ambiguous": "Several users have this login name: name the user by id.",
  "Errors.User.MFA.OTP.AlreadyReady": "One-time codes go to this number already.",
  "Errors.User.MFA.OTP.NotExisting": "There is no such enrollment for one-time codes by SMS.",
  "Errors.User.MFA.OTP.NotReady":
    "One-time codes by SMS need a verified phone number that is enrolled for them.",
  "Errors.User.MFA.OTP.NotVerified":
    "One-time codes by SMS need a verified phone number, and the user has none.",
  "Errors.User.MFA.OTP.TooMany": "A user may have {max} registrations for one-time codes at most.",
  "Errors.User.NotFound": "There is no such user.",
  "Errors.User.NotHuman": "The user is a machine; that is for people only.",
  "Errors.User.NotInactive": "The user is not deactivated.",
  "Errors.User.NotLocked": "The user is not locked.",
  "Errors.User.NotMachine": "Only machine users have access tokens.",
  "Errors.User.Phone.AlreadyVerified": "The phone number is verified already.",
  "Errors.User.Phone.Contradiction": "An empty phone number cannot be verified.",
  "Errors.User.Phone.Empty": "The phone number is empty.",
  "Errors.User.Phone.Extension": "A phone number with an extension cannot receive an SMS.",
  "Errors.User.Phone.Impossible": "This cannot be a phone number: its length does not fit its country.",
  "Errors.User.Phone.Invalid": "This is not a phone number. Write it like +41791234567.",
  "Errors.User.Phone.NoProvider":
    "No code can be sent to this number in this way: no SMS provider is set up for that.",
  "Errors.User.Phone.NoRegion":
    "Write the phone number with its country code, like +41791234567: no default region is set.",
  "Errors.User.Phone.NotChanged": "This is the phone number that the user has already.",
  "Errors.User.Phone.NotFound": "The user has no phone number.",
  "Errors.User.Phone.Paused": "An SMS went to this number just now. Try again in {seconds} s.",
  "Errors.User.Phone.TooManySms": "No more than {max} SMS are sent within an hour. Try again in {seconds} s.",
  "Errors.User.UserIDMissing": "The session has no user yet.",
  "Errors.User.UserName.Taken": "The user name is taken; where none is given, it is the e-mail address.",
  "Warnings.Text.AndroidLength":
    "The message has {bytes} bytes: the SMS Retriever of Android finds codes in up to {max}.",
  "Warnings.Text.Letters":
    "The message takes {segments} segments, each of which is paid for. Without these letters it might take fewer: {letters}",
  "Warnings.Text.NoCode": "The text does not carry the code: it has neither {code} nor {otp}.",
  "Warnings.Text.Segments": "The message takes {segments} segments, each of which is paid for.",
};
