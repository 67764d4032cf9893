import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as BetaUserService } from "../../../gen/zitadel/user/v2beta/user_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import type { EitherService } from "./either-service.ts";
import {
  badNumber,
  codeSent,
  deleted,
  expectPhone,
  expectUser,
  nobody,
  notSupported,
  phoneCode,
  timestamp,
  withMachine,
  withoutPhone,
  withPendingPhone,
  withSentCode,
  withTakenName,
  withVerifiedPhone,
} from "./givens.ts";
import {
  authenticationRows,
  type EventType,
  invalid,
  noSuchPath,
  ok,
  type Outcome,
  refused,
  rowsOf,
  type Scenario,
} from "./scenario.ts";

/** zitadel.user.v2.UserService and its beta: users are changed. */

const { updateUser } = UserService.method;
const byId = ({ id }: TestUser): { userId: string } => ({ userId: id });
const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");
const changeMissing = refused(Code.NotFound, "COMMAND-ugjs0upun6");

/** What is to be different about a human. */
interface HumanChange {
  readonly username?: string;
  readonly profile?: {
    readonly givenName: string;
    readonly familyName: string;
    readonly nickName?: string;
    readonly preferredLanguage?: string;
  };
  readonly email?: { readonly email: string; readonly verification?: EmailVerification };
  readonly phone?: { readonly phone: string; readonly verification?: PhoneVerification };
}
type PhoneVerification =
  | { readonly case: "sendCode" | "returnCode"; readonly value: object }
  | typeof isVerified
  | typeof isNotVerified;
type EmailVerification = PhoneVerification;

const isVerified = { case: "isVerified", value: true } as const;
const isNotVerified = { case: "isVerified", value: false } as const;
const returnCode = { case: "returnCode", value: {} } as const;
const sendCode = { case: "sendCode", value: {} } as const;

/** One of the methods that change a human. */
interface ChangeForm<I extends DescMessage> {
  readonly title: string;
  readonly method: DescMethodUnary<I>;
  /** Where the limits are, e.g. "UpdateUserRequest.human". */
  readonly place: string;
  readonly input: (userId: string, change: HumanChange) => MessageInitShape<I>;
  /** The answer, apart from its details. */
  readonly answer: (world: World) => object;
  /** What names a password that cannot be set. */
  readonly passwordField: string;
  readonly password: (userId: string) => MessageInitShape<I>;
  /** Whether REST says everything in its query. */
  readonly isInQuery?: boolean;
  /** Whether an empty number takes the number away; else it says nothing. */
  readonly emptyNumberRemoves?: boolean;
}

const lovelace = { givenName: "Augusta", familyName: "King" };
const kingsEmail = { email: "king@example.com" };

async function withVerifiedEmail(world: World): Promise<TestUser> {
  const user = await world.user();
  const email = { ...kingsEmail, verification: isVerified };
  await world.asAdmin(UserService.method.updateHumanUser, { userId: user.id, email });
  return user;
}

const expectVerifiedEmail = (user: TestUser, world: World): Promise<void> =>
  expectUser(world, user, { type: { value: { email: { ...kingsEmail, isVerified: true } } } });

const profileChanged: readonly EventType[] = ["user.human.profile.changed"];

function changeRows<I extends DescMessage>(form: ChangeForm<I>): readonly Scenario[] {
  const { answer, place, isInQuery: notOverRest = false, emptyNumberRemoves = false } = form;
  const [message = ""] = place.split(".");
  const row = rowsOf(form.title, form.method);
  const changes =
    (change: HumanChange | ((user: TestUser) => HumanChange)) =>
    (user: TestUser): MessageInitShape<I> =>
      form.input(user.id, typeof change === "function" ? change(user) : change);
  const own =
    (verification?: PhoneVerification) =>
    (user: TestUser): HumanChange => ({
      phone: { phone: user.number, ...(verification === undefined ? {} : { verification }) },
    });
  const changed = (_: unknown, world: World): Outcome => ok(answer(world));
  const withReturnedCode = (_: unknown, world: World): Outcome =>
    ok({ ...answer(world), phoneCode: phoneCode(world) });
  return [
    row({
      name: "the profile",
      everyWay: true,
      given: withoutPhone,
      caller: "self",
      input: changes({ profile: { ...lovelace, preferredLanguage: "de" } }),
      expect: changed,
      effect: profileChanged,
      after: (user, world) =>
        expectUser(world, user, {
          type: { value: { profile: { ...lovelace, preferredLanguage: "de", displayName: "Ada Lovelace" } } },
        }),
    }),
    row({
      name: "the same profile",
      given: withoutPhone,
      caller: "self",
      input: changes({ profile: { givenName: "Ada", familyName: "Lovelace" } }),
      expect: changed,
      details: "change",
    }),
    row({
      name: "nothing",
      given: withoutPhone,
      caller: "self",
      input: changes({}),
      expect: changed,
      details: "change",
    }),
    row({
      name: "the user name",
      given: withoutPhone,
      caller: "self",
      input: changes(({ id }) => ({ username: `king-${id}` })),
      expect: changed,
      effect: ["user.username.changed"],
      after: (user, world) =>
        expectUser(world, user, { username: `king-${user.id}`, loginNames: [`king-${user.id}`] }),
    }),
    row({
      name: "a user name that is taken",
      given: withTakenName,
      caller: "self",
      input: ({ id, taken }) => form.input(id, { username: taken.toUpperCase() }),
      expect: refused(Code.AlreadyExists, "V3-DKcYh"),
    }),
    row({
      name: "the e-mail address",
      given: withoutPhone,
      caller: "self",
      input: changes({ email: { email: "king@example.com" } }),
      expect: changed,
      effect: ["user.human.email.changed"],
      after: (user, world) =>
        expectUser(world, user, {
          type: { value: { email: { email: "king@example.com", isVerified: false } } },
        }),
    }),
    row({
      name: "a verified e-mail address, by the administrator",
      given: withoutPhone,
      caller: "administrator",
      input: changes({ email: { email: "king@example.com", verification: isVerified } }),
      expect: changed,
      effect: ["user.human.email.changed"],
      after: (user, world) =>
        expectUser(world, user, {
          type: { value: { email: { email: "king@example.com", isVerified: true } } },
        }),
    }),
    row({
      name: "a verified e-mail address, by oneself",
      given: withoutPhone,
      caller: "self",
      input: changes({ email: { email: "king@example.com", verification: isVerified } }),
      expect: lacksPermission,
    }),
    row({
      name: "the same verified e-mail address, without a word of that",
      given: withVerifiedEmail,
      caller: "self",
      input: changes({ email: kingsEmail }),
      expect: changed,
      details: "change",
      after: expectVerifiedEmail,
    }),
    row({
      name: "the same verified e-mail address, verified",
      given: withVerifiedEmail,
      caller: "administrator",
      input: changes({ email: { ...kingsEmail, verification: isVerified } }),
      expect: changed,
      details: "change",
    }),
    row({
      name: "another e-mail address in the place of a verified one",
      given: withVerifiedEmail,
      caller: "self",
      input: changes({ email: { email: "augusta@example.com" } }),
      expect: changed,
      effect: ["user.human.email.changed"],
      after: (user, world) =>
        expectUser(world, user, {
          type: { value: { email: { email: "augusta@example.com", isVerified: false } } },
        }),
    }),
    row({
      name: "everything at once",
      given: withoutPhone,
      caller: "ORG_USER_MANAGER",
      input: changes((user) => ({
        username: `king-${user.id}`,
        profile: lovelace,
        email: { email: "king@example.com" },
        ...own(isVerified)(user),
      })),
      expect: changed,
      effect: [
        "user.username.changed",
        ...profileChanged,
        "user.human.email.changed",
        "user.human.phone.changed",
        "user.human.phone.verified",
      ],
      after: (user, world) => expectPhone(world, user, user.number, true),
    }),
    row({
      name: "a number and no word of its verification",
      given: withVerifiedPhone,
      caller: "self",
      input: changes(({ otherNumber }) => ({ phone: { phone: otherNumber } })),
      expect: changed,
      effect: ["user.human.phone.changed", ...codeSent],
      after: (user, world) => expectPhone(world, user, user.otherNumber, false),
    }),
    row({
      name: "a verified number, by oneself",
      given: withoutPhone,
      caller: "self",
      input: changes(own(isVerified)),
      expect: lacksPermission,
    }),
    row({
      name: "the same number",
      given: withPendingPhone,
      caller: "self",
      input: changes(own()),
      expect: changed,
      details: "change",
    }),
    row({
      name: "the same number, verified now",
      given: withPendingPhone,
      caller: "administrator",
      input: changes(own(isVerified)),
      expect: changed,
      effect: ["user.human.phone.verified"],
      after: (user, world) => expectPhone(world, user, user.number, true),
    }),
    row({
      name: "the same verified number, verified",
      given: withVerifiedPhone,
      caller: "administrator",
      input: changes(own(isVerified)),
      expect: changed,
      details: "change",
    }),
    row({
      name: "an empty number that is verified",
      given: withVerifiedPhone,
      caller: "administrator",
      input: changes({ phone: { phone: "", verification: isVerified } }),
      expect: refused(Code.InvalidArgument, "USERv2-4f3d6"),
    }),
    row({
      name: "what is no number, with a profile that is not changed either",
      given: withoutPhone,
      caller: "self",
      input: changes({ profile: lovelace, phone: { phone: "phone" } }),
      expect: badNumber("This is not a phone number"),
    }),
    row({
      name: "a number of spaces",
      given: withoutPhone,
      caller: "self",
      input: changes({ phone: { phone: "  " } }),
      expect: refused(Code.InvalidArgument, "PHONE-Zt0NV"),
    }),
    row({
      name: "a number to which an SMS went just now",
      profile: "safe",
      given: async (world) => ({ ...(await world.user()), number: (await withSentCode(world)).number }),
      caller: "self",
      input: changes(own()),
      expect: refused(Code.ResourceExhausted, "PHONE-w41ts"),
    }),
    row({
      name: "a password",
      given: withoutPhone,
      caller: "administrator",
      input: ({ id }) => form.password(id),
      expect: notSupported(form.passwordField),
    }),
    row({
      name: "a number whose code is returned",
      everyWay: true,
      notOverRest,
      given: withoutPhone,
      caller: "administrator",
      input: changes(own(returnCode)),
      expect: withReturnedCode,
      effect: ["user.human.phone.changed", "user.human.phone.code.added"],
    }),
    row({
      name: "a number whose code is returned, for oneself",
      notOverRest,
      given: withoutPhone,
      caller: "self",
      input: changes(own(returnCode)),
      expect: lacksPermission,
    }),
    row({
      name: `an empty number, which ${emptyNumberRemoves ? "removes" : "leaves"} it`,
      everyWay: true,
      notOverRest,
      given: withVerifiedPhone,
      caller: "administrator",
      input: changes({ phone: { phone: "" } }),
      expect: changed,
      effect: emptyNumberRemoves ? ["user.human.phone.removed"] : [],
      details: "change",
      after: (user, world) =>
        emptyNumberRemoves
          ? expectPhone(world, user, "", false)
          : expectPhone(world, user, user.number, true),
    }),
    row({
      name: "an empty number where there is none",
      notOverRest,
      given: withoutPhone,
      caller: "administrator",
      input: changes({ phone: { phone: "" } }),
      expect: changed,
      details: "change",
    }),
    row({
      name: "an empty number by oneself",
      notOverRest,
      given: withVerifiedPhone,
      caller: "self",
      input: changes({ phone: { phone: "" } }),
      expect: changed,
      effect: emptyNumberRemoves ? ["user.human.phone.removed"] : [],
      details: "change",
    }),
    row({
      name: "an empty number that is to be verified by SMS",
      notOverRest,
      given: withVerifiedPhone,
      caller: "administrator",
      input: changes({ phone: { phone: "", verification: sendCode } }),
      expect: refused(Code.InvalidArgument, "USERv2-4f3d6"),
    }),
    ...([sendCode, returnCode] as const).map((verification) =>
      row({
        name: `an e-mail address with ${verification.case}`,
        notOverRest,
        given: withoutPhone,
        caller: "administrator",
        input: changes({ email: { email: "king@example.com", verification } }),
        expect: notSupported(verification.case === "sendCode" ? "email.send_code" : "email.return_code"),
      }),
    ),
    ...(["IAM_USER_MANAGER", "IAM_LOGIN_CLIENT", "ORG_OWNER"] as const).map((caller) =>
      row({
        name: `by ${caller}`,
        given: withoutPhone,
        caller,
        input: changes({ profile: lovelace }),
        expect: changed,
        effect: profileChanged,
      }),
    ),
    ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
      row({
        name: `by ${caller}`,
        given: withoutPhone,
        caller,
        input: changes({ profile: lovelace }),
        expect: lacksPermission,
      }),
    ),
    ...[
      { name: "nobody has the id", given: nobody },
      { name: "a deleted user", given: deleted },
      { name: "a machine", given: withMachine },
    ].map(({ name, given }) =>
      row({
        name,
        given,
        caller: "administrator",
        input: changes({ profile: lovelace }),
        expect: changeMissing,
      }),
    ),
    row({
      name: "an empty id",
      given: nobody,
      caller: "administrator",
      input: () => form.input("", { profile: lovelace }),
      expect: invalid(`${message}.user_id`),
      expectOfRest: noSuchPath,
    }),
    ...limits.map(({ field, ofHuman, change }, index) =>
      row({
        name: `a limit of ${field} (${index})`,
        given: withoutPhone,
        caller: "administrator",
        input: changes(change),
        expect: invalid(`${ofHuman ? place : message}.${field}`),
      }),
    ),
    ...authenticationRows(row, form.input("x".repeat(201), {})),
  ];
}

const limits: readonly { field: string; ofHuman: boolean; change: HumanChange }[] = [
  { field: "username", ofHuman: false, change: { username: "" } },
  { field: "username", ofHuman: false, change: { username: "x".repeat(201) } },
  { field: "profile.given_name", ofHuman: true, change: { profile: { ...lovelace, givenName: "" } } },
  {
    field: "profile.family_name",
    ofHuman: true,
    change: { profile: { ...lovelace, familyName: "x".repeat(201) } },
  },
  {
    field: "profile.preferred_language",
    ofHuman: true,
    change: { profile: { ...lovelace, preferredLanguage: "x".repeat(11) } },
  },
  { field: "email.email", ofHuman: true, change: { email: { email: "ada" } } },
  { field: "phone.phone", ofHuman: true, change: { phone: { phone: "1".repeat(201) } } },
  {
    field: "phone.is_verified",
    ofHuman: true,
    change: { phone: { phone: "+41791234567", verification: isNotVerified } },
  },
];

const secret = {
  passwordType: { case: "password", value: { password: "secret" } },
} as const;

type Methods = EitherService<typeof UserService, typeof BetaUserService>;

function updateHumanRows(service: string, { updateHumanUser }: Methods): readonly Scenario[] {
  return changeRows({
    title: `${service} UpdateHumanUser`,
    method: updateHumanUser,
    place: "UpdateHumanUserRequest",
    input: (userId, change) => ({ userId, ...change }),
    answer: () => ({}),
    passwordField: "password",
    password: (userId) => ({ userId, password: secret }),
    isInQuery: service === "user.v2beta",
  });
}

const update = rowsOf("user.v2 UpdateUser", updateUser);
const changedNow = (_: unknown, { clock }: World): Outcome => ok({ changeDate: timestamp(clock.ms) });

const updateRows: readonly Scenario[] = [
  ...changeRows({
    title: "user.v2 UpdateUser",
    method: updateUser,
    place: "UpdateUserRequest.human",
    input: (userId, { username, ...value }) => ({
      userId,
      ...(username === undefined ? {} : { username }),
      userType: { case: "human", value } as const,
    }),
    answer: ({ clock }) => ({ changeDate: timestamp(clock.ms) }),
    passwordField: "human.password",
    password: (userId) => ({ userId, userType: { case: "human", value: { password: secret } } as const }),
    emptyNumberRemoves: true,
  }),
  update({
    name: "one name of the profile, and the others stay",
    given: withoutPhone,
    caller: "self",
    input: (user) => ({
      ...byId(user),
      userType: { case: "human", value: { profile: { nickName: "Countess" } } },
    }),
    expect: changedNow,
    effect: profileChanged,
    after: (user, world) =>
      expectUser(world, user, {
        type: { value: { profile: { givenName: "Ada", familyName: "Lovelace", nickName: "Countess" } } },
      }),
  }),
  update({
    name: "the same verified e-mail address, not verified",
    given: withVerifiedEmail,
    caller: "self",
    input: (user) => ({
      ...byId(user),
      userType: { case: "human", value: { email: { ...kingsEmail, verification: isNotVerified } } },
    }),
    expect: changedNow,
    after: expectVerifiedEmail,
  }),
  update({
    name: "a machine",
    everyWay: true,
    given: withMachine,
    caller: "administrator",
    input: (user) => ({
      ...byId(user),
      username: `engine-${user.id}`,
      userType: { case: "machine", value: { description: "Difference" } },
    }),
    expect: changedNow,
    effect: ["user.username.changed", "user.machine.changed"],
    after: (user, world) =>
      expectUser(world, user, {
        username: `engine-${user.id}`,
        type: { case: "machine", value: { name: "Engine", description: "Difference" } },
      }),
  }),
  update({
    name: "the name of a machine",
    given: withMachine,
    caller: "administrator",
    input: (user) => ({ ...byId(user), userType: { case: "machine", value: { name: "Other" } } }),
    expect: changedNow,
    effect: ["user.machine.changed"],
    after: (user, world) =>
      expectUser(world, user, {
        type: { case: "machine", value: { name: "Other", description: "Analytical" } },
      }),
  }),
  update({
    name: "a machine to what it is",
    given: withMachine,
    caller: "self",
    input: (user) => ({ ...byId(user), userType: { case: "machine", value: { name: "Engine" } } }),
    expect: changedNow,
  }),
  ...[
    { name: "a human", given: withoutPhone },
    { name: "a machine", given: withMachine },
  ].map(({ name, given }) =>
    update({
      name: `the user name of ${name}, without its kind`,
      given,
      caller: "administrator",
      input: (user) => ({ ...byId(user), username: `new-${user.id}` }),
      expect: changedNow,
      effect: ["user.username.changed"],
    }),
  ),
  update({
    name: "the user name to what it is",
    given: withoutPhone,
    caller: "administrator",
    input: (user) => ({ ...byId(user), username: `${user.id}@example.com` }),
    expect: changedNow,
  }),
  ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).flatMap((caller) => [
    update({
      name: `a machine by ${caller}`,
      given: withMachine,
      caller,
      input: (user) => ({ ...byId(user), userType: { case: "machine", value: { name: "Other" } } }),
      expect: lacksPermission,
    }),
    update({
      name: `the user name of a human, without its kind, by ${caller}`,
      given: withoutPhone,
      caller,
      input: (user) => ({ ...byId(user), username: `new-${user.id}` }),
      expect: lacksPermission,
    }),
  ]),
  update({
    name: "a human as if it were a machine",
    given: withoutPhone,
    caller: "administrator",
    input: (user) => ({ ...byId(user), userType: { case: "machine", value: { name: "Other" } } }),
    expect: changeMissing,
  }),
  update({
    name: "the user name of nobody",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ ...byId(user), username: "king" }),
    expect: changeMissing,
  }),
  ...(
    [
      ["profile.given_name", { profile: { givenName: "" } }],
      ["profile.family_name", { profile: { familyName: "" } }],
      ["profile.nick_name", { profile: { nickName: "" } }],
      ["profile.display_name", { profile: { displayName: "x".repeat(201) } }],
      ["profile.preferred_language", { profile: { preferredLanguage: "" } }],
      [
        "password.password.password",
        { password: { passwordType: { case: "password", value: { password: "" } } } },
      ],
      [
        "password.hashed_password.hash",
        { password: { passwordType: { case: "hashedPassword", value: { hash: "" } } } },
      ],
      [
        "password.current_password",
        { password: { verification: { case: "currentPassword", value: "x".repeat(201) } } },
      ],
      [
        "password.verification_code",
        { password: { verification: { case: "verificationCode", value: "x".repeat(21) } } },
      ],
    ] as const
  ).map(([field, value]) =>
    update({
      name: `a limit of human.${field}`,
      given: withoutPhone,
      caller: "administrator",
      input: (user) => ({ ...byId(user), userType: { case: "human", value } }),
      expect: invalid(`UpdateUserRequest.human.${field}`),
    }),
  ),
  ...(
    [
      ["machine.name", { name: "x".repeat(201) }],
      ["machine.description", { description: "x".repeat(501) }],
    ] as const
  ).map(([field, value]) =>
    update({
      name: `a limit of ${field}`,
      given: withMachine,
      caller: "administrator",
      input: (user) => ({ ...byId(user), userType: { case: "machine", value } }),
      expect: invalid(`UpdateUserRequest.${field}`),
    }),
  ),
];

export const userV2Updates: readonly Scenario[] = [
  ...updateHumanRows("user.v2", UserService.method),
  ...updateHumanRows("user.v2beta", BetaUserService.method),
  ...updateRows,
];
