/** Rows of upstream's error tables that no call can bring about here, and why. */
export interface NotReachable {
  readonly reason: string;
  /** The fields, one a method, whose limit in the contract refuses first: this is tried instead. */
  readonly limits?: readonly string[];
  /** Keys of error rows. */
  readonly rows: readonly string[];
}

export const notReachable: readonly NotReachable[] = [
  {
    reason: "an empty id breaks the limit of the contract before the rule is asked",
    limits: ["user_id", "id"],
    rows: [
      "v1 resend: no user id",
      "v1 remove: no user id",
      "v2 phone: no user id",
      "OTP SMS: enroll: no user id",
      "OTP SMS: remove: no user id",
      "v3alpha: set: no id",
      "v3alpha: verify: no id",
      "v3alpha: resend: no id",
      "life cycle: lock: no id",
      "life cycle: unlock: no id",
      "life cycle: deactivate: no id",
      "life cycle: reactivate: no id",
      "life cycle: delete: no id",
      "SMS provider: update Twilio: no id",
      "SMS provider: update token: no id",
      "SMS provider: update HTTP: no id",
      "SMS provider: activate: no id",
      "SMS provider: deactivate: no id",
      "SMS provider: remove: no id",
    ],
  },
  {
    reason: "an empty code breaks the limit of the contract before the rule is asked",
    limits: ["code", "verification_code", "checks.otp_sms.code"],
    rows: ["v1 verify: empty code", "v2 phone: verify: empty code", "session: check: empty code"],
  },
  {
    reason: "the type 0 breaks the limit of the contract before the rule is asked",
    limits: ["generator_type"],
    rows: ["secret generator: no type"],
  },
  {
    reason: "the contract wants a plus sign first, so nothing of it is empty",
    limits: ["phone", "phone.phone"],
    rows: ["number: empty, v1"],
  },
  {
    reason: "a token always names a user",
    rows: [
      "v1 verify: no user id",
      "v1 resend: no user id, own",
      "v1 remove: no user id, own",
      "OTP SMS: enroll: no user id, own",
      "OTP SMS: remove: no user id, own",
    ],
  },
  {
    reason: "a number is a field of the request itself, and a new user without a phone has none",
    rows: ["number: no phone object, v1"],
  },
  {
    reason: "no user is ever in this state",
    rows: ["v2 phone: user in state initial", "life cycle: deactivate: user in state initial"],
  },
  {
    reason: "a member of the oneof that is not known is an unknown field, which means that none is chosen",
    rows: ["v2 phone: set: unknown verification"],
  },
  { reason: "a pending code always has its MAC", rows: ["code: none to compare with"] },
  { reason: "an id of older versions only", rows: ["OTP SMS: enroll: of another user"] },
  { reason: "there are no features to be switched", rows: ["v3alpha: feature off"] },
  { reason: "these methods are served", rows: ["v3alpha: no handler"] },
  { reason: "each generator has a default", rows: ["v3alpha: no generator"] },
  { reason: "tokens belong to no app", rows: ["caller: browser origin of another app"] },
  {
    reason: "the rule has one id in all commands, AUTH-AWfge",
    rows: [
      "caller: permission missing, in another command",
      "caller: permission missing, in a newer command",
    ],
  },
  {
    reason:
      "no rule that is reached is of this kind; its status is asserted in test/unit/server-rest.test.ts",
    rows: [
      "kind: DeadlineExceeded",
      "kind: Unavailable",
      "kind: Unimplemented",
      "kind: Internal",
      "kind: anything else",
    ],
  },
  {
    reason: "an SMS is sent after the answer, which does not tell of it",
    rows: [
      "sending: no provider: handler",
      "sending: no provider: phone",
      "sending: no provider: channel",
      "sending: HTTP provider refuses",
    ],
  },
  {
    reason:
      "Twilio Verify is at an address of its own: test/sms/ and test/unit/provider-codes.test.ts speak for it",
    rows: [
      "sending: Twilio Verify: expired",
      "sending: Twilio Verify: too many tries",
      "sending: Twilio Verify: error",
      "sending: Twilio Verify: another status",
      "sending: Twilio Verify: provider inactive",
      "sending: Twilio Verify: no service",
      "sending: Twilio Verify: code to be returned",
    ],
  },
];
