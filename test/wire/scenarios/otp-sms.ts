import type { JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { AuthService } from "../../../gen/zitadel/auth/v1/auth_service_pb.js";
import { AuthFactors, AuthFactorState } from "../../../gen/zitadel/user/v2/auth_factor_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as Beta } from "../../../gen/zitadel/user/v2beta/user_service_pb.js";
import { UserService as Registrations } from "../../../gen/zitadel/user/v3alpha/user_service_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import type { EitherService } from "./either-service.ts";
import {
  deleted,
  machine,
  nobody,
  withCodeOfFormerNumber,
  withoutPhone,
  withPendingPhone,
  withVerifiedPhone,
} from "./givens.ts";
import {
  authenticationRows,
  type CallerKind,
  invalid,
  noSuchPath,
  ok,
  type Outcome,
  refused,
  rowsOf,
  type Scenario,
} from "./scenario.ts";
import { enrolled, time } from "./session-givens.ts";

/** The enrollment for one-time codes by SMS, in auth.v1, user.v2 and user.v2beta. */

const auth = AuthService.method;
const users = UserService.method;
const nothing = (): object => ({});
const byId = ({ id }: TestUser): { userId: string } => ({ userId: id });

const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");
const userMissing = refused(Code.NotFound, "OTPSMS-u7Nfd");
const alreadyReady = refused(Code.AlreadyExists, "COMMAND-Ad3g2");
const notReady = refused(Code.FailedPrecondition, "COMMAND-Q54j2");
const notEnrolled = refused(Code.NotFound, "COMMAND-Sr3h3");
const readMissing = refused(Code.NotFound, "QUERY-Dfbg2");

// ------------------------------------------------------------------------------------------ situations

/** Another number was verified before the present one, which is not. */
async function withNewerNumber(world: World): Promise<UserWithCode> {
  const user = await withVerifiedPhone(world);
  const verification = { case: "returnCode", value: {} } as const;
  await world.asAdmin(users.setPhone, { userId: user.id, phone: user.otherNumber, verification });
  return user;
}

async function withRemovedPhone(world: World): Promise<UserWithCode> {
  const user = await enrolled(world);
  await world.asAdmin(users.removePhone, { userId: user.id });
  return user;
}

/** Was enrolled with a number that was removed, and has verified another since. */
async function withVerifiedPhoneAgain(world: World): Promise<UserWithCode> {
  const user = await withRemovedPhone(world);
  const verification = { case: "isVerified", value: true } as const;
  await world.asAdmin(users.setPhone, { userId: user.id, phone: user.otherNumber, verification });
  return user;
}

async function withRemovedEnrollment(world: World): Promise<UserWithCode> {
  const user = await enrolled(world);
  await world.asAdmin(users.removeOTPSMS, { userId: user.id });
  return user;
}

/** Not enrolled, but with a registration of v3alpha that is verified. */
async function registered(world: World): Promise<UserWithCode> {
  const user = await world.user();
  const phone = { number: user.number, verification: { case: "isVerified", value: true } } as const;
  await world.asAdmin(Registrations.method.addOTPSMSAuthenticator, { userId: user.id, phone });
  return user;
}

/** Whether the user is enrolled now. */
const expectEnrolled =
  (isEnrolled: boolean) =>
  async ({ id: userId }: TestUser, world: World): Promise<void> => {
    const { authMethodTypes } = await world.asAdmin(users.listAuthenticationMethodTypes, { userId });
    expect(authMethodTypes).toHaveLength(isEnrolled ? 1 : 0);
  };

/** Where enrolling is possible, and where it is not. */
type Given = (world: World) => TestUser | Promise<TestUser>;
const addable: readonly (readonly [string, Given])[] = [
  ["with a verified number", withVerifiedPhone],
  ["with a verified number, and a newer one that is not", withNewerNumber],
  ["once more, after the number was removed and another verified", withVerifiedPhoneAgain],
  ["once more, after the enrollment was removed", withRemovedEnrollment],
];
const notAddable: readonly (readonly [string, Given, Outcome])[] = [
  ["without number", withoutPhone, notReady],
  ["with a number that is not verified", withPendingPhone, notReady],
  ["with two numbers, none of them verified", withCodeOfFormerNumber, notReady],
  ["after the number was removed", withRemovedPhone, notReady],
  ["with a registration only", registered, notReady],
];
const notRemovable: readonly (readonly [string, Given, Outcome])[] = [
  ["not enrolled", withVerifiedPhone, notEnrolled],
  ["removed already", withRemovedEnrollment, notEnrolled],
  ["the number was removed", withRemovedPhone, notEnrolled],
  ["a registration only", registered, notEnrolled],
];

// ------------------------------------------------------------------------------------------- auth.v1

const healthz = rowsOf("auth.v1 Healthz", auth.healthz);
const addMine = rowsOf("auth.v1 AddMyAuthFactorOTPSMS", auth.addMyAuthFactorOTPSMS);
const removeMine = rowsOf("auth.v1 RemoveMyAuthFactorOTPSMS", auth.removeMyAuthFactorOTPSMS);
const listMine = rowsOf("auth.v1 ListMyAuthFactors", auth.listMyAuthFactors);

const readyFactor = { state: "AUTH_FACTOR_STATE_READY", otpSms: {} };

const authRows: readonly Scenario[] = [
  ...(["without token", "with a token that nobody holds", "other"] as const).map((caller) =>
    healthz({ name: caller, given: nobody, caller, input: nothing, expect: ok() }),
  ),

  ...addable.map(([name, given]) =>
    addMine({
      name,
      everyWay: true,
      given,
      caller: "self",
      input: nothing,
      expect: ok(),
      effect: ["user.human.mfa.otp.sms.added"],
      details: "add",
      after: expectEnrolled(true),
    }),
  ),
  ...[
    ...notAddable,
    ["once more", enrolled, alreadyReady] as const,
    ["the user is gone", deleted, userMissing] as const,
  ].map(([name, given, expected]) =>
    addMine({ name, given, caller: "self", input: nothing, expect: expected }),
  ),
  addMine({
    name: "a machine",
    given: machine,
    caller: "administrator",
    input: nothing,
    expect: userMissing,
  }),
  ...authenticationRows(addMine, {}),

  removeMine({
    name: "an enrollment",
    everyWay: true,
    given: enrolled,
    caller: "self",
    input: nothing,
    expect: ok(),
    effect: ["user.human.mfa.otp.sms.removed"],
    after: expectEnrolled(false),
  }),
  ...[...notRemovable, ["the user is gone", deleted, userMissing] as const].map(([name, given, expected]) =>
    removeMine({ name, given, caller: "self", input: nothing, expect: expected }),
  ),
  removeMine({
    name: "a machine",
    given: machine,
    caller: "administrator",
    input: nothing,
    expect: userMissing,
  }),
  ...authenticationRows(removeMine, {}),

  ...(
    [
      ["enrolled", enrolled, [readyFactor]],
      ["not enrolled", withVerifiedPhone, undefined],
      ["the number was removed", withRemovedPhone, undefined],
      ["a registration that is verified", registered, [readyFactor]],
    ] as const
  ).map(([name, given, result]) =>
    listMine({
      name,
      everyWay: true,
      given,
      caller: "self",
      input: nothing,
      expect: ok(result === undefined ? {} : { result }),
    }),
  ),
  listMine({ name: "a machine", given: machine, caller: "administrator", input: nothing, expect: ok() }),
  listMine({ name: "the user is gone", given: deleted, caller: "self", input: nothing, expect: readMissing }),
  ...authenticationRows(listMine, {}),
];

// --------------------------------------------------------------------------------- user.v2, user.v2beta

type Methods = EitherService<typeof UserService, typeof Beta>;

/** Users of the organization "default". */
const credentialWriters: readonly CallerKind[] = ["administrator", "self", "IAM_LOGIN_CLIENT", "ORG_OWNER"];
const writers: readonly CallerKind[] = [...credentialWriters, "IAM_USER_MANAGER", "ORG_USER_MANAGER"];
const readers: readonly CallerKind[] = [...writers, "ORG_OWNER_VIEWER"];
const strangers: readonly CallerKind[] = ["other", "ORG_OWNER elsewhere"];

const tooLong = "1".repeat(201);
const badIds = [
  { name: "an empty id", userId: "", expectOfRest: noSuchPath, given: nobody, caller: "administrator" },
  { name: "an id of 201 characters", userId: tooLong, given: nobody, caller: "administrator" },
] as const;

function eitherRows(title: string, methods: Methods): readonly Scenario[] {
  const add = rowsOf(`${title} AddOTPSMS`, methods.addOTPSMS);
  const remove = rowsOf(`${title} RemoveOTPSMS`, methods.removeOTPSMS);
  const listTypes = rowsOf(`${title} ListAuthenticationMethodTypes`, methods.listAuthenticationMethodTypes);
  const asAdmin = { caller: "administrator", input: byId } as const;
  const added = {
    expect: ok(),
    effect: ["user.human.mfa.otp.sms.added"],
    after: expectEnrolled(true),
  } as const;
  const removed = {
    given: enrolled,
    input: byId,
    expect: ok(),
    effect: ["user.human.mfa.otp.sms.removed"],
    after: expectEnrolled(false),
  } as const;
  const types = (count: 0 | 1) =>
    ({
      input: byId,
      expect: ok(count === 0 ? {} : { authMethodTypes: ["AUTHENTICATION_METHOD_TYPE_OTP_SMS"] }),
      after: (_: TestUser, { clock }: World, { details }: JsonObject) => {
        const timestamp = time(clock.ms);
        expect(details).toEqual(count === 0 ? { timestamp } : { totalResult: "1", timestamp });
        return Promise.resolve();
      },
    }) as const;
  return [
    ...addable.map(([name, given]) => add({ ...asAdmin, ...added, name, everyWay: true, given })),
    ...notAddable.map(([name, given, expected]) => add({ ...asAdmin, name, given, expect: expected })),
    ...credentialWriters.map((caller) =>
      add({ ...added, name: `by ${caller}`, given: withVerifiedPhone, caller, input: byId }),
    ),
    ...([...strangers, "IAM_USER_MANAGER", "ORG_USER_MANAGER", "ORG_OWNER_VIEWER"] as const).map((caller) =>
      // The permission comes before the state.
      add({ name: `by ${caller}`, given: enrolled, caller, input: byId, expect: lacksPermission }),
    ),
    add({
      ...added,
      name: "by the owner of the user's organization",
      given: (world) => world.user({ phone: "verified", organizationId: "elsewhere" }),
      caller: "ORG_OWNER elsewhere",
      input: byId,
    }),
    add({ ...asAdmin, name: "once more", everyWay: true, given: enrolled, expect: alreadyReady }),
    add({ ...asAdmin, name: "a machine", given: machine, expect: userMissing }),
    add({ ...asAdmin, name: "nobody", given: nobody, expect: userMissing }),
    add({ ...asAdmin, name: "the user is gone", given: deleted, expect: userMissing }),
    ...badIds.map(({ userId, ...row }) =>
      add({ ...row, input: () => ({ userId }), expect: invalid("AddOTPSMSRequest.user_id") }),
    ),
    ...authenticationRows(add, { userId: tooLong }),

    ...writers.map((caller) => remove({ ...removed, name: `by ${caller}`, everyWay: true, caller })),
    ...([...strangers, "ORG_OWNER_VIEWER"] as const).map((caller) =>
      remove({ name: `by ${caller}`, given: withoutPhone, caller, input: byId, expect: lacksPermission }),
    ),
    ...(
      [...notRemovable, ["nobody", nobody, userMissing], ["the user is gone", deleted, userMissing]] as const
    ).map(([name, given, expected]) => remove({ ...asAdmin, name, given, expect: expected })),
    remove({ ...asAdmin, name: "a machine", given: machine, expect: userMissing }),
    ...badIds.map(({ userId, ...row }) =>
      remove({ ...row, input: () => ({ userId }), expect: invalid("RemoveOTPSMSRequest.user_id") }),
    ),
    ...authenticationRows(remove, { userId: tooLong }),

    ...readers.map((caller) => listTypes({ ...types(1), name: `by ${caller}`, given: enrolled, caller })),
    ...strangers.map((caller) =>
      listTypes({ name: `by ${caller}`, given: enrolled, caller, input: byId, expect: lacksPermission }),
    ),
    listTypes({ ...types(0), name: "not enrolled", given: withVerifiedPhone, caller: "self" }),
    listTypes({ ...types(0), name: "the number was removed", given: withRemovedPhone, caller: "self" }),
    listTypes({ ...types(1), name: "a registration that is verified", given: registered, caller: "self" }),
    listTypes({ ...types(0), name: "a machine", given: machine, caller: "administrator" }),
    listTypes({ ...asAdmin, name: "nobody", given: nobody, expect: readMissing }),
    listTypes({ ...asAdmin, name: "the user is gone", given: deleted, expect: readMissing }),
    ...badIds.map(({ userId, ...row }) =>
      listTypes({
        ...row,
        input: () => ({ userId }),
        expect: invalid("ListAuthenticationMethodTypesRequest.user_id"),
      }),
    ),
    ...authenticationRows(listTypes, { userId: tooLong }),
  ];
}

// -------------------------------------------------------------------------------------- user.v2 only

const listFactors = rowsOf("user.v2 ListAuthenticationFactors", users.listAuthenticationFactors);
const skip = rowsOf("user.v2 HumanMFAInitSkipped", users.humanMFAInitSkipped);

const { OTP_SMS, OTP_EMAIL, U2F } = AuthFactors;
const { READY, NOT_READY } = AuthFactorState;

const stableRows: readonly Scenario[] = [
  ...(
    [
      ["enrolled", enrolled, [], [], true],
      ["enrolled, asked for the type among others", enrolled, [U2F, OTP_SMS], [], true],
      ["enrolled, asked for another type", enrolled, [OTP_EMAIL], [], false],
      ["enrolled, asked for the state among others", enrolled, [], [NOT_READY, READY], true],
      ["enrolled, asked for another state", enrolled, [OTP_SMS], [NOT_READY], false],
      ["not enrolled", withVerifiedPhone, [], [], false],
      ["the number was removed", withRemovedPhone, [], [], false],
      ["a registration that is verified", registered, [], [], true],
    ] as const
  ).map(([name, given, authFactors, states, isListed]) =>
    listFactors({
      name,
      given,
      caller: "self",
      input: ({ id }) => ({ userId: id, authFactors: [...authFactors], states: [...states] }),
      expect: ok(isListed ? { result: [readyFactor] } : {}),
    }),
  ),
  ...readers.map((caller) =>
    listFactors({
      name: `by ${caller}`,
      given: enrolled,
      caller,
      input: byId,
      expect: ok({ result: [readyFactor] }),
    }),
  ),
  ...strangers.map((caller) =>
    listFactors({ name: `by ${caller}`, given: enrolled, caller, input: byId, expect: lacksPermission }),
  ),
  listFactors({ name: "nobody", given: nobody, caller: "administrator", input: byId, expect: readMissing }),
  listFactors({
    name: "the user is gone",
    given: deleted,
    caller: "administrator",
    input: byId,
    expect: readMissing,
  }),
  ...badIds.map(({ userId, ...row }) =>
    listFactors({
      ...row,
      input: () => ({ userId }),
      expect: invalid("ListAuthenticationFactorsRequest.user_id"),
    }),
  ),
  ...authenticationRows(listFactors, { userId: tooLong }),

  ...writers.map((caller) =>
    skip({
      name: `by ${caller}`,
      everyWay: true,
      given: withoutPhone,
      caller,
      input: byId,
      expect: ok(),
      effect: ["user.human.mfa.init.skipped"],
      after: async ({ id }, world) => {
        const { user } = await world.asAdmin(users.getUserByID, { userId: id });
        expect(user?.type.value).toMatchObject({ mfaInitSkipped: timestampFromMs(world.clock.ms) });
      },
    }),
  ),
  ...([...strangers, "ORG_OWNER_VIEWER"] as const).map((caller) =>
    skip({ name: `by ${caller}`, given: withoutPhone, caller, input: byId, expect: lacksPermission }),
  ),
  ...([nobody, deleted] as const).map((given) =>
    skip({
      name: given === nobody ? "nobody" : "the user is gone",
      given,
      caller: "administrator",
      input: byId,
      expect: refused(Code.NotFound, "COMMAND-ugjs0upun6"),
    }),
  ),
  ...badIds.map(({ userId, ...row }) =>
    skip({ ...row, input: () => ({ userId }), expect: invalid("HumanMFAInitSkippedRequest.user_id") }),
  ),
  ...authenticationRows(skip, { userId: tooLong }),
];

export const otpSms: readonly Scenario[] = [
  ...authRows,
  ...eitherRows("user.v2", users),
  ...eitherRows("user.v2beta", Beta.method),
  ...stableRows,
];
