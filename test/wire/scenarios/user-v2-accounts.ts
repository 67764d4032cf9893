import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { Gender } from "../../../gen/zitadel/user/v2/user_pb.js";
import {
  type CreateUserRequest_HumanSchema,
  UserService,
} from "../../../gen/zitadel/user/v2/user_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import {
  badNumber,
  codeSent,
  expectUser,
  nobody,
  notSupported,
  phoneCode,
  timestamp,
  withoutPhone,
  withTakenName,
} from "./givens.ts";
import { authenticationRows, invalid, ok, type Outcome, refused, rowsOf, type Scenario } from "./scenario.ts";

/** zitadel.user.v2.UserService: humans and machines are created. */

const { createUser } = UserService.method;
const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");

const create = rowsOf("user.v2 CreateUser", createUser);

const named = ({ id, organizationId }: TestUser) => ({ userId: id, organizationId });
const person = ({ id }: TestUser) =>
  ({
    profile: { givenName: "Ada", familyName: "Lovelace" },
    email: { email: `${id}@example.com` },
  }) as const;
const human = (user: TestUser) =>
  ({ ...named(user), userType: { case: "human", value: person(user) } }) as const;
const machine = (user: TestUser) =>
  ({ ...named(user), userType: { case: "machine", value: { name: "Engine" } } }) as const;
const createdNow = ({ id }: TestUser, { clock }: World): Outcome =>
  ok({ id, creationDate: timestamp(clock.ms) });

type HumanFields = Exclude<MessageInitShape<typeof CreateUserRequest_HumanSchema>, Message>;

/** Fields of a human that cannot be honored. */
const unsupported: readonly [string, HumanFields][] = [
  ["password", { passwordType: { case: "password", value: { password: "secret" } } }],
  ["hashed_password", { passwordType: { case: "hashedPassword", value: { hash: "$2a$10$" } } }],
  ["idp_links", { idpLinks: [{ idpId: "1", userId: "2", userName: "ada" }] }],
  ["totp_secret", { totpSecret: "secret" }],
  [
    "email.send_code",
    {
      email: {
        email: "ada@example.com",
        verification: { case: "sendCode", value: { urlTemplate: "https://example.com" } },
      },
    },
  ],
  [
    "email.return_code",
    { email: { email: "ada@example.com", verification: { case: "returnCode", value: {} } } },
  ],
];

export const userV2Accounts: readonly Scenario[] = [
  create({
    name: "a human",
    everyWay: true,
    given: nobody,
    caller: "administrator",
    input: human,
    expect: createdNow,
    effect: ["user.human.added"],
    after: (user, world) =>
      expectUser(world, user, {
        username: `${user.id}@example.com`,
        type: { case: "human", value: { profile: { displayName: "Ada Lovelace" }, phone: { phone: "" } } },
      }),
  }),
  create({
    name: "a human with all plain data, which is kept",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...named(user),
      username: `ada-${user.id}`,
      userType: {
        case: "human",
        value: {
          profile: { givenName: "Ada", familyName: "Lovelace", nickName: "Countess", gender: Gender.FEMALE },
          email: { email: `${user.id}@example.com`, verification: { case: "isVerified", value: true } },
          metadata: [{ key: "team", value: new TextEncoder().encode("engines") }],
        },
      },
    }),
    expect: createdNow,
    effect: ["user.human.added"],
    after: async (user, world) => {
      const value = {
        profile: { nickName: "Countess", gender: Gender.FEMALE },
        email: { email: `${user.id}@example.com`, isVerified: true },
      };
      await expectUser(world, user, { username: `ada-${user.id}`, type: { case: "human", value } });
      const added = await world.history.lastOf(user.id);
      expect(added?.data).toMatchObject({ metadata: [{ key: "team", value: "ZW5naW5lcw==" }] });
    },
  }),
  create({
    name: "a human with a number, whose code is returned",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...named(user),
      userType: {
        case: "human",
        value: {
          ...person(user),
          phone: { phone: user.number, verification: { case: "returnCode", value: {} } },
        },
      },
    }),
    expect: ({ id }, world) =>
      ok({ id, creationDate: timestamp(world.clock.ms), phoneCode: phoneCode(world) }),
    effect: ["user.human.added", "user.human.phone.code.added"],
  }),
  create({
    name: "a human with a number and no word of its verification",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...named(user),
      userType: { case: "human", value: { ...person(user), phone: { phone: user.number } } },
    }),
    expect: createdNow,
    effect: ["user.human.added", ...codeSent],
  }),
  create({
    name: "a machine",
    everyWay: true,
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...named(user),
      userType: { case: "machine", value: { name: "Engine", description: "Analytical" } },
    }),
    expect: createdNow,
    effect: ["user.machine.added"],
    after: (user, world) =>
      expectUser(world, user, {
        username: user.id,
        type: { case: "machine", value: { name: "Engine", description: "Analytical" } },
      }),
  }),
  create({
    name: "a machine with a user name",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...machine(user), username: `engine-${user.id}` }),
    expect: createdNow,
    effect: ["user.machine.added"],
    after: (user, world) => expectUser(world, user, { username: `engine-${user.id}` }),
  }),
  create({
    name: "without an id, which is made then",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ organizationId: user.organizationId, userType: human(user).userType }),
    expect: (_, { clock }) =>
      ok({ id: expect.stringMatching(/^[0-9]{18}$/), creationDate: timestamp(clock.ms) }),
    effect: ["user.human.added"],
  }),
  create({
    name: "by the owner of the organization",
    given: (world) => world.nobody("elsewhere"),
    caller: "ORG_OWNER elsewhere",
    input: machine,
    expect: createdNow,
    effect: ["user.machine.added"],
  }),
  ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
    create({ name: `by ${caller}`, given: nobody, caller, input: machine, expect: lacksPermission }),
  ),
  ...[
    { name: "a human with an id that is taken", input: human },
    { name: "a machine with an id that is taken", input: machine },
  ].map(({ name, input }) =>
    create({
      name,
      given: withoutPhone,
      caller: "administrator",
      input,
      expect: refused(Code.FailedPrecondition, "COMMAND-7yiox1isql"),
    }),
  ),
  create({
    name: "a user name that is taken",
    given: async (world) => ({ ...world.nobody(), taken: (await withTakenName(world)).taken }),
    caller: "administrator",
    input: (user) => ({ ...machine(user), username: user.taken }),
    expect: refused(Code.AlreadyExists, "V3-DKcYh"),
  }),
  create({
    name: "the same user name in another organization",
    given: async (world) => ({ ...world.nobody("elsewhere"), taken: (await withTakenName(world)).taken }),
    caller: "administrator",
    input: (user) => ({ ...machine(user), username: user.taken }),
    expect: createdNow,
    effect: ["user.machine.added"],
  }),
  ...unsupported.map(([field, given]) =>
    create({
      name: `with ${field}`,
      given: nobody,
      caller: "administrator",
      input: (user) => ({
        ...named(user),
        userType: { case: "human", value: { ...person(user), ...given } },
      }),
      expect: notSupported(field),
    }),
  ),
  create({
    name: "no number at all",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...named(user),
      userType: { case: "human", value: { ...person(user), phone: { phone: "phone" } } },
    }),
    expect: badNumber("This is not a phone number"),
  }),
  create({
    name: "a number of spaces",
    given: nobody,
    caller: "administrator",
    input: (user) => ({
      ...named(user),
      userType: { case: "human", value: { ...person(user), phone: { phone: "  " } } },
    }),
    expect: refused(Code.InvalidArgument, "PHONE-Zt0NV"),
  }),
  ...(
    [
      ["organization_id", { organizationId: "" }],
      ["organization_id", { organizationId: "x".repeat(201) }],
      ["user_id", { userId: "" }],
      ["user_id", { userId: "x".repeat(201) }],
      ["username", { username: "" }],
      ["username", { username: "x".repeat(201) }],
      ["user_type", { userType: { case: undefined } }],
      ["machine.name", { userType: { case: "machine", value: { name: "" } } }],
      ["machine.name", { userType: { case: "machine", value: { name: "x".repeat(201) } } }],
      ["machine.description", { userType: { case: "machine", value: { name: "x", description: "" } } }],
      [
        "machine.description",
        { userType: { case: "machine", value: { name: "x", description: "x".repeat(501) } } },
      ],
      ["human.profile", { userType: { case: "human", value: { email: { email: "ada@example.com" } } } }],
      [
        "human.email",
        { userType: { case: "human", value: { profile: { givenName: "A", familyName: "L" } } } },
      ],
    ] as const
  ).map(([field, bad], index) =>
    create({
      name: `a limit of ${field} (${index})`,
      given: nobody,
      caller: "administrator",
      input: (user) => ({ ...machine(user), ...bad }),
      expect: invalid(`CreateUserRequest.${field}`),
    }),
  ),
  ...authenticationRows(create, { organizationId: "" }),
];
