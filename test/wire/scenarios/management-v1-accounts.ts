import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { ManagementService } from "../../../gen/zitadel/management/v1/management_service_pb.js";
import { Gender, UserState } from "../../../gen/zitadel/user/v1/user_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import {
  badNumber,
  codeSent,
  expectPhone,
  locked,
  machine,
  nobody,
  withoutPhone,
  withPendingPhone,
  withSentCode,
  withVerifiedPhone,
} from "./givens.ts";
import {
  elsewhere,
  notFound,
  organizationRefused,
  v1Human,
  withOrganizationElsewhere,
} from "./management-v1-rows.ts";
import {
  type CallerKind,
  type EventType,
  invalid,
  noSuchPath,
  ok,
  type Outcome,
  permissionRows,
  refused,
  type Row,
  rowsOf,
  type Scenario,
} from "./scenario.ts";

/** zitadel.management.v1.ManagementService: accounts. */

const { method } = ManagementService;
const byId = ({ id }: TestUser): { id: string } => ({ id });
const idTooLong = { id: "x".repeat(201) };
// --------------------------------------------------------------------------------------------- Healthz

const healthz = rowsOf("management.v1 Healthz", method.healthz);

const healthRows: readonly Scenario[] = [
  healthz({
    name: "without a token",
    everyWay: true,
    given: nobody,
    caller: "without token",
    input: () => ({}),
    expect: ok(),
  }),
];

// ----------------------------------------------------------------------------------------- GetUserByID

const get = rowsOf("management.v1 GetUserByID", method.getUserByID);

const getRows: readonly Scenario[] = [
  get({
    name: "by a viewer of the organization",
    everyWay: true,
    given: withVerifiedPhone,
    caller: "ORG_OWNER_VIEWER",
    input: byId,
    expect: (user) =>
      ok({ user: v1Human(user, "USER_STATE_ACTIVE", { phone: user.number, isPhoneVerified: true }) }),
  }),
  get({
    name: "without a number",
    given: withoutPhone,
    caller: "administrator",
    input: byId,
    expect: (user) => ok({ user: v1Human(user, "USER_STATE_ACTIVE", {}) }),
  }),
  get({
    name: "a user of the organization that the header names",
    given: (world) => world.user({ phone: "pending", organizationId: "elsewhere" }),
    caller: "administrator",
    headers: elsewhere,
    input: byId,
    expect: (user) => ok({ user: v1Human(user, "USER_STATE_ACTIVE", { phone: user.number }) }),
  }),
  get({
    name: "a locked user",
    profile: "safe",
    given: locked,
    caller: "administrator",
    input: byId,
    expect: ok({ user: expect.objectContaining({ state: "USER_STATE_LOCKED" }) }),
  }),
  get({
    name: "a deactivated user",
    given: deactivated,
    caller: "administrator",
    input: byId,
    expect: (user) => ok({ user: v1Human(user, "USER_STATE_INACTIVE", {}) }),
  }),
  get({
    name: "a machine",
    given: machine,
    caller: "administrator",
    input: byId,
    expect: ok({
      user: expect.objectContaining({ id: "administrator", machine: { name: "Administrator" } }),
    }),
  }),
  ...notFound.map((row) => get({ ...row, input: byId, expect: refused(Code.NotFound, "QUERY-Dfbg2") })),
  ...organizationRefused.map((row) => get({ ...row, input: byId })),
  get({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ id: "" }),
    expect: invalid("GetUserByIDRequest.id"),
    expectOfRest: noSuchPath,
  }),
  get({
    name: "an id of 200 characters",
    given: nobody,
    caller: "administrator",
    input: () => ({ id: "x".repeat(200) }),
    expect: refused(Code.NotFound, "QUERY-Dfbg2"),
  }),
  ...permissionRows(get, idTooLong),
];

// --------------------------------------------------------------------- AddHumanUser, ImportHumanUser

const writers: readonly CallerKind[] = [
  "IAM_USER_MANAGER",
  "IAM_LOGIN_CLIENT",
  "ORG_OWNER",
  "ORG_USER_MANAGER",
];

const notSupported = (field: string): Outcome => refused(Code.FailedPrecondition, "RINGBACK-n0Sup", field);

/** What the requests of both methods have in common. */
interface HumanData {
  readonly userName?: string;
  readonly profile?: {
    readonly firstName: string;
    readonly lastName: string;
    readonly nickName?: string;
    readonly displayName?: string;
    readonly preferredLanguage?: string;
    readonly gender?: Gender;
  };
  readonly email?: { email: string; isEmailVerified?: boolean };
  readonly phone?: { phone: string; isPhoneVerified?: boolean };
}

const ada = { firstName: "Ada", lastName: "Lovelace" };
const countess = {
  ...ada,
  nickName: "Countess",
  displayName: "Lady Lovelace",
  preferredLanguage: "en",
  gender: Gender.FEMALE,
};

const data = ({ id }: TestUser) => ({
  userName: `${id}@example.com`,
  profile: ada,
  email: { email: `${id}@example.com` },
});

/** The id is one that the server makes. */
const made = ok({ userId: expect.stringMatching(/^[0-9]{18}$/) });

const tooLong = "x".repeat(201);

/** A value past each limit. */
const limitsOfHuman: readonly { readonly field: string; readonly input: HumanData }[] = [
  { field: "user_name", input: { userName: "" } },
  { field: "user_name", input: { userName: tooLong } },
  { field: "profile.first_name", input: { profile: { firstName: "", lastName: "Lovelace" } } },
  { field: "profile.first_name", input: { profile: { firstName: tooLong, lastName: "Lovelace" } } },
  { field: "profile.last_name", input: { profile: { firstName: "Ada", lastName: "" } } },
  { field: "profile.last_name", input: { profile: { firstName: "Ada", lastName: tooLong } } },
  { field: "profile.nick_name", input: { profile: { ...ada, nickName: tooLong } } },
  { field: "profile.display_name", input: { profile: { ...ada, displayName: tooLong } } },
  { field: "profile.preferred_language", input: { profile: { ...ada, preferredLanguage: "x".repeat(11) } } },
  { field: "email.email", input: { email: { email: "ada" } } },
  { field: "phone.phone", input: { phone: { phone: "" } } },
  { field: "phone.phone", input: { phone: { phone: "0791234567" } } },
  { field: "phone.phone", input: { phone: { phone: `+${"1".repeat(50)}` } } },
];

type AddRow = Omit<Row<typeof method.addHumanUser.input, TestUser>, "input"> & {
  readonly input: (user: TestUser) => HumanData;
};

/** @param name of the request */
const addRowsOf = (name: string, add: (row: AddRow) => Scenario): readonly Scenario[] => [
  add({
    name: "without a number",
    everyWay: true,
    given: nobody,
    caller: "administrator",
    input: data,
    expect: made,
    effect: ["user.human.added"],
    details: "add",
    after: async ({ id }, world, { userId }) => {
      const { user } = await world.asAdmin(method.getUserByID, { id: String(userId) });
      expect(user).toMatchObject({ userName: `${id}@example.com`, state: UserState.ACTIVE });
      expect(user?.type.value).toMatchObject({
        profile: { firstName: "Ada", lastName: "Lovelace", displayName: "Ada Lovelace" },
        email: { email: `${id}@example.com`, isEmailVerified: false },
      });
    },
  }),
  add({
    name: "with a number that is to be verified by SMS",
    everyWay: true,
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...data(user), phone: { phone: user.number } }),
    expect: made,
    effect: ["user.human.added", ...codeSent],
    details: "add",
    after: (user, world, { userId }) =>
      expectPhone(world, { ...user, id: String(userId) }, user.number, false),
  }),
  add({
    name: "with a number and an e-mail address that are verified",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...data(user),
      profile: countess,
      email: { email: `${user.id}@example.com`, isEmailVerified: true },
      phone: { phone: user.number, isPhoneVerified: true },
    }),
    expect: made,
    effect: ["user.human.added", "user.human.phone.verified"],
    details: "add",
    after: async ({ number }, world, { userId }) => {
      const { user } = await world.asAdmin(method.getUserByID, { id: String(userId) });
      expect(user?.type.value).toMatchObject({
        profile: countess,
        email: { isEmailVerified: true },
        phone: { phone: number, isPhoneVerified: true },
      });
    },
  }),
  ...writers.map((caller) =>
    add({
      name: `by ${caller}`,
      given: nobody,
      caller,
      input: data,
      expect: made,
      effect: ["user.human.added"],
      details: "add",
    }),
  ),
  add({
    name: "in the organization of the caller",
    given: (world) => world.nobody("elsewhere"),
    caller: "ORG_OWNER elsewhere",
    input: data,
    expect: made,
    effect: ["user.human.added"],
    details: "add",
  }),
  add({
    name: "in the organization that the header names",
    given: async (world) => {
      await withOrganizationElsewhere(world);
      return world.nobody("elsewhere");
    },
    caller: "administrator",
    headers: elsewhere,
    input: data,
    expect: made,
    effect: ["user.human.added"],
    details: "add",
  }),
  add({
    name: "a user name that is taken",
    given: withoutPhone,
    caller: "administrator",
    input: data,
    expect: refused(Code.AlreadyExists, "V3-DKcYh"),
  }),
  add({
    name: "what is no number",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...data(user), phone: { phone: "+phone" } }),
    expect: badNumber("This is not a phone number"),
  }),
  add({
    name: "a number to which an SMS went just now",
    profile: "safe",
    given: async (world) => ({ ...world.nobody(), number: (await withSentCode(world)).number }),
    caller: "administrator",
    input: (user) => ({ ...data(user), phone: { phone: user.number } }),
    expect: refused(Code.ResourceExhausted, "PHONE-w41ts"),
  }),
  ...limitsOfHuman.map(({ field, input }) =>
    add({
      name: `a bad ${field}`,
      given: nobody,
      caller: "administrator",
      input: (user) => ({ ...data(user), ...input }),
      expect: invalid(`${name}.${field}`),
    }),
  ),
  ...(["profile", "email"] as const).map((field) =>
    add({
      name: `no ${field}`,
      given: nobody,
      caller: "administrator",
      input: (user) => {
        const { [field]: _, ...others } = data(user);
        return others;
      },
      expect: invalid(`${name}.${field}`),
    }),
  ),
  ...organizationRefused.map((row) => add({ ...row, input: data })),
];

const add = rowsOf("management.v1 AddHumanUser", method.addHumanUser);
const importing = rowsOf("management.v1 ImportHumanUser", method.importHumanUser);

const addRows: readonly Scenario[] = [
  ...addRowsOf("AddHumanUserRequest", add),
  add({
    name: "a password",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...data(user), initialPassword: "secret" }),
    expect: notSupported("initial_password"),
  }),
  ...permissionRows(add, {}, "ORG_OWNER_VIEWER"),
  ...addRowsOf("ImportHumanUserRequest", importing),
  ...[
    { field: "password", input: { password: "secret" } },
    { field: "hashed_password", input: { hashedPassword: { value: "$2a$14$" } } },
    { field: "password_change_required", input: { passwordChangeRequired: true } },
    { field: "request_passwordless_registration", input: { requestPasswordlessRegistration: true } },
    { field: "otp_code", input: { otpCode: "JBSWY3DPEHPK3PXP" } },
    { field: "idps", input: { idps: [{ configId: "1", externalUserId: "2" }] } },
  ].map(({ field, input }) =>
    importing({
      name: `with ${field}`,
      given: nobody,
      caller: "administrator",
      input: (user) => ({ ...data(user), ...input }),
      expect: notSupported(field),
    }),
  ),
  ...permissionRows(importing, {}, "ORG_OWNER_VIEWER"),
];

// ---------------------------------------------- DeactivateUser, ReactivateUser, LockUser, UnlockUser, RemoveUser

async function deactivated(world: World): Promise<UserWithCode> {
  const user = await world.user();
  await world.asAdmin(method.deactivateUser, byId(user));
  return user;
}

async function lockedByHand(world: World): Promise<UserWithCode> {
  const user = await world.user();
  await world.asAdmin(method.lockUser, byId(user));
  return user;
}

type LifeRow = Omit<Row<typeof method.lockUser.input, TestUser>, "input"> & {
  readonly input: (user: TestUser) => { readonly id: string };
};

/** The rows of a change in a user's life. */
function lifeRows(
  change: (row: LifeRow) => Scenario,
  {
    request,
    effect,
    state,
    from,
    others = [],
    wrong,
    missing,
    permitted = writers,
  }: {
    readonly request: string;
    readonly effect: EventType;
    /** Undefined if nobody is there afterwards. */
    readonly state: UserState | undefined;
    /** A user whose life can be changed so, and further ones. */
    readonly from: LifeRow["given"];
    readonly others?: readonly Pick<LifeRow, "name" | "given">[];
    /** Those whose life cannot be changed so. */
    readonly wrong: readonly Pick<LifeRow, "name" | "given" | "expect">[];
    /** The id of the refusal if there is no such user. */
    readonly missing: string;
    readonly permitted?: readonly CallerKind[];
  },
): readonly Scenario[] {
  const done = {
    input: byId,
    expect: ok(),
    effect: [effect],
    after: async ({ id }: TestUser, world: World) => {
      const seen = world.asAdmin(method.getUserByID, { id });
      if (state === undefined) await expect(seen).rejects.toThrow("QUERY-Dfbg2");
      else expect((await seen).user?.state).toBe(state);
    },
  };
  return [
    change({ name: "by the administrator", everyWay: true, given: from, caller: "administrator", ...done }),
    ...permitted.map((caller) => change({ name: `by ${caller}`, given: from, caller, ...done })),
    ...others.map((row) => change({ ...row, caller: "administrator", ...done })),
    ...wrong.map((row) => change({ ...row, caller: "administrator", input: byId })),
    ...notFound.map((row) => change({ ...row, input: byId, expect: refused(Code.NotFound, missing) })),
    ...organizationRefused.map((row) => change({ ...row, input: byId })),
    change({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => ({ id: "" }),
      expect: invalid(`${request}.id`),
      expectOfRest: noSuchPath,
    }),
  ];
}

const deactivate = rowsOf("management.v1 DeactivateUser", method.deactivateUser);
const reactivate = rowsOf("management.v1 ReactivateUser", method.reactivateUser);
const lock = rowsOf("management.v1 LockUser", method.lockUser);
const unlock = rowsOf("management.v1 UnlockUser", method.unlockUser);
const remove = rowsOf("management.v1 RemoveUser", method.removeUser);

const notInactive = refused(Code.FailedPrecondition, "COMMAND-6M0sf");
const cannotLock = refused(Code.FailedPrecondition, "COMMAND-3NN8v");
const notLocked = refused(Code.FailedPrecondition, "COMMAND-4M0ds");

const changeRows: readonly Scenario[] = [
  ...lifeRows(deactivate, {
    request: "DeactivateUserRequest",
    effect: "user.deactivated",
    state: UserState.INACTIVE,
    from: withPendingPhone,
    others: [{ name: "a locked user", given: lockedByHand }],
    wrong: [
      {
        name: "a user who is deactivated already",
        given: deactivated,
        expect: refused(Code.FailedPrecondition, "COMMAND-5M0sf"),
      },
    ],
    missing: "COMMAND-3M9ds",
  }),
  ...permissionRows(deactivate, idTooLong, "ORG_OWNER_VIEWER"),
  ...lifeRows(reactivate, {
    request: "ReactivateUserRequest",
    effect: "user.reactivated",
    state: UserState.ACTIVE,
    from: deactivated,
    wrong: [
      { name: "an active user", given: withoutPhone, expect: notInactive },
      { name: "a locked user", given: lockedByHand, expect: notInactive },
    ],
    missing: "COMMAND-4M0sd",
  }),
  ...permissionRows(reactivate, idTooLong, "ORG_OWNER_VIEWER"),
  ...lifeRows(lock, {
    request: "LockUserRequest",
    effect: "user.locked",
    state: UserState.LOCKED,
    from: withVerifiedPhone,
    wrong: [
      { name: "a user who is locked already", given: lockedByHand, expect: cannotLock },
      { name: "a deactivated user", given: deactivated, expect: cannotLock },
    ],
    missing: "COMMAND-5M9fs",
  }),
  ...permissionRows(lock, idTooLong, "ORG_OWNER_VIEWER"),
  ...lifeRows(unlock, {
    request: "UnlockUserRequest",
    effect: "user.unlocked",
    state: UserState.ACTIVE,
    from: lockedByHand,
    wrong: [
      { name: "an active user", given: withoutPhone, expect: notLocked },
      { name: "a deactivated user", given: deactivated, expect: notLocked },
    ],
    missing: "COMMAND-M0dos",
  }),
  ...permissionRows(unlock, idTooLong, "ORG_OWNER_VIEWER"),
  ...lifeRows(remove, {
    request: "RemoveUserRequest",
    effect: "user.removed",
    state: undefined,
    from: withVerifiedPhone,
    others: [
      { name: "a locked user", given: lockedByHand },
      { name: "a deactivated user", given: deactivated },
    ],
    wrong: [],
    missing: "COMMAND-m9od",
    permitted: writers.filter((role) => role !== "IAM_LOGIN_CLIENT"),
  }),
  ...permissionRows(remove, idTooLong, "IAM_LOGIN_CLIENT"),
];

export const managementV1Accounts: readonly Scenario[] = [
  ...healthRows,
  ...getRows,
  ...addRows,
  ...changeRows,
];
