import { type JsonObject, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { timestampFromMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { ManagementService } from "../../../gen/zitadel/management/v1/management_service_pb.js";
import { Type, UserFieldName } from "../../../gen/zitadel/user/v1/query_pb.js";
import { UserState } from "../../../gen/zitadel/user/v1/user_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import { nobody, withoutPhone, withVerifiedPhone } from "./givens.ts";
import { inOwnOrganization, newOrganization, organizationRefused, v1Human } from "./management-v1-rows.ts";
import { invalid, ok, type Outcome, permissionRows, refused, rowsOf, type Scenario } from "./scenario.ts";

/** zitadel.management.v1.ManagementService: lists of users. */

const { method } = ManagementService;
const list = rowsOf("management.v1 ListUsers", method.listUsers);

/** The people of an organization that nobody else belongs to, in the order in which they were made. */
interface Organization extends UserWithCode {
  readonly others: readonly UserWithCode[];
}

/** A human without a number, one with a pending number, one with a verified number. */
async function organization(world: World): Promise<Organization> {
  const organizationId = newOrganization(world);
  const people: UserWithCode[] = [];
  for (const phone of ["none", "pending", "verified"] as const) {
    people.push(await world.user({ phone, organizationId }));
    world.clock.ms += 1;
  }
  const [first = await world.user(), ...others] = people;
  return { ...first, others };
}

/** A page with these, in this order. */
function page(users: readonly (TestUser | undefined)[], sortingColumn?: string): Outcome {
  const result = users.map((user) => expect.objectContaining({ id: user?.id }));
  return ok({
    ...(sortingColumn === undefined ? {} : { sortingColumn }),
    ...(result.length === 0 ? {} : { result }),
  });
}

const ofSoMany =
  (total: number) =>
  async (_: TestUser, world: World, { details }: JsonObject): Promise<void> => {
    const viewTimestamp = toJson(TimestampSchema, timestampFromMs(world.clock.ms));
    expect(details).toEqual({ ...(total === 0 ? {} : { totalResult: String(total) }), viewTimestamp });
  };

type Queries = NonNullable<MessageInitShape<typeof method.listUsers.input>["queries"]>;
type Query = NonNullable<Queries[number]["query"]>;

const all = (given: Organization): readonly TestUser[] => [given, ...given.others];
const none = (): readonly TestUser[] => [];
const withId = (user: TestUser | undefined): Query => ({
  case: "inUserIdsQuery",
  value: { userIds: [user?.id ?? ""] },
});

/** What a query finds in the organization. */
const found: readonly {
  readonly name: string;
  readonly query: (given: Organization) => Query;
  readonly users: (given: Organization) => readonly (TestUser | undefined)[];
}[] = [
  {
    name: "by user name",
    query: ({ id }) => ({ case: "userNameQuery", value: { userName: `${id}@example.com`, method: 0 } }),
    users: (given) => [given],
  },
  {
    name: "by user name, in other letters",
    query: ({ id }) => ({ case: "userNameQuery", value: { userName: `${id}@EXAMPLE.com`, method: 0 } }),
    users: none,
  },
  {
    name: "by user name, in other letters, which do not count",
    query: ({ id }) => ({ case: "userNameQuery", value: { userName: `${id}@EXAMPLE.com`, method: 1 } }),
    users: (given) => [given],
  },
  {
    name: "by the beginning of the login name",
    query: ({ others }) => ({ case: "loginNameQuery", value: { loginName: others[0]?.id ?? "", method: 2 } }),
    users: ({ others }) => [others[0]],
  },
  {
    name: "by the beginning of the first name, whose letters count",
    query: () => ({ case: "firstNameQuery", value: { firstName: "ad", method: 2 } }),
    users: none,
  },
  {
    name: "by the beginning of the first name, whose letters do not count",
    query: () => ({ case: "firstNameQuery", value: { firstName: "ad", method: 3 } }),
    users: all,
  },
  {
    name: "by the end of the last name",
    query: () => ({ case: "lastNameQuery", value: { lastName: "lace", method: 6 } }),
    users: all,
  },
  {
    name: "by the end of the last name, whose letters do not count",
    query: () => ({ case: "lastNameQuery", value: { lastName: "LACE", method: 7 } }),
    users: all,
  },
  {
    name: "by nick name",
    query: () => ({ case: "nickNameQuery", value: { nickName: "ada", method: 0 } }),
    users: none,
  },
  {
    name: "by a part of the display name",
    query: () => ({ case: "displayNameQuery", value: { displayName: "a L", method: 4 } }),
    users: all,
  },
  {
    name: "by a part of the display name, whose letters do not count",
    query: () => ({ case: "displayNameQuery", value: { displayName: "A l", method: 5 } }),
    users: all,
  },
  {
    name: "by e-mail address",
    query: ({ id }) => ({ case: "emailQuery", value: { emailAddress: `${id}@example.com`, method: 0 } }),
    users: (given) => [given],
  },
  {
    name: "by e-mail addresses",
    query: ({ id }) => ({ case: "inUserEmailsQuery", value: { userEmails: [`${id}@example.com`, "x@y.z"] } }),
    users: (given) => [given],
  },
  {
    name: "the active ones",
    query: () => ({ case: "stateQuery", value: { state: UserState.ACTIVE } }),
    users: all,
  },
  {
    name: "the locked ones",
    query: () => ({ case: "stateQuery", value: { state: UserState.LOCKED } }),
    users: none,
  },
  { name: "the humans", query: () => ({ case: "typeQuery", value: { type: Type.HUMAN } }), users: all },
  { name: "the machines", query: () => ({ case: "typeQuery", value: { type: Type.MACHINE } }), users: none },
  {
    name: "one or another",
    query: (given) => ({
      case: "orQuery",
      value: { queries: [{ query: withId(given) }, { query: withId(given.others[1]) }] },
    }),
    users: (given) => [given, given.others[1]],
  },
  {
    name: "one and another",
    query: (given) => ({
      case: "andQuery",
      value: { queries: [{ query: withId(given) }, { query: withId(given.others[1]) }] },
    }),
    users: none,
  },
  {
    name: "all but one",
    query: (given) => ({ case: "notQuery", value: { query: { query: withId(given) } } }),
    users: ({ others }) => others,
  },
];

export const managementV1ListUsers: readonly Scenario[] = [
  list({
    name: "everybody of the organization, the newest first",
    everyWay: true,
    given: organization,
    caller: "administrator",
    headers: inOwnOrganization,
    input: () => ({}),
    expect: (given) => page(all(given).toReversed()),
    after: ofSoMany(3),
  }),
  ...found.map(({ name, query, users }) =>
    list({
      name,
      given: organization,
      caller: "administrator",
      headers: inOwnOrganization,
      input: (given) => ({ query: { asc: true }, queries: [{ query: query(given) }] }),
      expect: (given) => page(users(given)),
      after: (given, world, json) => ofSoMany(users(given).length)(given, world, json),
    }),
  ),
  list({
    name: "what matches every query",
    given: organization,
    caller: "administrator",
    headers: inOwnOrganization,
    input: (given) => ({
      queries: [
        { query: { case: "typeQuery", value: { type: Type.HUMAN } } },
        { query: withId(given.others[0]) },
      ],
    }),
    expect: ({ others }) => page([others[0]]),
  }),
  list({
    name: "nobody of other organizations",
    given: withoutPhone,
    caller: "ORG_OWNER elsewhere",
    input: (user) => ({ queries: [{ query: withId(user) }] }),
    expect: page([]),
    after: ofSoMany(0),
  }),
  list({
    name: "by a viewer of the organization",
    given: withVerifiedPhone,
    caller: "ORG_OWNER_VIEWER",
    input: (user) => ({ queries: [{ query: withId(user) }] }),
    expect: (user) =>
      ok({ result: [v1Human(user, "USER_STATE_ACTIVE", { phone: user.number, isPhoneVerified: true })] }),
  }),
  list({
    name: "a page in the middle",
    given: organization,
    caller: "administrator",
    headers: inOwnOrganization,
    input: () => ({
      query: { asc: true, offset: 1n, limit: 1 },
      sortingColumn: UserFieldName.CREATION_DATE,
    }),
    expect: ({ others }) => page([others[0]], "USER_FIELD_NAME_CREATION_DATE"),
    after: ofSoMany(3),
  }),
  list({
    name: "behind the last page",
    given: organization,
    caller: "administrator",
    headers: inOwnOrganization,
    input: () => ({ query: { offset: 3n } }),
    expect: page([]),
    after: ofSoMany(3),
  }),
  ...[true, false].map((asc) =>
    list({
      name: `by user name, ${asc ? "upwards" : "downwards"}`,
      given: organization,
      caller: "administrator",
      headers: inOwnOrganization,
      input: () => ({ query: { asc }, sortingColumn: UserFieldName.USER_NAME }),
      expect: (given) => page(asc ? all(given) : all(given).toReversed(), "USER_FIELD_NAME_USER_NAME"),
    }),
  ),
  list({
    name: "1,001 at once",
    given: nobody,
    caller: "administrator",
    input: () => ({ query: { limit: 1_001 } }),
    expect: refused(Code.InvalidArgument, "QUERY-4M0fs"),
  }),
  list({
    name: "201 queries",
    given: nobody,
    caller: "administrator",
    input: (user) => ({ queries: Array.from({ length: 201 }, () => ({ query: withId(user) })) }),
    expect: refused(Code.InvalidArgument, "QUERY-4M0fs"),
  }),
  list({
    name: "a query of no kind",
    given: nobody,
    caller: "administrator",
    input: () => ({ queries: [{}] }),
    expect: invalid("ListUsersRequest.queries[0].query"),
  }),
  list({
    name: "a user name of 201 characters",
    given: nobody,
    caller: "administrator",
    input: () => ({ queries: [{ query: { case: "userNameQuery", value: { userName: "x".repeat(201) } } }] }),
    expect: invalid("ListUsersRequest.queries[0].user_name_query.user_name"),
  }),
  ...organizationRefused.map((row) => list({ ...row, input: () => ({}) })),
  ...permissionRows(list, { queries: [{}] }),
];
