import { Code } from "@connectrpc/connect";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as BetaUserService } from "../../../gen/zitadel/user/v2beta/user_service_pb.js";
import type { TestUser } from "../../support/wire-world.ts";
import {
  attemptsMax,
  badNumber,
  bracketedForm,
  codeSent,
  deactivated,
  deleted,
  expectPhone,
  locked,
  machine,
  minuteMs,
  nationalForm,
  nobody,
  phoneCode,
  smsPerHour,
  spacedForm,
  withCodeOfAge,
  withCodeOfFormerNumber,
  withCodeSentBefore,
  withoutPhone,
  withPendingPhone,
  withRemovedPhone,
  withReplacedCode,
  withSentCode,
  withSmsOfAlmostAnHourAgo,
  withSmsSent,
  withVerifiedPhone,
  withWrongCodesInARow,
  withWrongTries,
  wrongCode,
} from "./givens.ts";
import type { EitherService } from "./either-service.ts";
import { authenticationRows, invalid, noSuchPath, ok, refused, rowsOf, type Scenario } from "./scenario.ts";

/** zitadel.user.v2.UserService and its beta: phone numbers. */

type Methods = EitherService<typeof UserService, typeof BetaUserService>;

const byId = ({ id }: TestUser): { userId: string } => ({ userId: id });
const returnCode = { case: "returnCode", value: {} } as const;
const sendCode = { case: "sendCode", value: {} } as const;
const isVerified = { case: "isVerified", value: true } as const;

const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");
const userMissing = refused(Code.NotFound, "COMMAND-ieJ2e");

// -------------------------------------------------------------------------------------------- SetPhone

const toOwn = ({ id, number }: TestUser): { userId: string; phone: string } => ({
  userId: id,
  phone: number,
});
const sameNumber = refused(Code.FailedPrecondition, "COMMAND-Uch5e");

function setRows(service: string, { setPhone }: Methods): readonly Scenario[] {
  const set = rowsOf(`${service} SetPhone`, setPhone);
  return [
    set({
      name: "a code by SMS, for oneself",
      everyWay: true,
      given: withoutPhone,
      caller: "self",
      input: (user) => ({ ...toOwn(user), verification: sendCode }),
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
      after: (user, world) => expectPhone(world, user, user.number, false),
    }),
    set({
      name: "no word of the verification",
      given: withoutPhone,
      caller: "self",
      input: toOwn,
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
    }),
    set({
      name: "a returned code",
      everyWay: true,
      given: withoutPhone,
      caller: "administrator",
      input: (user) => ({ ...toOwn(user), verification: returnCode }),
      expect: (_, world) => ok({ verificationCode: phoneCode(world) }),
      effect: ["user.human.phone.changed", "user.human.phone.code.added"],
    }),
    set({
      name: "a returned code, for oneself",
      given: withoutPhone,
      caller: "self",
      input: (user) => ({ ...toOwn(user), verification: returnCode }),
      expect: lacksPermission,
    }),
    set({
      name: "verified, by the administrator",
      given: withoutPhone,
      caller: "administrator",
      input: (user) => ({ ...toOwn(user), verification: isVerified }),
      expect: ok(),
      effect: ["user.human.phone.changed", "user.human.phone.verified"],
      after: (user, world) => expectPhone(world, user, user.number, true),
    }),
    set({
      name: "verified, by oneself",
      given: withoutPhone,
      caller: "self",
      input: (user) => ({ ...toOwn(user), verification: isVerified }),
      expect: lacksPermission,
    }),
    set({
      name: "another number than the verified one",
      given: withVerifiedPhone,
      caller: "self",
      input: ({ id, otherNumber }) => ({ userId: id, phone: otherNumber }),
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
      after: (user, world) => expectPhone(world, user, user.otherNumber, false),
    }),
    ...(["IAM_USER_MANAGER", "IAM_LOGIN_CLIENT", "ORG_OWNER", "ORG_USER_MANAGER"] as const).map((role) =>
      set({
        name: `by ${role}`,
        given: withoutPhone,
        caller: role,
        input: (user) => ({ ...toOwn(user), verification: isVerified }),
        expect: ok(),
        effect: ["user.human.phone.changed", "user.human.phone.verified"],
      }),
    ),
    ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
      set({ name: `by ${caller}`, given: withoutPhone, caller, input: toOwn, expect: lacksPermission }),
    ),
    set({
      name: "the same number",
      everyWay: true,
      given: withPendingPhone,
      caller: "self",
      input: toOwn,
      expect: sameNumber,
    }),
    set({
      name: "the same number in another form",
      given: withVerifiedPhone,
      caller: "self",
      input: ({ id, number }) => ({ userId: id, phone: spacedForm(number) }),
      expect: sameNumber,
    }),
    set({
      name: "the same number, verified now",
      given: withPendingPhone,
      caller: "administrator",
      input: (user) => ({ ...toOwn(user), verification: isVerified }),
      expect: sameNumber,
    }),
    set({
      name: "the same number again after it was removed",
      given: withRemovedPhone,
      caller: "self",
      input: toOwn,
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
    }),
    set({
      name: "of a deactivated user",
      given: deactivated,
      caller: "administrator",
      input: toOwn,
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
    }),
    set({
      name: "by a deactivated user",
      given: deactivated,
      caller: "self",
      input: toOwn,
      expect: refused(Code.Unauthenticated, "AUTH-7fs1e"),
    }),
    set({
      name: "a number in national form",
      profile: "zitadel",
      given: withoutPhone,
      caller: "self",
      input: ({ id, number }) => ({ userId: id, phone: nationalForm(number) }),
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
      after: (user, world) => expectPhone(world, user, user.number, false),
    }),
    set({
      name: "a number with brackets and a full-width plus",
      given: withoutPhone,
      caller: "self",
      input: ({ id, number }) => ({ userId: id, phone: bracketedForm(number) }),
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
      after: (user, world) => expectPhone(world, user, user.number, false),
    }),
    set({
      name: "a number in national form",
      profile: "safe",
      given: withoutPhone,
      caller: "self",
      input: ({ id, number }) => ({ userId: id, phone: nationalForm(number) }),
      expect: badNumber("no default region is set"),
    }),
    set({
      name: "a number that is too short for its country",
      profile: "safe",
      given: withoutPhone,
      caller: "self",
      input: ({ id }) => ({ userId: id, phone: "+41792" }),
      expect: badNumber("its length does not fit its country"),
    }),
    set({
      name: "a number that is too short for its country",
      profile: "zitadel",
      given: withoutPhone,
      caller: "self",
      input: ({ id }) => ({ userId: id, phone: "+41792" }),
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
    }),
    set({
      name: "the tenth SMS within an hour",
      profile: "safe",
      given: withSmsSent(smsPerHour - 1),
      caller: "self",
      input: toOwn,
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
    }),
    set({
      name: "one SMS too many within an hour",
      profile: "safe",
      everyWay: true,
      given: withSmsSent(smsPerHour),
      caller: "self",
      input: toOwn,
      expect: refused(
        Code.ResourceExhausted,
        "PHONE-h4Ur1",
        "No more than 10 SMS are sent within an hour. Try again in 3600 s",
      ),
    }),
    set({
      name: "one SMS too many within an hour, for an administrator",
      profile: "safe",
      given: withSmsOfAlmostAnHourAgo,
      caller: "administrator",
      input: toOwn,
      expect: refused(Code.ResourceExhausted, "PHONE-h4Ur1", "in 1 s"),
    }),
    set({
      name: "one SMS too many within an hour",
      profile: "zitadel",
      given: withSmsSent(smsPerHour),
      caller: "self",
      input: toOwn,
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
    }),
    set({
      name: "a code that is returned, after all SMS of an hour",
      given: withSmsSent(smsPerHour),
      caller: "administrator",
      input: (user) => ({ ...toOwn(user), verification: returnCode }),
      expect: (_, world) => ok({ verificationCode: phoneCode(world) }),
      effect: ["user.human.phone.changed", "user.human.phone.code.added"],
    }),
    set({
      name: "an extension",
      profile: "safe",
      given: withoutPhone,
      caller: "self",
      input: ({ id, number }) => ({ userId: id, phone: `${number};ext=5` }),
      expect: badNumber("with an extension cannot receive an SMS"),
    }),
    set({
      name: "what is no number",
      given: withoutPhone,
      caller: "self",
      input: ({ id }) => ({ userId: id, phone: "+phone" }),
      expect: badNumber("This is not a phone number"),
    }),
    set({
      name: "spaces",
      given: withoutPhone,
      caller: "self",
      input: ({ id }) => ({ userId: id, phone: "   " }),
      expect: refused(Code.InvalidArgument, "PHONE-Zt0NV"),
    }),
    set({
      name: "an empty number",
      everyWay: true,
      given: withoutPhone,
      caller: "self",
      input: ({ id }) => ({ userId: id, phone: "" }),
      expect: invalid("SetPhoneRequest.phone"),
    }),
    set({
      name: "201 characters",
      given: withoutPhone,
      caller: "self",
      input: ({ id }) => ({ userId: id, phone: "1".repeat(201) }),
      expect: invalid("SetPhoneRequest.phone"),
    }),
    set({
      name: "not verified, although it says how",
      given: withoutPhone,
      caller: "administrator",
      input: (user) => ({ ...toOwn(user), verification: { case: "isVerified", value: false } }),
      expect: invalid("SetPhoneRequest.is_verified"),
    }),
    set({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: ({ number }) => ({ userId: "", phone: number }),
      expect: invalid("SetPhoneRequest.user_id"),
      expectOfRest: noSuchPath,
    }),
    set({
      name: "nobody has the id",
      given: nobody,
      caller: "administrator",
      input: toOwn,
      expect: userMissing,
    }),
    set({
      name: "a deleted user",
      given: deleted,
      caller: "administrator",
      input: toOwn,
      expect: userMissing,
    }),
    set({ name: "a machine", given: machine, caller: "administrator", input: toOwn, expect: userMissing }),
    set({
      name: "the user is looked for before the permission",
      given: nobody,
      caller: "other",
      input: toOwn,
      expect: userMissing,
    }),
    set({
      name: "the permission is looked at before the number",
      given: withoutPhone,
      caller: "other",
      input: ({ id }) => ({ userId: id, phone: "phone" }),
      expect: lacksPermission,
    }),
    set({
      name: "another number within 30 s of the last SMS",
      given: withSentCode,
      caller: "self",
      input: ({ id, otherNumber }) => ({ userId: id, phone: otherNumber }),
      expect: ok(),
      effect: ["user.human.phone.changed", ...codeSent],
    }),
    ...authenticationRows(set, { userId: "x", phone: "" }),
  ];
}

// ------------------------------------------------------------------------------------- ResendPhoneCode

const noPendingCode = refused(Code.FailedPrecondition, "PHONE-5xrra88eq8");

function resendRows(service: string, { resendPhoneCode }: Methods): readonly Scenario[] {
  const resend = rowsOf(`${service} ResendPhoneCode`, resendPhoneCode);
  return [
    resend({
      name: "by SMS",
      everyWay: true,
      given: withPendingPhone,
      caller: "self",
      input: (user) => ({ ...byId(user), verification: sendCode }),
      expect: ok(),
      effect: codeSent,
    }),
    resend({
      name: "no word of how",
      given: withPendingPhone,
      caller: "administrator",
      input: byId,
      expect: ok(),
      effect: codeSent,
    }),
    resend({
      name: "returned",
      given: withPendingPhone,
      caller: "administrator",
      input: (user) => ({ ...byId(user), verification: returnCode }),
      expect: (_, world) => ok({ verificationCode: phoneCode(world) }),
      effect: ["user.human.phone.code.added"],
    }),
    resend({
      name: "returned, for oneself",
      given: withPendingPhone,
      caller: "self",
      input: (user) => ({ ...byId(user), verification: returnCode }),
      expect: lacksPermission,
    }),
    resend({
      name: "after the code has expired",
      given: withCodeOfAge(60 * minuteMs),
      caller: "self",
      input: byId,
      expect: ok(),
      effect: codeSent,
    }),
    resend({
      name: "after too many wrong tries",
      profile: "safe",
      given: withWrongTries(attemptsMax),
      caller: "self",
      input: byId,
      expect: ok(),
      effect: codeSent,
    }),
    resend({
      name: "10.001 s after the last SMS",
      profile: "safe",
      given: withCodeSentBefore(10_001),
      caller: "self",
      input: byId,
      expect: refused(Code.ResourceExhausted, "PHONE-w41ts", "in 20 s"),
    }),
    resend({
      name: "after all SMS of an hour",
      profile: "safe",
      given: withSmsOfAlmostAnHourAgo,
      caller: "self",
      input: byId,
      expect: refused(Code.ResourceExhausted, "PHONE-h4Ur1", "in 1 s"),
    }),
    resend({
      name: "returned, just after the last SMS",
      given: withSentCode,
      caller: "administrator",
      input: (user) => ({ ...byId(user), verification: returnCode }),
      expect: (_, world) => ok({ verificationCode: phoneCode(world) }),
      effect: ["user.human.phone.code.added"],
    }),
    resend({
      name: "30 s after the last SMS",
      profile: "safe",
      given: withCodeSentBefore(30_000),
      caller: "self",
      input: byId,
      expect: ok(),
      effect: codeSent,
    }),
    resend({
      name: "just after the last SMS",
      profile: "zitadel",
      given: withSentCode,
      caller: "self",
      input: byId,
      expect: ok(),
      effect: codeSent,
    }),
    resend({
      name: "a verified number",
      given: withVerifiedPhone,
      caller: "self",
      input: byId,
      expect: noPendingCode,
    }),
    resend({ name: "no number", given: withoutPhone, caller: "self", input: byId, expect: noPendingCode }),
    resend({
      name: "the number was removed",
      given: withRemovedPhone,
      caller: "self",
      input: byId,
      expect: noPendingCode,
    }),
    resend({
      name: "by another user",
      given: withPendingPhone,
      caller: "other",
      input: byId,
      expect: lacksPermission,
    }),
    resend({
      name: "nobody has the id",
      given: nobody,
      caller: "administrator",
      input: byId,
      expect: userMissing,
    }),
    resend({
      name: "a deleted user",
      given: deleted,
      caller: "administrator",
      input: byId,
      expect: userMissing,
    }),
    resend({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => ({ userId: "" }),
      expect: invalid("ResendPhoneCodeRequest.user_id"),
      expectOfRest: noSuchPath,
    }),
    ...authenticationRows(resend, { userId: "x".repeat(201) }),
  ];
}

// ----------------------------------------------------------------------------------------- VerifyPhone

const withCode = ({ id, code }: TestUser & { readonly code: string }) => ({
  userId: id,
  verificationCode: code,
});
const withWrongCode = ({ id }: TestUser) => ({ userId: id, verificationCode: wrongCode });
const wrongOrExpired = refused(Code.InvalidArgument, "COMMAND-eis9R", "wrong or has expired");

function verifyRows(service: string, { verifyPhone }: Methods): readonly Scenario[] {
  const verify = rowsOf(`${service} VerifyPhone`, verifyPhone);
  return [
    verify({
      name: "the code of the SMS",
      everyWay: true,
      given: withSentCode,
      caller: "self",
      input: withCode,
      expect: ok(),
      effect: ["user.human.phone.verified"],
      after: (user, world) => expectPhone(world, user, user.number, true),
    }),
    verify({
      name: "the returned code, by the administrator",
      given: withPendingPhone,
      caller: "administrator",
      input: withCode,
      expect: ok(),
      effect: ["user.human.phone.verified"],
    }),
    verify({
      name: "the right code, by another user",
      given: withPendingPhone,
      caller: "other",
      input: withCode,
      expect: lacksPermission,
    }),
    verify({
      name: "a wrong code",
      everyWay: true,
      given: withPendingPhone,
      caller: "self",
      input: withWrongCode,
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed"],
      after: (user, world) => expectPhone(world, user, user.number, false),
    }),
    verify({
      name: "a code that was replaced",
      given: withReplacedCode,
      caller: "self",
      input: withCode,
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed"],
    }),
    verify({
      name: "the code of the former number",
      given: withCodeOfFormerNumber,
      caller: "self",
      input: withCode,
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed"],
    }),
    verify({
      name: "the code of another user",
      given: async (world) => ({
        ...(await withPendingPhone(world)),
        code: (await withPendingPhone(world)).code,
      }),
      caller: "self",
      input: withCode,
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed"],
    }),
    verify({
      name: "a code that has expired",
      given: withCodeOfAge(60 * minuteMs),
      caller: "self",
      input: withCode,
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed"],
    }),
    verify({
      name: "a code of 10 minutes",
      profile: "safe",
      given: withCodeOfAge(10 * minuteMs),
      caller: "self",
      input: withCode,
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed"],
    }),
    verify({
      name: "a code of 10 minutes",
      profile: "zitadel",
      given: withCodeOfAge(10 * minuteMs),
      caller: "self",
      input: withCode,
      expect: ok(),
      effect: ["user.human.phone.verified"],
    }),
    verify({
      name: "the right code at the last try",
      profile: "safe",
      given: withWrongTries(attemptsMax - 1),
      caller: "self",
      input: withCode,
      expect: ok(),
      effect: ["user.human.phone.verified"],
    }),
    verify({
      name: "the right code after the last try",
      profile: "safe",
      given: withWrongTries(attemptsMax),
      caller: "self",
      input: withCode,
      expect: wrongOrExpired,
    }),
    verify({
      name: "the right code after many tries",
      profile: "zitadel",
      given: withWrongTries(110),
      caller: "self",
      input: withCode,
      expect: ok(),
      effect: ["user.human.phone.verified"],
    }),
    verify({
      name: "the hundredth wrong code in a row, which locks the user",
      profile: "safe",
      given: withWrongCodesInARow(99),
      caller: "self",
      input: withWrongCode,
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed", "user.locked"],
    }),
    verify({
      name: "a locked user",
      profile: "safe",
      given: locked,
      caller: "administrator",
      input: withCode,
      expect: refused(Code.FailedPrecondition, "COMMAND-S6h4R"),
    }),
    verify({
      name: "no number",
      given: withoutPhone,
      caller: "self",
      input: withWrongCode,
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed"],
    }),
    verify({
      name: "the old code of a number that was removed",
      given: withRemovedPhone,
      caller: "self",
      input: withCode,
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed"],
    }),
    verify({
      name: "the code once more after it was right",
      given: async (world) => {
        const user = await withPendingPhone(world);
        await world.asAdmin(verifyPhone, withCode(user));
        return user;
      },
      caller: "self",
      input: withCode,
      expect: wrongOrExpired,
      effect: ["user.human.phone.verification.failed"],
    }),
    verify({
      name: "an empty code",
      given: withPendingPhone,
      caller: "self",
      input: ({ id }) => ({ userId: id, verificationCode: "" }),
      expect: invalid("VerifyPhoneRequest.verification_code"),
    }),
    verify({
      name: "21 characters",
      given: withPendingPhone,
      caller: "self",
      input: ({ id }) => ({ userId: id, verificationCode: "1".repeat(21) }),
      expect: invalid("VerifyPhoneRequest.verification_code"),
    }),
    verify({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => ({ userId: "", verificationCode: wrongCode }),
      expect: invalid("VerifyPhoneRequest.user_id"),
      expectOfRest: noSuchPath,
    }),
    verify({
      name: "nobody has the id",
      given: nobody,
      caller: "administrator",
      input: withWrongCode,
      expect: userMissing,
    }),
    verify({
      name: "a deleted user",
      given: deleted,
      caller: "administrator",
      input: withWrongCode,
      expect: userMissing,
    }),
    ...authenticationRows(verify, { userId: "x", verificationCode: "" }),
  ];
}

// ----------------------------------------------------------------------------------------- RemovePhone

function removeRows(service: string, { removePhone }: Methods): readonly Scenario[] {
  const remove = rowsOf(`${service} RemovePhone`, removePhone);
  return [
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
    remove({
      name: "a number with a pending code",
      given: withPendingPhone,
      caller: "ORG_USER_MANAGER",
      input: byId,
      expect: ok(),
      effect: ["user.human.phone.removed"],
    }),
    remove({
      name: "no number",
      everyWay: true,
      given: withoutPhone,
      caller: "administrator",
      input: byId,
      expect: refused(Code.FailedPrecondition, "COMMAND-ieJ2e", "The user has no phone number"),
    }),
    remove({
      name: "by oneself",
      given: withVerifiedPhone,
      caller: "self",
      input: byId,
      expect: ok(),
      effect: ["user.human.phone.removed"],
    }),
    remove({
      name: "by another user",
      given: withVerifiedPhone,
      caller: "other",
      input: byId,
      expect: lacksPermission,
    }),
    remove({
      name: "nobody has the id",
      given: nobody,
      caller: "administrator",
      input: byId,
      expect: userMissing,
    }),
    remove({
      name: "a deleted user",
      given: deleted,
      caller: "administrator",
      input: byId,
      expect: userMissing,
    }),
    remove({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => ({ userId: "" }),
      expect: invalid("RemovePhoneRequest.user_id"),
      expectOfRest: noSuchPath,
    }),
    ...authenticationRows(remove, { userId: "x".repeat(201) }),
  ];
}

function phoneScenarios(service: string, methods: Methods): readonly Scenario[] {
  return [setRows, resendRows, verifyRows, removeRows].flatMap((rows) => rows(service, methods));
}

export const phoneV2: readonly Scenario[] = [
  ...phoneScenarios("user.v2", UserService.method),
  ...phoneScenarios("user.v2beta", BetaUserService.method),
];
