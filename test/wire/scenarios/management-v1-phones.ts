import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { ManagementService } from "../../../gen/zitadel/management/v1/management_service_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import {
  attemptsMax,
  badNumber,
  codeSent,
  expectPhone,
  machine,
  minuteMs,
  nobody,
  spacedForm,
  withCodeOfAge,
  withCodeSentBefore,
  withoutPhone,
  withPendingPhone,
  withRemovedPhone,
  withSentCode,
  withVerifiedPhone,
  withWrongTries,
} from "./givens.ts";
import { elsewhere, notFound, organizationRefused } from "./management-v1-rows.ts";
import {
  type CallerKind,
  invalid,
  noSuchPath,
  ok,
  permissionRows,
  refused,
  rowsOf,
  type Scenario,
} from "./scenario.ts";

/** zitadel.management.v1.ManagementService: phone numbers and factors. */

const { method } = ManagementService;
const byId = ({ id }: TestUser): { userId: string } => ({ userId: id });
const idTooLong = { userId: "x".repeat(201) };

const withOtpSms = async (world: World): Promise<UserWithCode> => {
  const user = await withVerifiedPhone(world);
  await world.asAdmin(UserService.method.addOTPSMS, { userId: user.id });
  return user;
};

const writers: readonly CallerKind[] = [
  "IAM_USER_MANAGER",
  "IAM_LOGIN_CLIENT",
  "ORG_OWNER",
  "ORG_USER_MANAGER",
];

// --------------------------------------------------------------------------------------- GetHumanPhone

const get = rowsOf("management.v1 GetHumanPhone", method.getHumanPhone);

const getRows: readonly Scenario[] = [
  get({
    name: "an unverified number",
    everyWay: true,
    given: withPendingPhone,
    caller: "ORG_OWNER_VIEWER",
    input: byId,
    expect: ({ number }) => ok({ phone: { phone: number } }),
  }),
  get({
    name: "a verified number",
    given: withVerifiedPhone,
    caller: "administrator",
    input: byId,
    expect: ({ number }) => ok({ phone: { phone: number, isPhoneVerified: true } }),
  }),
  ...[withoutPhone, withRemovedPhone].map((given) =>
    get({
      name: given === withoutPhone ? "no number" : "a number that was removed",
      given,
      caller: "administrator",
      input: byId,
      expect: ok({ phone: {} }),
    }),
  ),
  get({
    name: "a user of the organization that the header names",
    given: (world) => world.user({ phone: "verified", organizationId: "elsewhere" }),
    caller: "administrator",
    headers: elsewhere,
    input: byId,
    expect: ({ number }) => ok({ phone: { phone: number, isPhoneVerified: true } }),
  }),
  get({
    name: "a machine",
    given: machine,
    caller: "administrator",
    input: byId,
    expect: refused(Code.FailedPrecondition, "QUERY-hliQl"),
  }),
  ...notFound.map((row) => get({ ...row, input: byId, expect: refused(Code.NotFound, "QUERY-DAvb3") })),
  ...organizationRefused.map((row) => get({ ...row, input: byId })),
  get({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "" }),
    expect: invalid("GetHumanPhoneRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  get({
    name: "an id of 201 characters",
    given: nobody,
    caller: "administrator",
    input: () => idTooLong,
    expect: invalid("GetHumanPhoneRequest.user_id"),
  }),
  ...permissionRows(get, idTooLong),
];

// ------------------------------------------------------------------------------------ UpdateHumanPhone

const update = rowsOf("management.v1 UpdateHumanPhone", method.updateHumanPhone);
const toOwn = ({ id, number }: TestUser): { userId: string; phone: string } => ({
  userId: id,
  phone: number,
});
const verified = (user: TestUser) => ({ ...toOwn(user), isPhoneVerified: true });
const sameNumber = refused(Code.FailedPrecondition, "COMMAND-wF94r");

const updateRows: readonly Scenario[] = [
  update({
    name: "a code by SMS",
    everyWay: true,
    given: withoutPhone,
    caller: "administrator",
    input: toOwn,
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
    after: (user, world) => expectPhone(world, user, user.number, false),
  }),
  ...writers.map((caller) =>
    update({
      name: `verified, by ${caller}`,
      given: withoutPhone,
      caller,
      input: verified,
      expect: ok(),
      effect: ["user.human.phone.changed", "user.human.phone.verified"],
      after: (user, world) => expectPhone(world, user, user.number, true),
    }),
  ),
  update({
    name: "another number than the verified one",
    given: withVerifiedPhone,
    caller: "administrator",
    input: ({ id, otherNumber }) => ({ userId: id, phone: otherNumber }),
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
    after: (user, world) => expectPhone(world, user, user.otherNumber, false),
  }),
  update({
    name: "the same number, verified now",
    everyWay: true,
    given: withPendingPhone,
    caller: "administrator",
    input: verified,
    expect: ok(),
    effect: ["user.human.phone.verified"],
    after: (user, world) => expectPhone(world, user, user.number, true),
  }),
  update({
    name: "the same number again after it was removed",
    given: withRemovedPhone,
    caller: "administrator",
    input: toOwn,
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
  }),
  update({
    name: "the same number",
    everyWay: true,
    given: withPendingPhone,
    caller: "administrator",
    input: toOwn,
    expect: sameNumber,
  }),
  update({
    name: "the same number in another form",
    given: withPendingPhone,
    caller: "administrator",
    input: ({ id, number }) => ({ userId: id, phone: spacedForm(number) }),
    expect: sameNumber,
  }),
  update({
    name: "the same number, which is verified already",
    given: withVerifiedPhone,
    caller: "administrator",
    input: verified,
    expect: sameNumber,
  }),
  update({
    name: "what is no number",
    given: withoutPhone,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, phone: "+phone" }),
    expect: badNumber("This is not a phone number"),
  }),
  update({
    name: "a number that is too short for its country",
    profile: "safe",
    given: withoutPhone,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, phone: "+41792" }),
    expect: badNumber("its length does not fit its country"),
  }),
  update({
    name: "a number to which an SMS went just now",
    profile: "safe",
    given: async (world) => ({ ...(await world.user()), number: (await withSentCode(world)).number }),
    caller: "administrator",
    input: toOwn,
    expect: refused(Code.ResourceExhausted, "PHONE-w41ts"),
  }),
  ...[
    { name: "an empty number", phone: "" },
    { name: "a number without a plus sign", phone: "0791234567" },
    { name: "51 characters", phone: `+${"1".repeat(50)}` },
  ].map(({ name, phone }) =>
    update({
      name,
      given: withoutPhone,
      caller: "administrator",
      input: ({ id }) => ({ userId: id, phone }),
      expect: invalid("UpdateHumanPhoneRequest.phone"),
    }),
  ),
  update({
    name: "50 characters",
    given: withoutPhone,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, phone: `+${"1".repeat(49)}` }),
    expect: badNumber(""),
  }),
  update({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: ({ number }) => ({ userId: "", phone: number }),
    expect: invalid("UpdateHumanPhoneRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  ...notFound.map((row) =>
    update({ ...row, input: toOwn, expect: refused(Code.FailedPrecondition, "COMMAND-3M0fs") }),
  ),
  update({
    name: "a machine",
    given: machine,
    caller: "administrator",
    input: toOwn,
    expect: refused(Code.FailedPrecondition, "COMMAND-3M0fs"),
  }),
  ...organizationRefused.map((row) => update({ ...row, input: toOwn })),
  ...permissionRows(update, { ...idTooLong, phone: "" }, "ORG_OWNER_VIEWER"),
];

// ------------------------------------------------------------------------ ResendHumanPhoneVerification

const resend = rowsOf("management.v1 ResendHumanPhoneVerification", method.resendHumanPhoneVerification);

const resendRows: readonly Scenario[] = [
  resend({
    name: "by SMS",
    everyWay: true,
    given: withPendingPhone,
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: codeSent,
  }),
  ...writers.map((caller) =>
    resend({
      name: `by ${caller}`,
      given: withPendingPhone,
      caller,
      input: byId,
      expect: ok(),
      effect: codeSent,
    }),
  ),
  resend({
    name: "after the code has expired",
    given: withCodeOfAge(60 * minuteMs),
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: codeSent,
  }),
  resend({
    name: "after too many wrong tries",
    profile: "safe",
    given: withWrongTries(attemptsMax),
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: codeSent,
  }),
  resend({
    name: "29.999 s after the last SMS",
    profile: "safe",
    given: withCodeSentBefore(29_999),
    caller: "administrator",
    input: byId,
    expect: refused(Code.ResourceExhausted, "PHONE-w41ts", "in 1 s"),
  }),
  resend({
    name: "30 s after the last SMS",
    profile: "safe",
    given: withCodeSentBefore(30_000),
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: codeSent,
  }),
  resend({
    name: "just after the last SMS",
    profile: "zitadel",
    given: withSentCode,
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: codeSent,
  }),
  ...[withoutPhone, withRemovedPhone].map((given) =>
    resend({
      name: given === withoutPhone ? "no number" : "the number was removed",
      given,
      caller: "administrator",
      input: byId,
      expect: refused(Code.NotFound, "COMMAND-2b7Hf"),
    }),
  ),
  resend({
    name: "a verified number",
    given: withVerifiedPhone,
    caller: "administrator",
    input: byId,
    expect: refused(Code.FailedPrecondition, "COMMAND-2M9sf"),
  }),
  ...notFound.map((row) =>
    resend({ ...row, input: byId, expect: refused(Code.FailedPrecondition, "COMMAND-2M0fs") }),
  ),
  ...organizationRefused.map((row) => resend({ ...row, input: byId })),
  resend({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "" }),
    expect: invalid("ResendHumanPhoneVerificationRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  ...permissionRows(resend, idTooLong, "ORG_OWNER_VIEWER"),
];

// ------------------------------------------------------------------------------------ RemoveHumanPhone

const remove = rowsOf("management.v1 RemoveHumanPhone", method.removeHumanPhone);

const removeRows: readonly Scenario[] = [
  remove({
    name: "a verified number",
    everyWay: true,
    given: withVerifiedPhone,
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: ["user.human.phone.removed"],
    after: (user, world) => expectPhone(world, user, "", false),
  }),
  ...writers.map((caller) =>
    remove({
      name: `an unverified number, by ${caller}`,
      given: withPendingPhone,
      caller,
      input: byId,
      expect: ok(),
      effect: ["user.human.phone.removed"],
    }),
  ),
  remove({
    name: "the enrollment for one-time codes goes too",
    given: withOtpSms,
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: ["user.human.phone.removed"],
    after: expectFactors([]),
  }),
  ...[withoutPhone, withRemovedPhone].map((given) =>
    remove({
      name: given === withoutPhone ? "no number" : "the number was removed already",
      given,
      caller: "administrator",
      input: byId,
      expect: refused(Code.NotFound, "COMMAND-p6rsc"),
    }),
  ),
  ...notFound.map((row) =>
    remove({ ...row, input: byId, expect: refused(Code.FailedPrecondition, "COMMAND-3M9fs") }),
  ),
  ...organizationRefused.map((row) => remove({ ...row, input: byId })),
  remove({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "" }),
    expect: invalid("RemoveHumanPhoneRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  ...permissionRows(remove, idTooLong, "ORG_OWNER_VIEWER"),
];

// -------------------------------------------------------------------------------- ListHumanAuthFactors

const list = rowsOf("management.v1 ListHumanAuthFactors", method.listHumanAuthFactors);
const otpSms = { state: "AUTH_FACTOR_STATE_READY", otpSms: {} };

const listRows: readonly Scenario[] = [
  list({
    name: "enrolled for one-time codes by SMS",
    everyWay: true,
    given: withOtpSms,
    caller: "ORG_OWNER_VIEWER",
    input: byId,
    expect: ok({ result: [otpSms] }),
  }),
  list({
    name: "not enrolled",
    given: withVerifiedPhone,
    caller: "administrator",
    input: byId,
    expect: ok(),
  }),
  list({ name: "a machine", given: machine, caller: "administrator", input: byId, expect: ok() }),
  ...notFound.map((row) => list({ ...row, input: byId, expect: refused(Code.NotFound, "QUERY-Dfbg2") })),
  ...organizationRefused.map((row) => list({ ...row, input: byId })),
  list({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "" }),
    expect: invalid("ListHumanAuthFactorsRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  ...permissionRows(list, idTooLong),
];

// ------------------------------------------------------------------------- RemoveHumanAuthFactorOTPSMS

const unenroll = rowsOf("management.v1 RemoveHumanAuthFactorOTPSMS", method.removeHumanAuthFactorOTPSMS);

const unenrollRows: readonly Scenario[] = [
  ...(["administrator", ...writers] as const).map((caller) =>
    unenroll({
      name: `by ${caller}`,
      ...(caller === "administrator" ? { everyWay: true } : {}),
      given: withOtpSms,
      caller,
      input: byId,
      expect: ok(),
      effect: ["user.human.mfa.otp.sms.removed"],
      after: expectFactors([]),
    }),
  ),
  unenroll({
    name: "not enrolled",
    given: withVerifiedPhone,
    caller: "administrator",
    input: byId,
    expect: refused(Code.NotFound, "COMMAND-Sr3h3"),
  }),
  unenroll({
    name: "twice",
    given: async (world) => {
      const user = await withOtpSms(world);
      await world.asAdmin(method.removeHumanAuthFactorOTPSMS, byId(user));
      return user;
    },
    caller: "administrator",
    input: byId,
    expect: refused(Code.NotFound, "COMMAND-Sr3h3"),
  }),
  ...notFound.map((row) => unenroll({ ...row, input: byId, expect: refused(Code.NotFound, "OTPSMS-u7Nfd") })),
  ...organizationRefused.map((row) => unenroll({ ...row, input: byId })),
  unenroll({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "" }),
    expect: invalid("RemoveHumanAuthFactorOTPSMSRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  ...permissionRows(unenroll, idTooLong, "ORG_OWNER_VIEWER"),
];

function expectFactors(expected: readonly object[]) {
  return async ({ id }: TestUser, world: World): Promise<void> => {
    const { result } = await world.asAdmin(method.listHumanAuthFactors, { userId: id });
    expect(result).toEqual(expected);
  };
}

export const managementV1Phones: readonly Scenario[] = [
  ...getRows,
  ...updateRows,
  ...resendRows,
  ...removeRows,
  ...listRows,
  ...unenrollRows,
];
