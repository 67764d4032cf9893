/** A row of upstream's tables that no call can bring about here. */
export interface NotReachable {
  readonly row: string;
  readonly reason: string;
}

const idRule = "an empty id breaks the limit of the contract before the rule is asked";
const oldApi = "belongs to an RPC that is not served";

/** What the table of scenarios leaves out, and why. */
export const notReachable: readonly NotReachable[] = [
  { row: "v2 user id empty, COMMAND-xP292j", reason: idRule },
  { row: "v1 VerifyMyPhone without user id, COMMAND-Km9ds", reason: "a token always names a user" },
  {
    row: "v1 ResendMyPhoneVerification without user id, COMMAND-4M0ds",
    reason: "a token always names a user",
  },
  { row: "v1 RemoveMyPhone without user id, COMMAND-6M0ds", reason: "a token always names a user" },
  { row: "DeleteUser without id, COMMAND-vaipl7s13l", reason: idRule },
  { row: "UnlockUser without id, COMMAND-a9ld4xckax", reason: idRule },
  {
    row: "v1 empty number in the command, PHONE-Zt0NV",
    reason: "the contract wants a plus sign first; over v2 and v3alpha it is reached by spaces",
  },
  { row: "v1 phone object missing, PHONE-YlbwO", reason: oldApi },
  { row: "v1 empty code, COMMAND-wMe9f", reason: "the contract wants a character, and spaces are one" },
  { row: "v2 empty code, COMMAND-Fia4a", reason: "the contract wants a character, and spaces are one" },
  { row: "v2 user in state initial, COMMAND-uz0Uu", reason: "no user is ever in this state here" },
  {
    row: "unknown oneof of the verification, USERv2-Ahng0",
    reason: "a member of the oneof that is not known is an unknown field, which means that none is chosen",
  },
  {
    row: "v1 resend although there never was a code",
    reason: "a number is never unverified without a code: the two are one transaction",
  },
  {
    row: "v1 same number, declared verified",
    reason: "only management.v1 may say so, which is not served",
  },
  { row: "no code given to the comparison, CRYPT-aqrFV", reason: "a pending code always has its MAC" },
  { row: "empty alphabet of a generator, CODE-aa1wf", reason: "the generators are constants" },
  { row: "a code without expiry", reason: "both generators have one" },
  {
    row: "low-level ids CODE-woT0xc and CODE-QvUQ4P in v1 and v2",
    reason: "they are masked there; v3alpha shows them, and its scenarios too",
  },
  { row: "v3alpha no generator, COMMAND-S8kTrxy0aH", reason: "the generators are constants" },
  {
    row: "v3alpha feature off, an id that upstream never chose",
    reason: "there are no features to be switched",
  },
  {
    row: "v3alpha contact phone, COMMAND-DkQ9aurv5u and others",
    reason: oldApi,
  },
  { row: "organization of x-zitadel-orgid unknown, AUTH-Bs7Ds", reason: "the header is not read" },
  { row: "browser origin not allowed for the app, AUTH-DZG21", reason: "tokens belong to no app" },
  {
    row: "permission missing in the command, AUTH-Swrgg2 and AUTHZ-HKJD33",
    reason: "the ids of older and newer versions of the same rule; AUTH-AWfge is the one in use",
  },
  { row: "user state deactivated", reason: "DeactivateUser and ReactivateUser are not served" },
  { row: "UpdateHumanUser, USRP2-12881 and others", reason: oldApi },
  { row: "OTP SMS enrolment of v1 and v2, COMMAND-QSF2s and others", reason: oldApi },
  { row: "sessions, COMMAND-JKL3g and others", reason: oldApi },
  { row: "SMS providers and secret generators of admin.v1", reason: oldApi },
  { row: "safe: no active SMS provider", reason: "the configuration always names one" },
];
