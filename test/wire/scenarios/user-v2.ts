import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as BetaUserService } from "../../../gen/zitadel/user/v2beta/user_service_pb.js";
import { Gender } from "../../../gen/zitadel/user/v2/user_pb.js";
import type { TestUser } from "../../support/wire-world.ts";
import {
  badNumber,
  codeSent,
  deleted,
  expectPhone,
  locked,
  machine,
  nobody,
  notSupported,
  phoneCode,
  withoutPhone,
  withPendingPhone,
  withSentCode,
  withVerifiedPhone,
  withWrongCodesInARow,
} from "./givens.ts";
import type { EitherService } from "./either-service.ts";
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

/** zitadel.user.v2.UserService and its beta: accounts are added, looked at, deleted and unlocked. */

type Methods = EitherService<typeof UserService, typeof BetaUserService>;

const byId = ({ id }: TestUser): { userId: string } => ({ userId: id });
const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");

// ---------------------------------------------------------------------------------------- AddHumanUser

/** All that must be given. */
const human = ({ id, organizationId }: TestUser) =>
  ({
    userId: id,
    organization: { org: { case: "orgId", value: organizationId } },
    profile: { givenName: "Ada", familyName: "Lovelace" },
    email: { email: `${id}@example.com` },
  }) as const;

const fullProfile = {
  givenName: "Ada",
  familyName: "Lovelace",
  nickName: "Countess",
  displayName: "Ada, Countess of Lovelace",
  preferredLanguage: "en-GB",
  gender: Gender.FEMALE,
} as const;

function addRows(service: string, { addHumanUser }: Methods): readonly Scenario[] {
  const add = rowsOf(`${service} AddHumanUser`, addHumanUser);
  return [
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
      name: "everything about a person, which is kept",
      given: nobody,
      caller: "administrator",
      input: (user) => ({
        ...human(user),
        username: `ada-${user.id}`,
        profile: fullProfile,
        email: { email: `${user.id}@example.com`, verification: { case: "isVerified", value: true } },
        metadata: [{ key: "team", value: new TextEncoder().encode("engines") }],
      }),
      expect: ({ id }) => ok({ userId: id }),
      effect: ["user.human.added"],
      after: async ({ id }, world) => {
        const { user } = await world.asAdmin(UserService.method.getUserByID, { userId: id });
        expect(user).toMatchObject({
          username: `ada-${id}`,
          preferredLoginName: `ada-${id}`,
          type: {
            case: "human",
            value: { profile: fullProfile, email: { email: `${id}@example.com`, isVerified: true } },
          },
        });
        const added = await world.history.lastOf(id);
        expect(added?.data).toMatchObject({ metadata: [{ key: "team", value: "ZW5naW5lcw==" }] });
      },
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
    ...(
      [
        ["user_id", { userId: "" }],
        ["user_id", { userId: "x".repeat(201) }],
        ["username", { username: "" }],
        ["username", { username: "x".repeat(201) }],
        ["profile.given_name", { profile: { givenName: "", familyName: "Lovelace" } }],
        ["profile.family_name", { profile: { givenName: "Ada", familyName: "x".repeat(201) } }],
        ["profile.nick_name", { profile: { ...fullProfile, nickName: "x".repeat(201) } }],
        ["profile.display_name", { profile: { ...fullProfile, displayName: "x".repeat(201) } }],
        ["profile.preferred_language", { profile: { ...fullProfile, preferredLanguage: "x".repeat(11) } }],
        ["email.email", { email: { email: `${"x".repeat(190)}@example.com` } }],
        [
          "email.send_code.url_template",
          {
            email: { email: "a@example.com", verification: { case: "sendCode", value: { urlTemplate: "" } } },
          },
        ],
        ["password.password", { passwordType: { case: "password", value: { password: "" } } }],
        ["hashed_password.hash", { passwordType: { case: "hashedPassword", value: { hash: "" } } }],
        ["totp_secret", { totpSecret: "" }],
      ] as const
    ).map(([field, bad], index) =>
      add({
        name: `a limit of ${field} (${index})`,
        given: nobody,
        caller: "administrator",
        input: (user) => ({ ...human(user), ...bad }),
        expect: invalid(`AddHumanUserRequest.${field}`),
      }),
    ),
    ...[
      { field: "idp_id", idpLinks: [{ idpId: "", userId: "2", userName: "ada" }] },
      { field: "user_id", idpLinks: [{ idpId: "1", userId: "", userName: "ada" }] },
      { field: "user_name", idpLinks: [{ idpId: "1", userId: "2", userName: "x".repeat(201) }] },
    ].map(({ field, idpLinks }) =>
      add({
        name: `a limit of idp_links.${field}`,
        given: nobody,
        caller: "administrator",
        input: (user) => ({ ...human(user), idpLinks }),
        expect: invalid(`AddHumanUserRequest.idp_links[0].${field}`),
      }),
    ),
    ...[
      { field: "key", metadata: [{ key: "", value: new Uint8Array([1]) }] },
      { field: "key", metadata: [{ key: "x".repeat(201), value: new Uint8Array([1]) }] },
      { field: "value", metadata: [{ key: "team", value: new Uint8Array() }] },
      { field: "value", metadata: [{ key: "team", value: new Uint8Array(500_001) }] },
    ].map(({ field, metadata }, index) =>
      add({
        name: `a limit of metadata.${field} (${index})`,
        given: nobody,
        caller: "administrator",
        input: (user) => ({ ...human(user), metadata }),
        expect: invalid(`AddHumanUserRequest.metadata[0].${field}`),
      }),
    ),
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
      input: (user) => ({
        ...human(user),
        passwordType: { case: "password", value: { password: "secret" } },
      }),
      expect: notSupported("password"),
    }),
    add({
      name: "a hashed password",
      given: nobody,
      caller: "administrator",
      input: (user) => ({
        ...human(user),
        passwordType: { case: "hashedPassword", value: { hash: "$2a$10$" } },
      }),
      expect: notSupported("hashed_password"),
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
      input: (user) => ({
        ...human(user),
        organization: { org: { case: "orgDomain", value: "example.com" } },
      }),
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
}

// ----------------------------------------------------------------------------------------- GetUserByID

const seen = (user: TestUser, phone: object): ReturnType<typeof ok> =>
  ok({
    user: expect.objectContaining({
      userId: user.id,
      state: "USER_STATE_ACTIVE",
      username: `${user.id}@example.com`,
      human: expect.objectContaining({ phone }),
    }),
  });

function getRows(service: string, { getUserByID }: Methods): readonly Scenario[] {
  const get = rowsOf(`${service} GetUserByID`, getUserByID);
  return [
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
}

// ------------------------------------------------------------------------------------------ DeleteUser

const deleteMissing = refused(Code.NotFound, "COMMAND-bd4ir1mblj");

function deleteRows(service: string, { deleteUser }: Methods): readonly Scenario[] {
  const remove = rowsOf(`${service} DeleteUser`, deleteUser);
  return [
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
}

// ------------------------------------------------------------------------------------------ UnlockUser

function unlockRows(service: string, { unlockUser }: Methods): readonly Scenario[] {
  const unlock = rowsOf(`${service} UnlockUser`, unlockUser);
  return [
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
  ];
}

function accountScenarios(service: string, methods: Methods): readonly Scenario[] {
  return [addRows, getRows, deleteRows, unlockRows].flatMap((rows) => rows(service, methods));
}

export const userV2: readonly Scenario[] = [
  ...accountScenarios("user.v2", UserService.method),
  ...accountScenarios("user.v2beta", BetaUserService.method),
];
