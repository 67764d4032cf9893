import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import type { TestUser } from "../../support/wire-world.ts";
import {
  badNumber,
  codeSent,
  deleted,
  expectPhone,
  locked,
  machine,
  nobody,
  phoneCode,
  withoutPhone,
  withPendingPhone,
  withSentCode,
  withVerifiedPhone,
  withWrongCodesInARow,
} from "./givens.ts";
import {
  authenticationRows,
  invalid,
  noSuchPath,
  ok,
  permissionRows,
  refused,
  rowsOf,
  type Scenario,
} from "./scenario.ts";

/** zitadel.user.v2.UserService: accounts. */

const { method } = UserService;
const byId = ({ id }: TestUser): { userId: string } => ({ userId: id });
const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");

// ---------------------------------------------------------------------------------------- AddHumanUser

const add = rowsOf("user.v2 AddHumanUser", method.addHumanUser);

/** All that must be given. */
const human = ({ id, organizationId }: TestUser) =>
  ({
    userId: id,
    organization: { org: { case: "orgId", value: organizationId } },
    profile: { givenName: "Ada", familyName: "Lovelace" },
    email: { email: `${id}@example.com` },
  }) as const;

const notSupported = (field: string): ReturnType<typeof refused> =>
  refused(Code.FailedPrecondition, "RINGBACK-n0Sup", `The field ${field} is not supported`);

const addRows: readonly Scenario[] = [
  add({
    name: "without a number",
    everyWay: true,
    given: nobody,
    caller: "administrator",
    input: human,
    expect: ({ id }) => ok({ userId: id }),
    effect: ["user.human.added"],
    after: (user, world) => expectPhone(world, user, "", false),
  }),
  add({
    name: "without an id, which is made then",
    given: nobody,
    caller: "administrator",
    input: ({ id }) => ({
      profile: { givenName: "Ada", familyName: "Lovelace" },
      email: { email: `${id}@example.com` },
    }),
    expect: ok({ userId: expect.stringMatching(/^[0-9]{18}$/) }),
    effect: ["user.human.added"],
  }),
  add({
    name: "with a number that is to be verified by SMS",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...human(user),
      phone: { phone: user.number, verification: { case: "sendCode", value: {} } },
    }),
    expect: ({ id }) => ok({ userId: id }),
    effect: ["user.human.added", ...codeSent],
    after: (user, world) => expectPhone(world, user, user.number, false),
  }),
  add({
    name: "with a number and no word of its verification",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...human(user), phone: { phone: user.number } }),
    expect: ({ id }) => ok({ userId: id }),
    effect: ["user.human.added", ...codeSent],
  }),
  add({
    name: "with a number whose code is returned",
    everyWay: true,
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...human(user),
      phone: { phone: user.number, verification: { case: "returnCode", value: {} } },
    }),
    expect: ({ id }, world) => ok({ userId: id, phoneCode: phoneCode(world) }),
    effect: ["user.human.added", "user.human.phone.code.added"],
  }),
  add({
    name: "with a number that is verified",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...human(user),
      phone: { phone: user.number, verification: { case: "isVerified", value: true } },
    }),
    expect: ({ id }) => ok({ userId: id }),
    effect: ["user.human.added", "user.human.phone.verified"],
    after: (user, world) => expectPhone(world, user, user.number, true),
  }),
  add({
    name: "with an empty number, which is none",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...human(user), phone: { phone: "" } }),
    expect: ({ id }) => ok({ userId: id }),
    effect: ["user.human.added"],
  }),
  add({
    name: "the id of a deleted user",
    given: deleted,
    caller: "administrator",
    input: human,
    expect: ({ id }) => ok({ userId: id }),
    effect: ["user.human.added"],
  }),
  add({
    name: "by the owner of the organization",
    given: (world) => world.nobody("elsewhere"),
    caller: "ORG_OWNER elsewhere",
    input: human,
    expect: ({ id }) => ok({ userId: id }),
    effect: ["user.human.added"],
  }),
  add({
    name: "by the owner of another organization",
    given: nobody,
    caller: "ORG_OWNER elsewhere",
    input: human,
    expect: lacksPermission,
  }),
  add({
    name: "an id that is taken",
    everyWay: true,
    given: withoutPhone,
    caller: "administrator",
    input: human,
    expect: refused(Code.FailedPrecondition, "COMMAND-7yiox1isql"),
  }),
  add({
    name: "a user name that is taken, in other letters",
    given: async (world) => ({ ...world.nobody(), taken: (await world.user()).id }),
    caller: "administrator",
    input: (user) => ({ ...human(user), username: `${user.taken}@EXAMPLE.com` }),
    expect: refused(Code.AlreadyExists, "V3-DKcYh"),
  }),
  add({
    name: "a number to which an SMS went just now",
    profile: "safe",
    given: async (world) => ({ ...world.nobody(), number: (await withSentCode(world)).number }),
    caller: "administrator",
    input: (user) => ({ ...human(user), phone: { phone: user.number } }),
    expect: refused(Code.ResourceExhausted, "PHONE-w41ts"),
  }),
  add({
    name: "a number to which an SMS went just now",
    profile: "zitadel",
    given: async (world) => ({ ...world.nobody(), number: (await withSentCode(world)).number }),
    caller: "administrator",
    input: (user) => ({ ...human(user), phone: { phone: user.number } }),
    expect: ({ id }) => ok({ userId: id }),
    effect: ["user.human.added", ...codeSent],
  }),
  add({
    name: "no number at all",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...human(user), phone: { phone: "phone" } }),
    expect: badNumber("This is not a phone number"),
  }),
  add({
    name: "a number of spaces",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...human(user), phone: { phone: "  " } }),
    expect: refused(Code.InvalidArgument, "PHONE-Zt0NV"),
  }),
  add({
    name: "a number that is not verified, although it says how",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...human(user),
      phone: { phone: user.number, verification: { case: "isVerified", value: false } },
    }),
    expect: invalid("AddHumanUserRequest.phone.is_verified"),
  }),
  add({
    name: "a number of 201 characters",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...human(user), phone: { phone: "1".repeat(201) } }),
    expect: invalid("AddHumanUserRequest.phone.phone"),
  }),
  add({
    name: "no profile",
    given: nobody,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, email: { email: `${id}@example.com` } }),
    expect: invalid("AddHumanUserRequest.profile"),
  }),
  add({
    name: "no e-mail address",
    given: nobody,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, profile: { givenName: "Ada", familyName: "Lovelace" } }),
    expect: invalid("AddHumanUserRequest.email"),
  }),
  add({
    name: "what is no e-mail address",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...human(user), email: { email: "ada" } }),
    expect: invalid("AddHumanUserRequest.email.email"),
  }),
  add({
    name: "a password",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...human(user), passwordType: { case: "password", value: { password: "secret" } } }),
    expect: notSupported("password"),
  }),
  add({
    name: "an identity provider",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...human(user), idpLinks: [{ idpId: "1", userId: "2", userName: "ada" }] }),
    expect: notSupported("idp_links"),
  }),
  add({
    name: "a TOTP secret",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...human(user), totpSecret: "secret" }),
    expect: notSupported("totp_secret"),
  }),
  add({
    name: "an organization by its domain",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...human(user), organization: { org: { case: "orgDomain", value: "example.com" } } }),
    expect: notSupported("organization.org_domain"),
  }),
  add({
    name: "a code by e-mail",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...human(user),
      email: { email: `${user.id}@example.com`, verification: { case: "sendCode", value: {} } },
    }),
    expect: notSupported("email.send_code"),
  }),
  add({
    name: "a returned code for the e-mail address",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...human(user),
      email: { email: `${user.id}@example.com`, verification: { case: "returnCode", value: {} } },
    }),
    expect: notSupported("email.return_code"),
  }),
  ...permissionRows(add, {}, "ORG_OWNER_VIEWER"),
];

// ----------------------------------------------------------------------------------------- GetUserByID

const get = rowsOf("user.v2 GetUserByID", method.getUserByID);

const seen = (user: TestUser, phone: object): ReturnType<typeof ok> =>
  ok({
    user: expect.objectContaining({
      userId: user.id,
      state: "USER_STATE_ACTIVE",
      username: `${user.id}@example.com`,
      human: expect.objectContaining({ userId: user.id, phone }),
    }),
  });

const getRows: readonly Scenario[] = [
  get({
    name: "oneself",
    everyWay: true,
    given: withPendingPhone,
    caller: "self",
    input: byId,
    expect: (user) => seen(user, { phone: user.number }),
  }),
  get({
    name: "by a viewer of the organization",
    given: withVerifiedPhone,
    caller: "ORG_OWNER_VIEWER",
    input: byId,
    expect: (user) => seen(user, { phone: user.number, isVerified: true }),
  }),
  get({
    name: "without a number",
    given: withoutPhone,
    caller: "administrator",
    input: byId,
    expect: (user) => seen(user, {}),
  }),
  get({
    name: "a machine",
    given: machine,
    caller: "administrator",
    input: byId,
    expect: ok({ user: expect.objectContaining({ machine: { name: "Administrator" } }) }),
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
    name: "by another user",
    given: withPendingPhone,
    caller: "other",
    input: byId,
    expect: lacksPermission,
  }),
  get({
    name: "by the owner of another organization",
    given: withPendingPhone,
    caller: "ORG_OWNER elsewhere",
    input: byId,
    expect: lacksPermission,
  }),
  get({
    name: "nobody has the id",
    everyWay: true,
    given: nobody,
    caller: "administrator",
    input: byId,
    expect: refused(Code.NotFound, "QUERY-Dfbg2"),
  }),
  get({
    name: "a deleted user",
    given: deleted,
    caller: "administrator",
    input: byId,
    expect: refused(Code.NotFound, "QUERY-Dfbg2"),
  }),
  get({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "" }),
    expect: invalid("GetUserByIDRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  get({
    name: "an id of 201 characters",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "x".repeat(201) }),
    expect: invalid("GetUserByIDRequest.user_id"),
  }),
  get({
    name: "an id of characters that a path must escape",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "a/b?c:d e%ü" }),
    expect: refused(Code.NotFound, "QUERY-Dfbg2"),
  }),
  ...authenticationRows(get, { userId: "x".repeat(201) }),
];

// ------------------------------------------------------------------------------------------ DeleteUser

const remove = rowsOf("user.v2 DeleteUser", method.deleteUser);
const deleteMissing = refused(Code.NotFound, "COMMAND-bd4ir1mblj");

const deleteRows: readonly Scenario[] = [
  remove({
    name: "by the administrator",
    everyWay: true,
    given: withVerifiedPhone,
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: ["user.removed"],
  }),
  remove({
    name: "oneself",
    given: withPendingPhone,
    caller: "self",
    input: byId,
    expect: ok(),
    effect: ["user.removed"],
  }),
  remove({
    name: "by another user",
    given: withPendingPhone,
    caller: "other",
    input: byId,
    expect: lacksPermission,
  }),
  remove({
    name: "by a role that may write, but not delete",
    given: withPendingPhone,
    caller: "IAM_LOGIN_CLIENT",
    input: byId,
    expect: lacksPermission,
  }),
  remove({
    name: "nobody has the id",
    given: nobody,
    caller: "administrator",
    input: byId,
    expect: deleteMissing,
  }),
  remove({
    name: "a user who is deleted already",
    given: deleted,
    caller: "administrator",
    input: byId,
    expect: deleteMissing,
  }),
  remove({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "" }),
    expect: invalid("DeleteUserRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  ...authenticationRows(remove, { userId: "x".repeat(201) }),
];

// ------------------------------------------------------------------------------------------ UnlockUser

const unlock = rowsOf("user.v2 UnlockUser", method.unlockUser);

const unlockRows: readonly Scenario[] = [
  unlock({
    name: "by the administrator",
    profile: "safe",
    everyWay: true,
    given: withWrongCodesInARow(100),
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: ["user.unlocked"],
  }),
  unlock({
    name: "by the one who is locked",
    profile: "safe",
    given: locked,
    caller: "self",
    input: byId,
    expect: lacksPermission,
  }),
  unlock({
    name: "by another user",
    given: withoutPhone,
    caller: "other",
    input: byId,
    expect: lacksPermission,
  }),
  unlock({
    name: "a user who is not locked",
    given: withoutPhone,
    caller: "administrator",
    input: byId,
    expect: refused(Code.FailedPrecondition, "COMMAND-olb9vb0oca"),
  }),
  unlock({
    name: "nobody has the id",
    given: nobody,
    caller: "administrator",
    input: byId,
    expect: refused(Code.NotFound, "COMMAND-x377t913pw"),
  }),
  unlock({
    name: "a deleted user",
    given: deleted,
    caller: "administrator",
    input: byId,
    expect: refused(Code.NotFound, "COMMAND-x377t913pw"),
  }),
  unlock({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "" }),
    expect: invalid("UnlockUserRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  ...authenticationRows(unlock, { userId: "x".repeat(201) }),
];

export const userV2: readonly Scenario[] = [...addRows, ...getRows, ...deleteRows, ...unlockRows];
