import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { TokenService } from "../../../gen/ringback/token/v1/token_service_pb.js";
import { AuthService } from "../../../gen/zitadel/auth/v1/auth_service_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import {
  attemptsMax,
  badNumber,
  codeSent,
  deleted,
  expectPhone,
  locked,
  machine,
  minuteMs,
  recreated,
  spacedForm,
  type UserWithToken,
  withCodeOfAge,
  withCodeOfFormerNumber,
  withCodeSentBefore,
  withoutPhone,
  withPendingPhone,
  withRemovedPhone,
  withReplacedCode,
  withSentCode,
  withVerifiedPhone,
  withWrongTries,
  wrongCode,
} from "./givens.ts";
import { authenticationRows, invalid, ok, refused, rowsOf, type Scenario } from "./scenario.ts";

const { method } = AuthService;
const nothing = (): object => ({});

// ------------------------------------------------------------------------------------------ GetMyUser

const getMyUser = rowsOf("auth.v1 GetMyUser", method.getMyUser);

const readRows: readonly Scenario[] = [
  getMyUser({
    name: "a human",
    everyWay: true,
    given: withVerifiedPhone,
    caller: "self",
    input: nothing,
    expect: ({ id, number }) =>
      ok({
        user: expect.objectContaining({
          id,
          state: "USER_STATE_ACTIVE",
          userName: `${id}@example.com`,
          human: expect.objectContaining({ phone: { phone: number, isPhoneVerified: true } }),
        }),
      }),
  }),
  getMyUser({
    name: "a machine",
    given: machine,
    caller: "administrator",
    input: nothing,
    expect: ok({
      user: expect.objectContaining({ id: "administrator", machine: { name: "Administrator" } }),
    }),
  }),
  getMyUser({
    name: "a locked user",
    profile: "safe",
    given: locked,
    caller: "self",
    input: nothing,
    expect: ok({ user: expect.objectContaining({ state: "USER_STATE_LOCKED" }) }),
  }),
  getMyUser({
    name: "the user is gone",
    given: deleted,
    caller: "self",
    input: nothing,
    expect: refused(Code.NotFound, "QUERY-Dfbg2"),
  }),
  getMyUser({
    name: "a token that has expired",
    given: withExpiredToken,
    caller: "self",
    input: nothing,
    expect: refused(Code.Unauthenticated, "AUTH-7fs1e"),
  }),
  getMyUser({
    name: "a token of a deleted user whose id somebody else has since",
    everyWay: true,
    given: async (world) => {
      const user = await world.user();
      const token = await world.token(user.id);
      return { ...(await recreated(world, user)), token };
    },
    caller: "self",
    input: nothing,
    expect: refused(Code.Unauthenticated, "AUTH-7fs1e"),
  }),
  ...authenticationRows(getMyUser, {}),
];

async function withExpiredToken(world: World): Promise<UserWithToken> {
  const user = await world.user();
  const lifetime = { seconds: 60n };
  const { token } = await world.asAdmin(TokenService.method.createToken, { userId: user.id, lifetime });
  world.clock.ms += minuteMs;
  return { ...user, token };
}

// ----------------------------------------------------------------------------------------- GetMyPhone

const getMyPhone = rowsOf("auth.v1 GetMyPhone", method.getMyPhone);

const phoneRows: readonly Scenario[] = [
  getMyPhone({
    name: "an unverified number",
    everyWay: true,
    given: withPendingPhone,
    caller: "self",
    input: nothing,
    expect: ({ number }) => ok({ phone: { phone: number } }),
  }),
  getMyPhone({
    name: "a verified number",
    given: withVerifiedPhone,
    caller: "self",
    input: nothing,
    expect: ({ number }) => ok({ phone: { phone: number, isPhoneVerified: true } }),
  }),
  getMyPhone({
    name: "no number",
    given: withoutPhone,
    caller: "self",
    input: nothing,
    expect: ok({ phone: {} }),
  }),
  getMyPhone({
    name: "a number that was removed",
    given: withRemovedPhone,
    caller: "self",
    input: nothing,
    expect: ok({ phone: {} }),
  }),
  getMyPhone({
    name: "the user is gone",
    given: deleted,
    caller: "self",
    input: nothing,
    expect: refused(Code.NotFound, "QUERY-DAvb3"),
  }),
  getMyPhone({
    name: "a machine",
    given: machine,
    caller: "administrator",
    input: nothing,
    expect: refused(Code.FailedPrecondition, "QUERY-hliQl"),
  }),
  ...authenticationRows(getMyPhone, {}),
];

// ----------------------------------------------------------------------------------------- SetMyPhone

const setMyPhone = rowsOf("auth.v1 SetMyPhone", method.setMyPhone);

const setRows: readonly Scenario[] = [
  setMyPhone({
    name: "a first number",
    everyWay: true,
    given: withoutPhone,
    caller: "self",
    input: ({ number }) => ({ phone: number }),
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
    after: (user, world) => expectPhone(world, user, user.number, false),
  }),
  setMyPhone({
    name: "another number than the verified one",
    given: withVerifiedPhone,
    caller: "self",
    input: ({ otherNumber }) => ({ phone: otherNumber }),
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
    after: (user, world) => expectPhone(world, user, user.otherNumber, false),
  }),
  setMyPhone({
    name: "a number with spaces and brackets",
    given: withoutPhone,
    caller: "self",
    input: ({ number }) => ({ phone: spacedForm(number) }),
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
    after: (user, world) => expectPhone(world, user, user.number, false),
  }),
  setMyPhone({
    name: "the same number, unverified",
    everyWay: true,
    given: withPendingPhone,
    caller: "self",
    input: ({ number }) => ({ phone: number }),
    expect: refused(Code.FailedPrecondition, "COMMAND-wF94r"),
  }),
  setMyPhone({
    name: "the same number, verified, in another form",
    given: withVerifiedPhone,
    caller: "self",
    input: ({ number }) => ({ phone: spacedForm(number) }),
    expect: refused(Code.FailedPrecondition, "COMMAND-wF94r"),
  }),
  setMyPhone({
    name: "the same number again after it was removed",
    given: withRemovedPhone,
    caller: "self",
    input: ({ number }) => ({ phone: number }),
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
  }),
  setMyPhone({
    name: "a number to which an SMS went just now",
    profile: "safe",
    given: withoutPhoneAfterSms,
    caller: "self",
    input: ({ number }) => ({ phone: number }),
    expect: refused(Code.ResourceExhausted, "PHONE-w41ts", "in 30 s"),
  }),
  setMyPhone({
    name: "a number to which an SMS went just now",
    profile: "zitadel",
    given: withoutPhoneAfterSms,
    caller: "self",
    input: ({ number }) => ({ phone: number }),
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
  }),
  setMyPhone({
    name: "an empty number",
    everyWay: true,
    given: withoutPhone,
    caller: "self",
    input: () => ({ phone: "" }),
    expect: invalid("SetMyPhoneRequest.phone"),
  }),
  setMyPhone({
    name: "a number without plus sign",
    given: withoutPhone,
    caller: "self",
    input: () => ({ phone: "0791234567" }),
    expect: invalid("SetMyPhoneRequest.phone"),
  }),
  setMyPhone({
    name: "51 characters",
    given: withoutPhone,
    caller: "self",
    input: () => ({ phone: `+4179${" ".repeat(45)}1` }),
    expect: invalid("SetMyPhoneRequest.phone"),
  }),
  setMyPhone({
    name: "no number at all",
    given: withoutPhone,
    caller: "self",
    input: () => ({ phone: "+phone" }),
    expect: badNumber("This is not a phone number"),
  }),
  setMyPhone({
    name: "a country code that does not exist",
    given: withoutPhone,
    caller: "self",
    input: () => ({ phone: "+999123456789" }),
    expect: badNumber("This is not a phone number"),
  }),
  setMyPhone({
    name: "a number that is too short for its country",
    profile: "safe",
    given: withoutPhone,
    caller: "self",
    input: () => ({ phone: "+41791" }),
    expect: badNumber("its length does not fit its country"),
  }),
  setMyPhone({
    name: "a number that is too short for its country",
    profile: "zitadel",
    given: withoutPhone,
    caller: "self",
    input: () => ({ phone: "+41791" }),
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
    after: (user, world) => expectPhone(world, user, "+41791", false),
  }),
  setMyPhone({
    name: "a number with an extension",
    profile: "safe",
    given: withoutPhone,
    caller: "self",
    input: ({ number }) => ({ phone: `${number} ext. 5` }),
    expect: badNumber("with an extension cannot receive an SMS"),
  }),
  setMyPhone({
    name: "a number with an extension, which is left out",
    profile: "zitadel",
    given: withoutPhone,
    caller: "self",
    input: ({ number }) => ({ phone: `${number} ext. 5` }),
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
    after: (user, world) => expectPhone(world, user, user.number, false),
  }),
  setMyPhone({
    name: "the user is gone",
    given: deleted,
    caller: "self",
    input: ({ number }) => ({ phone: number }),
    expect: refused(Code.FailedPrecondition, "COMMAND-3M0fs"),
  }),
  setMyPhone({
    name: "a machine",
    given: machine,
    caller: "administrator",
    input: ({ number }) => ({ phone: number }),
    expect: refused(Code.FailedPrecondition, "COMMAND-3M0fs"),
  }),
  ...authenticationRows(setMyPhone, { phone: "" }),
];

/** An SMS went to this number, which another user had. */
async function withoutPhoneAfterSms(world: World): Promise<TestUser> {
  const { number } = await withSentCode(world);
  return { ...(await world.user()), number };
}

// -------------------------------------------------------------------------------------- VerifyMyPhone

const verifyMyPhone = rowsOf("auth.v1 VerifyMyPhone", method.verifyMyPhone);
const wrongOrExpired = refused(Code.InvalidArgument, "COMMAND-sM0cs", "wrong or has expired");
const noCode = refused(Code.NotFound, "COMMAND-Rsj8c");

const verifyRows: readonly Scenario[] = [
  verifyMyPhone({
    name: "the code of the SMS",
    everyWay: true,
    given: withSentCode,
    caller: "self",
    input: ({ code }) => ({ code }),
    expect: ok(),
    effect: ["user.human.phone.verified"],
    after: (user, world) => expectPhone(world, user, user.number, true),
  }),
  verifyMyPhone({
    name: "a wrong code",
    everyWay: true,
    given: withPendingPhone,
    caller: "self",
    input: () => ({ code: wrongCode }),
    expect: wrongOrExpired,
    effect: ["user.human.phone.verification.failed"],
    after: (user, world) => expectPhone(world, user, user.number, false),
  }),
  verifyMyPhone({
    name: "the right code after a wrong one",
    given: withWrongTries(1),
    caller: "self",
    input: ({ code }) => ({ code }),
    expect: ok(),
    effect: ["user.human.phone.verified"],
  }),
  verifyMyPhone({
    name: "the code in small letters",
    profile: "zitadel",
    given: withLetterInCode,
    caller: "self",
    input: ({ code }) => ({ code: code.toLowerCase() }),
    expect: wrongOrExpired,
    effect: ["user.human.phone.verification.failed"],
  }),
  verifyMyPhone({
    name: "the code between spaces",
    given: withPendingPhone,
    caller: "self",
    input: ({ code }) => ({ code: ` ${code} ` }),
    expect: wrongOrExpired,
    effect: ["user.human.phone.verification.failed"],
  }),
  verifyMyPhone({
    name: "a code that was replaced",
    given: withReplacedCode,
    caller: "self",
    input: ({ code }) => ({ code }),
    expect: wrongOrExpired,
    effect: ["user.human.phone.verification.failed"],
  }),
  verifyMyPhone({
    name: "the code of the former number",
    given: withCodeOfFormerNumber,
    caller: "self",
    input: ({ code }) => ({ code }),
    expect: wrongOrExpired,
    effect: ["user.human.phone.verification.failed"],
  }),
  ...(
    [
      ["safe", 10 * minuteMs],
      ["zitadel", 60 * minuteMs],
    ] as const
  ).flatMap(([profile, ttlMs]) => [
    verifyMyPhone({
      name: "the last moment of the code",
      profile,
      given: withCodeOfAge(ttlMs - 1),
      caller: "self",
      input: ({ code }) => ({ code }),
      expect: ok(),
      effect: ["user.human.phone.verified"],
    }),
    verifyMyPhone({
      name: "a code that has expired",
      profile,
      given: withCodeOfAge(ttlMs),
      caller: "self",
      input: ({ code }) => ({ code }),
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed"],
    }),
  ]),
  verifyMyPhone({
    name: "the right code after the last wrong try",
    profile: "safe",
    given: withWrongTries(attemptsMax),
    caller: "self",
    input: ({ code }) => ({ code }),
    expect: wrongOrExpired,
  }),
  verifyMyPhone({
    name: "the right code after many wrong tries",
    profile: "zitadel",
    given: withWrongTries(30),
    caller: "self",
    input: ({ code }) => ({ code }),
    expect: ok(),
    effect: ["user.human.phone.verified"],
  }),
  verifyMyPhone({
    name: "a locked user",
    profile: "safe",
    given: locked,
    caller: "self",
    input: ({ code }) => ({ code }),
    expect: refused(Code.FailedPrecondition, "COMMAND-S6h4R"),
  }),
  verifyMyPhone({
    name: "no number",
    given: withoutPhone,
    caller: "self",
    input: () => ({ code: wrongCode }),
    expect: noCode,
  }),
  verifyMyPhone({
    name: "the number was removed",
    given: withRemovedPhone,
    caller: "self",
    input: ({ code }) => ({ code }),
    expect: noCode,
  }),
  verifyMyPhone({
    name: "a verified number",
    given: withVerifiedPhone,
    caller: "self",
    input: () => ({ code: wrongCode }),
    expect: noCode,
  }),
  verifyMyPhone({
    name: "an empty code",
    given: withPendingPhone,
    caller: "self",
    input: () => ({ code: "" }),
    expect: invalid("VerifyMyPhoneRequest.code"),
  }),
  verifyMyPhone({
    name: "201 characters",
    given: withPendingPhone,
    caller: "self",
    input: () => ({ code: "1".repeat(201) }),
    expect: invalid("VerifyMyPhoneRequest.code"),
  }),
  verifyMyPhone({
    name: "the user is gone",
    given: deleted,
    caller: "self",
    input: () => ({ code: wrongCode }),
    expect: refused(Code.FailedPrecondition, "COMMAND-Rsj8c"),
  }),
  ...authenticationRows(verifyMyPhone, { code: "" }),
];

async function withLetterInCode(world: World): Promise<UserWithCode> {
  const user = await withPendingPhone(world);
  return /[A-Z]/.test(user.code) ? user : withLetterInCode(world);
}

// -------------------------------------------------------------------------- ResendMyPhoneVerification

const resend = rowsOf("auth.v1 ResendMyPhoneVerification", method.resendMyPhoneVerification);

const resendRows: readonly Scenario[] = [
  resend({
    name: "a number with a pending code",
    everyWay: true,
    given: withPendingPhone,
    caller: "self",
    input: nothing,
    expect: ok(),
    effect: codeSent,
  }),
  resend({
    name: "a number whose code has expired",
    given: withCodeOfAge(60 * minuteMs),
    caller: "self",
    input: nothing,
    expect: ok(),
    effect: codeSent,
  }),
  resend({
    name: "30 s after the last SMS, less a millisecond",
    profile: "safe",
    given: withCodeSentBefore(29_999),
    caller: "self",
    input: nothing,
    expect: refused(Code.ResourceExhausted, "PHONE-w41ts", "in 1 s"),
  }),
  resend({
    name: "30 s after the last SMS",
    profile: "safe",
    given: withCodeSentBefore(30_000),
    caller: "self",
    input: nothing,
    expect: ok(),
    effect: codeSent,
  }),
  resend({
    name: "just after the last SMS",
    profile: "zitadel",
    given: withSentCode,
    caller: "self",
    input: nothing,
    expect: ok(),
    effect: codeSent,
  }),
  resend({
    name: "no number",
    given: withoutPhone,
    caller: "self",
    input: nothing,
    expect: refused(Code.NotFound, "COMMAND-2b7Hf"),
  }),
  resend({
    name: "the number was removed",
    given: withRemovedPhone,
    caller: "self",
    input: nothing,
    expect: refused(Code.NotFound, "COMMAND-2b7Hf"),
  }),
  resend({
    name: "a verified number",
    given: withVerifiedPhone,
    caller: "self",
    input: nothing,
    expect: refused(Code.FailedPrecondition, "COMMAND-2M9sf"),
  }),
  resend({
    name: "the user is gone",
    given: deleted,
    caller: "self",
    input: nothing,
    expect: refused(Code.FailedPrecondition, "COMMAND-2M0fs"),
  }),
  ...authenticationRows(resend, {}),
];

// -------------------------------------------------------------------------------------- RemoveMyPhone

const remove = rowsOf("auth.v1 RemoveMyPhone", method.removeMyPhone);

const removeRows: readonly Scenario[] = [
  remove({
    name: "a verified number",
    everyWay: true,
    given: withVerifiedPhone,
    caller: "self",
    input: nothing,
    expect: ok(),
    effect: ["user.human.phone.removed"],
    after: (user, world) => expectPhone(world, user, "", false),
  }),
  remove({
    name: "a number with a pending code",
    given: withPendingPhone,
    caller: "self",
    input: nothing,
    expect: ok(),
    effect: ["user.human.phone.removed"],
  }),
  remove({
    name: "no number",
    given: withoutPhone,
    caller: "self",
    input: nothing,
    expect: refused(Code.NotFound, "COMMAND-p6rsc"),
  }),
  remove({
    name: "a number that was removed already",
    given: withRemovedPhone,
    caller: "self",
    input: nothing,
    expect: refused(Code.NotFound, "COMMAND-p6rsc"),
  }),
  remove({
    name: "the user is gone",
    given: deleted,
    caller: "self",
    input: nothing,
    expect: refused(Code.FailedPrecondition, "COMMAND-3M9fs"),
  }),
  ...authenticationRows(remove, {}),
];

export const authV1: readonly Scenario[] = [
  ...readRows,
  ...phoneRows,
  ...setRows,
  ...verifyRows,
  ...resendRows,
  ...removeRows,
];
