/** The kinds of refusal, named as gRPC names them. */
export type ErrorKind =
  | "invalid_argument"
  | "failed_precondition"
  | "not_found"
  | "already_exists"
  | "permission_denied"
  | "unauthenticated"
  | "resource_exhausted"
  | "deadline_exceeded"
  | "unavailable";

/** What a refusal or a warning says to a person; the sentence for each key is chosen where the answer is written. */
export type MessageKey =
  | "Errors.Caller.Busy"
  | "Errors.Caller.PermissionDenied"
  | "Errors.Channel.Unknown"
  | "Errors.Code.Alphabet"
  | "Errors.Code.Length"
  | "Errors.Code.NotReturnable"
  | "Errors.Code.NotSentYet"
  | "Errors.Code.ProviderMissing"
  | "Errors.Code.ProviderUnavailable"
  | "Errors.Generator.NotFound"
  | "Errors.Idempotency.AnswerLost"
  | "Errors.Idempotency.KeyInvalid"
  | "Errors.Idempotency.OtherRequest"
  | "Errors.Idempotency.TooMany"
  | "Errors.Inbox.NotActive"
  | "Errors.Inbox.NothingYet"
  | "Errors.Limit"
  | "Errors.LockoutPolicy.AlreadyExists"
  | "Errors.LockoutPolicy.NotChanged"
  | "Errors.LockoutPolicy.NotFound"
  | "Errors.Message.NotFound"
  | "Errors.MessageText.LanguageInvalid"
  | "Errors.MessageText.Malformed"
  | "Errors.MessageText.NotFound"
  | "Errors.MessageText.TooMany"
  | "Errors.MessageText.VariableUnknown"
  | "Errors.NotSupported"
  | "Errors.NumberNotFinite"
  | "Errors.Organization.NotFound"
  | "Errors.Outbox.Full"
  | "Errors.Role.Unknown"
  | "Errors.SMSConfig.AlreadyActive"
  | "Errors.SMSConfig.AlreadyInactive"
  | "Errors.SMSConfig.FormerKeyValid"
  | "Errors.SMSConfig.InRoute"
  | "Errors.SMSConfig.NotExisting"
  | "Errors.SMSConfig.OtherKind"
  | "Errors.SMSConfig.SecretMissing"
  | "Errors.SMSConfig.TooMany"
  | "Errors.SMSConfig.UrlInvalid"
  | "Errors.SMSRoutes.CountryUnknown"
  | "Errors.SMSRoutes.ProviderMissing"
  | "Errors.SMSRoutes.ProviderTwice"
  | "Errors.Session.Expired"
  | "Errors.Session.NotExisting"
  | "Errors.Session.Terminated"
  | "Errors.Session.Token.Invalid"
  | "Errors.Session.UserChange"
  | "Errors.Session.UserInactive"
  | "Errors.Store.OutcomeUnknown"
  | "Errors.Store.Unavailable"
  | "Errors.TextNotUnicode"
  | "Errors.Token.Invalid"
  | "Errors.Token.IssuerUnavailable"
  | "Errors.User.AccessToken.ExpiryPassed"
  | "Errors.User.AccessToken.NotFound"
  | "Errors.User.AccessToken.Taken"
  | "Errors.User.AccessToken.TooMany"
  | "Errors.User.AccessToken.TooManyUsers"
  | "Errors.User.AlreadyExisting"
  | "Errors.User.AlreadyInactive"
  | "Errors.User.CannotLock"
  | "Errors.User.Code.Empty"
  | "Errors.User.Code.Expired"
  | "Errors.User.Code.Invalid"
  | "Errors.User.Code.NotFound"
  | "Errors.User.Locked"
  | "Errors.User.MFA.OTP.AlreadyReady"
  | "Errors.User.LoginName.Ambiguous"
  | "Errors.User.MFA.OTP.NotExisting"
  | "Errors.User.MFA.OTP.NotReady"
  | "Errors.User.MFA.OTP.NotVerified"
  | "Errors.User.MFA.OTP.TooMany"
  | "Errors.User.NotFound"
  | "Errors.User.NotHuman"
  | "Errors.User.NotInactive"
  | "Errors.User.NotLocked"
  | "Errors.User.NotMachine"
  | "Errors.User.Phone.AlreadyVerified"
  | "Errors.User.Phone.Contradiction"
  | "Errors.User.Phone.Empty"
  | "Errors.User.Phone.Extension"
  | "Errors.User.Phone.Impossible"
  | "Errors.User.Phone.Invalid"
  | "Errors.User.Phone.NoProvider"
  | "Errors.User.Phone.NoRegion"
  | "Errors.User.Phone.NotChanged"
  | "Errors.User.Phone.NotFound"
  | "Errors.User.Phone.Paused"
  | "Errors.User.Phone.TooManySms"
  | "Errors.User.UserIDMissing"
  | "Errors.User.UserName.Taken"
  | "Warnings.Text.AndroidLength"
  | "Warnings.Text.Letters"
  | "Warnings.Text.NoCode"
  | "Warnings.Text.Segments";

/** One rule that refuses: what a program acts on (`kind`, `id`), what a person reads (`key`). */
export interface Refusal {
  readonly kind: ErrorKind;
  /** Stable id; ZITADEL's where it has one for the rule. */
  readonly id: string;
  readonly key: MessageKey;
}

export function refusal(kind: ErrorKind, id: string, key: MessageKey): Refusal {
  return { kind, id, key };
}

/** A command was refused. Nothing here is secret: all of it reaches the caller, except `cause`. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly refusal: Refusal;
  /** Fill the `{names}` in the sentence. */
  readonly params: Readonly<Record<string, string>>;

  constructor(rule: Refusal, params: Readonly<Record<string, string>> = {}, cause?: unknown) {
    super(`${rule.key} (${rule.id})`, { cause });
    this.refusal = rule;
    this.params = params;
  }
}
