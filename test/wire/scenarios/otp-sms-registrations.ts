import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { ZITADELUsers } from "../../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { UserService } from "../../../gen/zitadel/user/v3alpha/user_service_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import {
  attemptsMax,
  badNumber,
  deleted,
  locked,
  machine,
  minuteMs,
  nobody,
  otpSmsCode,
  smsPerHour,
  spacedForm,
  withoutPhone,
  withSmsSent,
  wrongCode,
} from "./givens.ts";
import {
  authenticationRows,
  type EventType,
  invalid,
  noSuchPath,
  ok,
  refused,
  rowsOf,
  type Scenario,
  shared,
} from "./scenario.ts";

/** The OTP SMS registrations of both v3alpha services: two forms of the same. */

const { method } = UserService;

/** What differs. */
interface Form<A extends DescMessage, V extends DescMessage, R extends DescMessage> {
  readonly name: string;
  /** The field with the id of the user. */
  readonly idField: string;
  readonly add: DescMethodUnary<A>;
  readonly addInput: (userId: string, phone?: PhoneInput) => MessageInitShape<A>;
  readonly verify: DescMethodUnary<V>;
  readonly verifyInput: (userId: string, otpSmsId: string, code: string) => MessageInitShape<V>;
  readonly remove: DescMethodUnary<R>;
  readonly removeInput: (userId: string, otpSmsId: string) => MessageInitShape<R>;
}

interface PhoneInput {
  readonly number: string;
  readonly verification?: typeof sendCode | typeof returnCode | typeof isVerified | typeof isNotVerified;
}

const sendCode = { case: "sendCode", value: {} } as const;
const returnCode = { case: "returnCode", value: {} } as const;
const isVerified = { case: "isVerified", value: true } as const;
const isNotVerified = { case: "isVerified", value: false } as const;

const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");
const userMissing = refused(Code.NotFound, "COMMAND-bx2OLtgGNS");
const notExisting = refused(Code.NotFound, "COMMAND-Sr3h3");
const wrong = refused(Code.InvalidArgument, "CODE-woT0xc");
const expired = refused(Code.FailedPrecondition, "CODE-QvUQ4P");
const noCode = refused(Code.FailedPrecondition, "COMMAND-05Pe3gq4FQ");
const userLocked = refused(Code.FailedPrecondition, "COMMAND-S6h4R");

const added: EventType = "user.otp.sms.registration.added";
const codeAdded: EventType = "user.otp.sms.registration.code.added";
const codeSent: EventType = "user.otp.sms.registration.code.sent";
const verified: EventType = "user.otp.sms.registration.verified";
const failed: EventType = "user.otp.sms.registration.verification.failed";
const removed: EventType = "user.otp.sms.registration.removed";

// ------------------------------------------------------------------------------------------ situations

interface Registered extends UserWithCode {
  readonly otpSmsId: string;
}

async function register(
  world: World,
  user: TestUser,
  verification: typeof returnCode | typeof isVerified,
): Promise<Registered> {
  const phone = { number: user.number, verification };
  const made = await world.asAdmin(method.addOTPSMSAuthenticator, { userId: user.id, phone });
  return { ...user, otpSmsId: made.otpSmsId, code: made.verificationCode ?? "" };
}

const pending = async (world: World): Promise<Registered> => register(world, await world.user(), returnCode);
const ready = async (world: World): Promise<Registered> => register(world, await world.user(), isVerified);

const ofAge =
  (ageMs: number) =>
  async (world: World): Promise<Registered> => {
    const user = await pending(world);
    world.clock.ms += ageMs;
    return user;
  };

const afterWrongTries =
  (count: number) =>
  async (world: World): Promise<Registered> => {
    const user = await pending(world);
    const input = { userId: user.id, otpSmsId: user.otpSmsId, code: wrongCode };
    const tries = Array.from({ length: count }, () => world.asAdmin(method.verifyOTPSMSRegistration, input));
    await Promise.allSettled(tries);
    return user;
  };

async function sent(world: World): Promise<Registered> {
  const user = await world.user();
  const phone = { number: user.number };
  const { otpSmsId } = await world.asAdmin(method.addOTPSMSAuthenticator, { userId: user.id, phone });
  return { ...user, otpSmsId, code: (await world.lastMessage(user.number)).code };
}

const withTenRegistrations = shared(async (world): Promise<TestUser> => {
  const user = await world.user();
  for (let count = 0; count < 10; count += 1) await register(world, user, returnCode);
  return user;
});

/** Of another user, whose code the one in question knows. */
async function ofAnother(world: World): Promise<Registered> {
  const { otpSmsId, code } = await pending(world);
  return { ...(await world.user()), otpSmsId, code };
}

async function alreadyRemoved(world: World): Promise<Registered> {
  const user = await pending(world);
  await world.asAdmin(method.removeOTPSMSAuthenticator, { userId: user.id, otpSmsId: user.otpSmsId });
  return user;
}

const lockedAndRegistered = shared(async (world) => {
  const user = await locked(world);
  return { ...user, ...(await register(world, user, returnCode)) };
});

// ----------------------------------------------------------------------------------------------- rows

function rowsOfForm<A extends DescMessage, V extends DescMessage, R extends DescMessage>(
  form: Form<A, V, R>,
): readonly Scenario[] {
  return [...addRows(form), ...verifyRows(form), ...removeRows(form)];
}

function addRows<A extends DescMessage, V extends DescMessage, R extends DescMessage>({
  name,
  idField,
  add,
  addInput,
}: Form<A, V, R>): readonly Scenario[] {
  const row = rowsOf(`${name} AddOTPSMSAuthenticator`, add);
  const own =
    (verification?: PhoneInput["verification"]) =>
    ({ id, number }: TestUser): MessageInitShape<A> =>
      addInput(id, verification === undefined ? { number } : { number, verification });
  const numbered =
    (number: string) =>
    ({ id }: TestUser): MessageInitShape<A> =>
      addInput(id, { number });
  const withId = { otpSmsId: expect.stringMatching(/^[0-9]{18}$/) };
  return [
    row({
      name: "a code by SMS",
      everyWay: true,
      given: withoutPhone,
      caller: "self",
      input: own(sendCode),
      expect: ok(withId),
      effect: [added, codeAdded, codeSent],
    }),
    row({
      name: "no word of the verification",
      given: withoutPhone,
      caller: "self",
      input: own(),
      expect: ok(withId),
      effect: [added, codeAdded, codeSent],
    }),
    row({
      name: "a returned code",
      everyWay: true,
      given: withoutPhone,
      caller: "administrator",
      input: own(returnCode),
      expect: ok({ ...withId, verificationCode: otpSmsCode }),
      effect: [added, codeAdded],
    }),
    row({
      name: "a returned code, for oneself",
      given: withoutPhone,
      caller: "self",
      input: own(returnCode),
      expect: lacksPermission,
    }),
    row({
      name: "verified, by the administrator",
      given: withoutPhone,
      caller: "administrator",
      input: own(isVerified),
      expect: ok(withId),
      effect: [added, verified],
    }),
    row({
      name: "verified, by oneself",
      given: withoutPhone,
      caller: "self",
      input: own(isVerified),
      expect: lacksPermission,
    }),
    row({
      name: "by another user",
      given: withoutPhone,
      caller: "other",
      input: own(returnCode),
      expect: lacksPermission,
    }),
    row({
      name: "the same number while it is not verified",
      given: pending,
      caller: "administrator",
      input: own(returnCode),
      expect: ok({ ...withId, verificationCode: otpSmsCode }),
      effect: [added, codeAdded],
    }),
    row({
      name: "a number that is registered and verified",
      everyWay: true,
      given: ready,
      caller: "self",
      input: ({ id, number }) => addInput(id, { number: spacedForm(number) }),
      expect: refused(Code.AlreadyExists, "COMMAND-Ad3g2"),
    }),
    row({
      name: "the eleventh",
      given: withTenRegistrations,
      caller: "administrator",
      input: own(returnCode),
      expect: refused(Code.FailedPrecondition, "OTPSMS-m4xRg", "10 registrations"),
    }),
    row({
      name: "a number to which an SMS went just now",
      profile: "safe",
      given: sent,
      caller: "self",
      input: own(),
      expect: refused(Code.ResourceExhausted, "PHONE-w41ts", "in 30 s"),
    }),
    row({
      name: "a number to which an SMS went just now",
      profile: "zitadel",
      given: sent,
      caller: "self",
      input: own(),
      expect: ok(withId),
      effect: [added, codeAdded, codeSent],
    }),
    row({
      name: "one SMS too many within an hour",
      profile: "safe",
      given: withSmsSent(smsPerHour),
      caller: "self",
      input: own(),
      expect: refused(Code.ResourceExhausted, "PHONE-h4Ur1", "in 3600 s"),
    }),
    row({
      name: "no phone",
      given: withoutPhone,
      caller: "self",
      input: ({ id }) => addInput(id),
      expect: invalid("AddOTPSMSAuthenticatorRequest.phone"),
    }),
    row({
      name: "an empty number",
      given: withoutPhone,
      caller: "self",
      input: numbered(""),
      expect: invalid("AddOTPSMSAuthenticatorRequest.phone.number"),
    }),
    row({
      name: "21 characters",
      given: withoutPhone,
      caller: "self",
      input: numbered("+41791234567123456789"),
      expect: invalid("AddOTPSMSAuthenticatorRequest.phone.number"),
    }),
    row({
      name: "not verified, although it says how",
      given: withoutPhone,
      caller: "self",
      input: own(isNotVerified),
      expect: invalid("AddOTPSMSAuthenticatorRequest.phone.is_verified"),
    }),
    row({
      name: "spaces",
      given: withoutPhone,
      caller: "self",
      input: numbered("  "),
      expect: refused(Code.InvalidArgument, "PHONE-Zt0NV"),
    }),
    row({
      name: "what is no number",
      given: withoutPhone,
      caller: "self",
      input: numbered("phone"),
      expect: badNumber("This is not a phone number"),
    }),
    row({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: ({ number }) => addInput("", { number }),
      expect: invalid(`AddOTPSMSAuthenticatorRequest.${idField}`),
      expectOfRest: noSuchPath,
    }),
    row({
      name: "nobody has the id",
      given: nobody,
      caller: "administrator",
      input: own(),
      expect: userMissing,
    }),
    row({ name: "a deleted user", given: deleted, caller: "self", input: own(), expect: userMissing }),
    row({ name: "a machine", given: machine, caller: "administrator", input: own(), expect: userMissing }),
    ...authenticationRows(row, addInput("x", { number: "" })),
  ];
}

function verifyRows<A extends DescMessage, V extends DescMessage, R extends DescMessage>({
  name,
  idField,
  verify,
  verifyInput,
}: Form<A, V, R>): readonly Scenario[] {
  const row = rowsOf(`${name} VerifyOTPSMSRegistration`, verify);
  const rightCode = ({ id, otpSmsId, code }: Registered): MessageInitShape<V> =>
    verifyInput(id, otpSmsId, code);
  const aWrongCode = ({ id, otpSmsId }: Registered): MessageInitShape<V> =>
    verifyInput(id, otpSmsId, wrongCode);
  return [
    row({
      name: "the code of the SMS",
      everyWay: true,
      given: sent,
      caller: "self",
      input: rightCode,
      expect: ok(),
      effect: [verified],
    }),
    row({
      name: "the returned code, by the administrator",
      given: pending,
      caller: "administrator",
      input: rightCode,
      expect: ok(),
      effect: [verified],
    }),
    row({
      name: "the right code, by another user",
      given: pending,
      caller: "other",
      input: rightCode,
      expect: lacksPermission,
    }),
    row({
      name: "a wrong code",
      everyWay: true,
      given: pending,
      caller: "self",
      input: aWrongCode,
      expect: wrong,
      effect: [failed],
    }),
    row({
      name: "the code of another registration of the same number",
      given: async (world) => {
        const first = await pending(world);
        const second = await register(world, first, returnCode);
        return { ...first, code: second.code };
      },
      caller: "self",
      input: rightCode,
      expect: wrong,
      effect: [failed],
    }),
    row({
      name: "the last moment of the code",
      given: ofAge(5 * minuteMs - 1),
      caller: "self",
      input: rightCode,
      expect: ok(),
      effect: [verified],
    }),
    row({
      name: "a code that has expired",
      given: ofAge(5 * minuteMs),
      caller: "self",
      input: rightCode,
      expect: expired,
      effect: [failed],
    }),
    row({
      name: "the right code at the last try",
      profile: "safe",
      given: afterWrongTries(attemptsMax - 1),
      caller: "self",
      input: rightCode,
      expect: ok(),
      effect: [verified],
    }),
    row({
      name: "the right code after the last try",
      profile: "safe",
      given: afterWrongTries(attemptsMax),
      caller: "self",
      input: rightCode,
      expect: wrong,
    }),
    row({
      name: "the right code after many tries",
      profile: "zitadel",
      given: afterWrongTries(30),
      caller: "self",
      input: rightCode,
      expect: ok(),
      effect: [verified],
    }),
    row({
      name: "a locked user",
      profile: "safe",
      given: lockedAndRegistered,
      caller: "self",
      input: rightCode,
      expect: userLocked,
    }),
    row({
      name: "a registration that is verified already",
      given: ready,
      caller: "self",
      input: aWrongCode,
      expect: noCode,
    }),
    row({
      name: "a registration that does not exist",
      given: pending,
      caller: "self",
      input: ({ id, code }) => verifyInput(id, "nothing", code),
      expect: notExisting,
    }),
    row({
      name: "a registration with the name of what every object has",
      given: pending,
      caller: "self",
      input: ({ id, code }) => verifyInput(id, "__proto__", code),
      expect: notExisting,
    }),
    row({
      name: "a registration of another user",
      given: ofAnother,
      caller: "self",
      input: rightCode,
      expect: notExisting,
    }),
    row({
      name: "a registration that was removed",
      given: alreadyRemoved,
      caller: "self",
      input: rightCode,
      expect: notExisting,
    }),
    row({
      name: "an empty code",
      given: pending,
      caller: "self",
      input: ({ id, otpSmsId }) => verifyInput(id, otpSmsId, ""),
      expect: invalid("VerifyOTPSMSRegistrationRequest.code"),
    }),
    row({
      name: "201 characters",
      given: pending,
      caller: "self",
      input: ({ id, otpSmsId }) => verifyInput(id, otpSmsId, "1".repeat(201)),
      expect: invalid("VerifyOTPSMSRegistrationRequest.code"),
    }),
    row({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => verifyInput("", "1", wrongCode),
      expect: invalid(`VerifyOTPSMSRegistrationRequest.${idField}`),
      expectOfRest: noSuchPath,
    }),
    row({
      name: "an empty id of the registration",
      given: nobody,
      caller: "administrator",
      input: ({ id }) => verifyInput(id, "", wrongCode),
      expect: invalid("VerifyOTPSMSRegistrationRequest.otp_sms_id"),
      expectOfRest: noSuchPath,
    }),
    row({
      name: "nobody has the id",
      given: nobody,
      caller: "administrator",
      input: ({ id }) => verifyInput(id, "1", wrongCode),
      expect: userMissing,
    }),
    row({
      name: "a deleted user",
      given: deleted,
      caller: "self",
      input: ({ id }) => verifyInput(id, "1", wrongCode),
      expect: userMissing,
    }),
    ...authenticationRows(row, verifyInput("x", "x", "")),
  ];
}

function removeRows<A extends DescMessage, V extends DescMessage, R extends DescMessage>({
  name,
  idField,
  remove,
  removeInput,
}: Form<A, V, R>): readonly Scenario[] {
  const row = rowsOf(`${name} RemoveOTPSMSAuthenticator`, remove);
  const byId = ({ id, otpSmsId }: Registered): MessageInitShape<R> => removeInput(id, otpSmsId);
  return [
    row({
      name: "a verified one",
      everyWay: true,
      given: ready,
      caller: "self",
      input: byId,
      expect: ok(),
      effect: [removed],
    }),
    row({
      name: "one that is not verified, by the administrator",
      given: pending,
      caller: "administrator",
      input: byId,
      expect: ok(),
      effect: [removed],
    }),
    row({ name: "by another user", given: ready, caller: "other", input: byId, expect: lacksPermission }),
    row({
      name: "by a viewer",
      given: ready,
      caller: "ORG_OWNER_VIEWER",
      input: byId,
      expect: lacksPermission,
    }),
    row({
      name: "one that does not exist",
      given: pending,
      caller: "self",
      input: ({ id }) => removeInput(id, "nothing"),
      expect: notExisting,
    }),
    row({
      name: "one that was removed already",
      given: alreadyRemoved,
      caller: "self",
      input: byId,
      expect: notExisting,
    }),
    row({ name: "one of another user", given: ofAnother, caller: "self", input: byId, expect: notExisting }),
    row({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => removeInput("", "1"),
      expect: invalid(`RemoveOTPSMSAuthenticatorRequest.${idField}`),
      expectOfRest: noSuchPath,
    }),
    row({
      name: "nobody has the id",
      given: nobody,
      caller: "administrator",
      input: ({ id }) => removeInput(id, "1"),
      expect: userMissing,
    }),
    row({
      name: "a deleted user",
      given: deleted,
      caller: "self",
      input: ({ id }) => removeInput(id, "1"),
      expect: userMissing,
    }),
    ...authenticationRows(row, removeInput("x", "x".repeat(201))),
  ];
}

export const otpSmsRegistrations: readonly Scenario[] = [
  ...rowsOfForm({
    name: "user.v3alpha",
    idField: "user_id",
    add: method.addOTPSMSAuthenticator,
    addInput: (userId, phone) => (phone === undefined ? { userId } : { userId, phone }),
    verify: method.verifyOTPSMSRegistration,
    verifyInput: (userId, otpSmsId, code) => ({ userId, otpSmsId, code }),
    remove: method.removeOTPSMSAuthenticator,
    removeInput: (userId, otpSmsId) => ({ userId, otpSmsId }),
  }),
  ...rowsOfForm({
    name: "resources.user.v3alpha",
    idField: "id",
    add: ZITADELUsers.method.addOTPSMSAuthenticator,
    addInput: (id, phone) => (phone === undefined ? { id } : { id, phone }),
    verify: ZITADELUsers.method.verifyOTPSMSRegistration,
    verifyInput: (id, otpSmsId, code) => ({ id, otpSmsId, code }),
    remove: ZITADELUsers.method.removeOTPSMSAuthenticator,
    removeInput: (id, otpSmsId) => ({ id, otpSmsId }),
  }),
];
