import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { ManagementService } from "../../../gen/zitadel/management/v1/management_service_pb.js";
import { type CreateUserSchema } from "../../../gen/zitadel/resources/user/v3alpha/user_pb.js";
import { ZITADELUsers } from "../../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import {
  badNumber,
  codeSent,
  deleted,
  expectPhone,
  expectUser,
  machine,
  nobody,
  notSupported,
  phoneCode,
  timestamp,
  withoutPhone,
  withPendingPhone,
  withTakenName,
  withVerifiedPhone,
} from "./givens.ts";
import {
  authenticationRows,
  invalid,
  noSuchPath,
  ok,
  type Outcome,
  refused,
  rowsOf,
  type Scenario,
} from "./scenario.ts";

/** zitadel.resources.user.v3alpha.ZITADELUsers: accounts. */

const { method } = ZITADELUsers;
const byId = ({ id }: TestUser): { id: string } => ({ id });
const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");

const returnCode = { case: "returnCode", value: {} } as const;
const sendCode = { case: "sendCode", value: {} } as const;
const isVerified = { case: "isVerified", value: true } as const;
const isNotVerified = { case: "isVerified", value: false } as const;

/** What the API tells of a user. */
async function shown(world: World, { id }: TestUser): Promise<unknown> {
  return (await world.asAdmin(method.getUser, { id })).user;
}

// ------------------------------------------------------------------------------------------ CreateUser

const create = rowsOf("resources.user.v3alpha CreateUser", method.createUser);

type UserFields = Exclude<MessageInitShape<typeof CreateUserSchema>, Message>;

const inOrganization = ({ organizationId }: TestUser) =>
  ({ organization: { property: { case: "orgId", value: organizationId } } }) as const;
const fields = ({ id }: TestUser): UserFields => ({ userId: id, schemaId: "person" });
const added = ["user.human.added", "user.schema.set"] as const;

const creating =
  (others: UserFields | ((user: TestUser) => UserFields) = {}) =>
  (user: TestUser) => ({
    ...inOrganization(user),
    user: { ...fields(user), ...(typeof others === "function" ? others(user) : others) },
  });

const createRows: readonly Scenario[] = [
  create({
    name: "a schema, and nothing else",
    everyWay: true,
    given: nobody,
    caller: "administrator",
    input: creating(),
    expect: ok(),
    effect: added,
    after: async (user, world) => {
      await expectUser(world, user, { username: "", loginNames: [] });
      const { user: inV3 } = await world.asAdmin(method.getUser, byId(user));
      expect(inV3?.contact?.email).toBeUndefined();
      const { user: inV1 } = await world.asAdmin(ManagementService.method.getUserByID, byId(user));
      expect(inV1?.loginNames).toEqual([]);
    },
  }),
  create({
    name: "all plain data, which is kept",
    given: nobody,
    caller: "administrator",
    input: creating(({ id, number }) => ({
      data: { name: "Ada", born: 1815, tags: ["first", null], about: { active: true } },
      contact: {
        email: { address: `${id}@example.com`, verification: isVerified },
        phone: { number, verification: isVerified },
      },
      authenticators: { usernames: [{ username: `ada-${id}`, isOrganizationSpecific: true }] },
    })),
    expect: ok(),
    effect: [...added, "user.human.phone.verified"],
    after: async (user, world) => {
      expect(await shown(world, user)).toMatchObject({
        schema: { id: "person" },
        data: { name: "Ada", born: 1815, tags: ["first", null], about: { active: true } },
        contact: {
          email: { address: `${user.id}@example.com`, isVerified: true },
          phone: { number: user.number, isVerified: true },
        },
        authenticators: { usernames: [{ username: `ada-${user.id}` }] },
      });
    },
  }),
  create({
    name: "without an id, which is made then",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...inOrganization(user), user: { schemaId: "person" } }),
    expect: ok(),
    effect: added,
  }),
  create({
    name: "a number whose code is returned",
    given: nobody,
    caller: "administrator",
    input: creating(({ number }) => ({ contact: { phone: { number, verification: returnCode } } })),
    expect: (_, world) => ok({ phoneCode: phoneCode(world) }),
    effect: [...added, "user.human.phone.code.added"],
  }),
  create({
    name: "a number and no word of its verification",
    given: nobody,
    caller: "administrator",
    input: creating(({ number }) => ({ contact: { phone: { number } } })),
    expect: ok(),
    effect: [...added, ...codeSent],
  }),
  create({
    name: "by the owner of the organization",
    given: (world) => world.nobody("elsewhere"),
    caller: "ORG_OWNER elsewhere",
    input: creating(),
    expect: ok(),
    effect: added,
  }),
  ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
    create({ name: `by ${caller}`, given: nobody, caller, input: creating(), expect: lacksPermission }),
  ),
  create({
    name: "an id that is taken",
    given: withoutPhone,
    caller: "administrator",
    input: creating(),
    expect: refused(Code.FailedPrecondition, "COMMAND-7yiox1isql"),
  }),
  create({
    name: "a user name that is taken",
    given: async (world) => ({ ...world.nobody(), taken: (await withTakenName(world)).taken }),
    caller: "administrator",
    input: (user) => creating({ authenticators: { usernames: [{ username: user.taken }] } })(user),
    expect: refused(Code.AlreadyExists, "V3-DKcYh"),
  }),
  create({
    name: "what is no number",
    given: nobody,
    caller: "administrator",
    input: creating({ contact: { phone: { number: "phone" } } }),
    expect: badNumber("This is not a phone number"),
  }),
  create({
    name: "a number of spaces",
    given: nobody,
    caller: "administrator",
    input: creating({ contact: { phone: { number: "  " } } }),
    expect: refused(Code.InvalidArgument, "PHONE-Zt0NV"),
  }),
  ...(
    [
      ["email.send_code", { contact: { email: { address: "ada@example.com", verification: sendCode } } }],
      ["email.return_code", { contact: { email: { address: "ada@example.com", verification: returnCode } } }],
      [
        "user.authenticators.password",
        { authenticators: { password: { type: { case: "password", value: "secret" } } } },
      ],
      [
        "user.authenticators.password",
        { authenticators: { password: { type: { case: "hash", value: "$2a$10$" } } } },
      ],
      [
        "user.authenticators.usernames",
        { authenticators: { usernames: [{ username: "a" }, { username: "b" }] } },
      ],
    ] satisfies [string, UserFields][]
  ).map(([field, given], index) =>
    create({
      name: `with ${field} (${index})`,
      given: nobody,
      caller: "administrator",
      input: creating(given),
      expect: notSupported(field),
    }),
  ),
  create({
    name: "an instance",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...creating()(user), instance: { property: { case: "id", value: "1" } } }),
    expect: notSupported("instance"),
  }),
  create({
    name: "an organization by its domain",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...creating()(user),
      organization: { property: { case: "orgDomain", value: "example.com" } },
    }),
    expect: notSupported("organization.org_domain"),
  }),
  create({
    name: "no organization",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ user: fields(user) }),
    expect: invalid("CreateUserRequest.organization"),
  }),
  create({
    name: "no user",
    given: nobody,
    caller: "administrator",
    input: inOrganization,
    expect: invalid("CreateUserRequest.user"),
  }),
  ...(
    [
      ["schema_id", { schemaId: "" }],
      ["schema_id", { schemaId: "x".repeat(201) }],
      ["user_id", { userId: "" }],
      ["user_id", { userId: "x".repeat(201) }],
      ["contact.email.address", { contact: { email: { address: "ada" } } }],
      [
        "contact.email.is_verified",
        { contact: { email: { address: "ada@example.com", verification: isNotVerified } } },
      ],
      ["contact.phone.number", { contact: { phone: { number: "" } } }],
      ["contact.phone.number", { contact: { phone: { number: "1".repeat(21) } } }],
      [
        "contact.phone.is_verified",
        { contact: { phone: { number: "+41791234567", verification: isNotVerified } } },
      ],
      ["authenticators.usernames[0].username", { authenticators: { usernames: [{ username: "" }] } }],
    ] satisfies [string, UserFields][]
  ).map(([field, bad], index) =>
    create({
      name: `a limit of ${field} (${index})`,
      given: nobody,
      caller: "administrator",
      input: creating(bad),
      expect: invalid(`CreateUserRequest.user.${field}`),
    }),
  ),
  ...authenticationRows(create, {}),
];

// --------------------------------------------------------------------------------------------- GetUser

const get = rowsOf("resources.user.v3alpha GetUser", method.getUser);
const getMissing = refused(Code.NotFound, "QUERY-Dfbg2");

const seen = (user: TestUser, others: object): Outcome =>
  ok({
    user: {
      details: {
        id: user.id,
        created: timestamp(user.createdMs),
        changed: timestamp(user.createdMs),
        owner: { type: "OWNER_TYPE_ORG", id: user.organizationId },
      },
      schema: {},
      data: {},
      authenticators: {
        usernames: [
          { usernameId: user.id, username: `${user.id}@example.com`, isOrganizationSpecific: true },
        ],
      },
      state: "USER_STATE_ACTIVE",
      ...others,
    },
  });

const getRows: readonly Scenario[] = [
  get({
    name: "oneself",
    everyWay: true,
    given: withPendingPhone,
    caller: "self",
    input: byId,
    expect: (user) =>
      seen(user, {
        contact: { email: { address: `${user.id}@example.com` }, phone: { number: user.number } },
      }),
  }),
  get({
    name: "by a viewer of the organization",
    given: withVerifiedPhone,
    caller: "ORG_OWNER_VIEWER",
    input: byId,
    expect: (user) =>
      seen(user, {
        contact: {
          email: { address: `${user.id}@example.com` },
          phone: { number: user.number, isVerified: true },
        },
      }),
  }),
  get({
    name: "a registration for one-time codes",
    given: async (world) => {
      const user = await withoutPhone(world);
      const phone = { number: user.number, verification: isVerified };
      const { otpSmsId } = await world.asAdmin(method.addOTPSMSAuthenticator, { id: user.id, phone });
      return { ...user, otpSmsId };
    },
    caller: "self",
    input: byId,
    expect: ({ otpSmsId, number }) =>
      ok({
        user: expect.objectContaining({
          authenticators: expect.objectContaining({
            otpSms: [{ otpSmsId, phone: number, isVerified: true }],
          }),
        }),
      }),
  }),
  ...(["other", "ORG_OWNER elsewhere"] as const).map((caller) =>
    get({ name: `by ${caller}`, given: withoutPhone, caller, input: byId, expect: lacksPermission }),
  ),
  get({
    name: "an instance",
    given: withoutPhone,
    caller: "administrator",
    input: ({ id }) => ({ id, instance: { property: { case: "id", value: "1" } } }),
    expect: notSupported("instance"),
  }),
  ...[
    { name: "nobody has the id", given: nobody },
    { name: "a deleted user", given: deleted },
  ].map(({ name, given }) => get({ name, given, caller: "administrator", input: byId, expect: getMissing })),
  get({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ id: "" }),
    expect: invalid("GetUserRequest.id"),
    expectOfRest: noSuchPath,
  }),
  ...authenticationRows(get, { id: "x".repeat(201) }),
];

// ------------------------------------------------------------------------------------------- PatchUser

const patch = rowsOf("resources.user.v3alpha PatchUser", method.patchUser);
const patchMissing = refused(Code.NotFound, "COMMAND-ugjs0upun6");

/** A person with data. */
async function withData(world: World): Promise<TestUser> {
  const user = world.nobody();
  const phone = { number: user.number, verification: isVerified };
  const given = { ...fields(user), data: { name: "Ada", born: 1815 }, contact: { phone } };
  await world.asAdmin(method.createUser, { ...inOrganization(user), user: given });
  return user;
}

const patchRows: readonly Scenario[] = [
  patch({
    name: "the data, as a whole",
    everyWay: true,
    given: withData,
    caller: "self",
    input: ({ id }) => ({ id, user: { data: { name: "Augusta" } } }),
    expect: ok(),
    effect: ["user.schema.set"],
    after: async (user, world) => {
      expect(await shown(world, user)).toMatchObject({ schema: { id: "person" } });
      expect(await shown(world, user)).toHaveProperty("data", { name: "Augusta" });
    },
  }),
  patch({
    name: "the schema, and the data stay",
    given: withData,
    caller: "administrator",
    input: ({ id }) => ({ id, user: { schemaId: "countess" } }),
    expect: ok(),
    effect: ["user.schema.set"],
    after: async (user, world) => {
      expect(await shown(world, user)).toMatchObject({
        schema: { id: "countess" },
        data: { name: "Ada", born: 1815 },
      });
    },
  }),
  ...[
    { name: "nothing", user: {} },
    { name: "the same data", user: { data: { born: 1815, name: "Ada" } } },
    { name: "the same schema", user: { schemaId: "person" } },
  ].map(({ name, user }) =>
    patch({ name, given: withData, caller: "self", input: ({ id }) => ({ id, user }), expect: ok() }),
  ),
  patch({
    name: "nothing, of a user without a schema",
    given: withoutPhone,
    caller: "self",
    input: ({ id }) => ({ id, user: {} }),
    expect: ok(),
  }),
  patch({
    name: "the e-mail address, verified",
    given: withData,
    caller: "administrator",
    input: ({ id }) => ({
      id,
      user: { contact: { email: { address: "king@example.com", verification: isVerified } } },
    }),
    expect: ok(),
    effect: ["user.human.email.changed"],
    after: async (user, world) => {
      const contact = { email: { address: "king@example.com", isVerified: true } };
      expect(await shown(world, user)).toMatchObject({ contact });
    },
  }),
  patch({
    name: "the same verified e-mail address, without a word of it",
    given: async (world) => {
      const user = await withData(world);
      const email = { address: "king@example.com", verification: isVerified };
      await world.asAdmin(method.patchUser, { id: user.id, user: { contact: { email } } });
      return user;
    },
    caller: "self",
    input: ({ id }) => ({ id, user: { contact: { email: { address: "king@example.com" } } } }),
    expect: ok(),
    after: async (user, world) => {
      const contact = { email: { address: "king@example.com", isVerified: true } };
      expect(await shown(world, user)).toMatchObject({ contact });
    },
  }),
  patch({
    name: "the number, whose code is returned",
    given: withData,
    caller: "administrator",
    input: ({ id, otherNumber }) => ({
      id,
      user: { contact: { phone: { number: otherNumber, verification: returnCode } } },
    }),
    expect: (_, world) => ok({ phoneCode: phoneCode(world) }),
    effect: ["user.human.phone.changed", "user.human.phone.code.added"],
    after: (user, world) => expectPhone(world, user, user.otherNumber, false),
  }),
  patch({
    name: "the number and no word of its verification",
    given: withData,
    caller: "self",
    input: ({ id, otherNumber }) => ({ id, user: { contact: { phone: { number: otherNumber } } } }),
    expect: ok(),
    effect: ["user.human.phone.changed", ...codeSent],
  }),
  patch({
    name: "the same number",
    given: withData,
    caller: "self",
    input: ({ id, number }) => ({ id, user: { contact: { phone: { number } } } }),
    expect: ok(),
  }),
  ...[
    { name: "a verified number", contact: { phone: { number: "+41791234567", verification: isVerified } } },
    {
      name: "a verified e-mail address",
      contact: { email: { address: "king@example.com", verification: isVerified } },
    },
  ].map(({ name, contact }) =>
    patch({
      name: `${name}, by oneself`,
      given: withData,
      caller: "self",
      input: ({ id }) => ({ id, user: { contact } }),
      expect: lacksPermission,
    }),
  ),
  ...([sendCode, returnCode] as const).map((verification) =>
    patch({
      name: `an e-mail address with ${verification.case}`,
      given: withData,
      caller: "administrator",
      input: ({ id }) => ({
        id,
        user: { contact: { email: { address: "king@example.com", verification } } },
      }),
      expect: notSupported(verification.case === "sendCode" ? "email.send_code" : "email.return_code"),
    }),
  ),
  ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
    patch({
      name: `by ${caller}`,
      given: withData,
      caller,
      input: ({ id }) => ({ id, user: { schemaId: "other" } }),
      expect: lacksPermission,
    }),
  ),
  patch({
    name: "no user",
    given: withData,
    caller: "administrator",
    input: byId,
    expect: invalid("PatchUserRequest.user"),
  }),
  ...(
    [
      ["schema_id", { schemaId: "" }],
      ["contact.email.address", { contact: { email: { address: "ada" } } }],
      ["contact.phone.number", { contact: { phone: { number: "" } } }],
    ] as const
  ).map(([field, user]) =>
    patch({
      name: `a limit of ${field}`,
      given: withData,
      caller: "administrator",
      input: ({ id }) => ({ id, user }),
      expect: invalid(`PatchUserRequest.user.${field}`),
    }),
  ),
  ...[
    { name: "nobody has the id", given: nobody },
    { name: "a deleted user", given: deleted },
    { name: "a machine", given: machine },
  ].map(({ name, given }) =>
    patch({
      name,
      given,
      caller: "administrator",
      input: ({ id }) => ({ id, user: { schemaId: "other" } }),
      expect: patchMissing,
    }),
  ),
  patch({
    name: "an empty id, for which the contract has no limit",
    given: nobody,
    caller: "administrator",
    input: () => ({ id: "", user: {} }),
    expect: patchMissing,
    expectOfRest: noSuchPath,
  }),
  ...authenticationRows(patch, { id: "x", user: { schemaId: "" } }),
];

// ------------------------------------------------------------------------------------------ DeleteUser

const remove = rowsOf("resources.user.v3alpha DeleteUser", method.deleteUser);
const deleteMissing = refused(Code.NotFound, "COMMAND-bd4ir1mblj");

const deleteRows: readonly Scenario[] = [
  ...(["administrator", "self", "ORG_USER_MANAGER"] as const).map((caller) =>
    remove({
      name: `by ${caller}`,
      everyWay: true,
      given: withData,
      caller,
      input: byId,
      expect: ok(),
      effect: ["user.removed"],
    }),
  ),
  ...(["other", "IAM_LOGIN_CLIENT", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
    remove({ name: `by ${caller}`, given: withData, caller, input: byId, expect: lacksPermission }),
  ),
  ...[
    { name: "nobody has the id", given: nobody },
    { name: "a deleted user", given: deleted },
  ].map(({ name, given }) =>
    remove({ name, given, caller: "administrator", input: byId, expect: deleteMissing }),
  ),
  remove({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ id: "" }),
    expect: invalid("DeleteUserRequest.id"),
    expectOfRest: noSuchPath,
  }),
  ...authenticationRows(remove, { id: "x".repeat(201) }),
];

export const userV3alphaAccounts: readonly Scenario[] = [
  ...createRows,
  ...getRows,
  ...patchRows,
  ...deleteRows,
];
