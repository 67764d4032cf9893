import type { JsonObject, Message, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { TextQueryMethod } from "../../../gen/zitadel/object/v2/object_pb.js";
import { type SearchQuerySchema, Type, UserFieldName } from "../../../gen/zitadel/user/v2/query_pb.js";
import { UserState } from "../../../gen/zitadel/user/v2/user_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as BetaUserService } from "../../../gen/zitadel/user/v2beta/user_service_pb.js";
import { type Crowd, crowd, crowdAsAda, crowdAsOwner, type Name } from "./crowd.ts";
import type { EitherService } from "./either-service.ts";
import { nobody, timestamp, withoutPhone } from "./givens.ts";
import { authenticationRows, invalid, ok, type Outcome, refused, rowsOf, type Scenario } from "./scenario.ts";

/** zitadel.user.v2.UserService and its beta: lists of users. */

type QueryMessage = Exclude<MessageInitShape<typeof SearchQuerySchema>, Message>;
type Query = NonNullable<QueryMessage["query"]>;

const queries = (...given: Query[]): QueryMessage[] => given.map((query) => ({ query }));
const inOrganization = ({ organizationId }: Crowd): Query => ({
  case: "organizationIdQuery",
  value: { organizationId },
});
const withIds = (userIds: string[]): Query => ({ case: "inUserIdsQuery", value: { userIds } });
const firstName = (name: string): Query => ({ case: "firstNameQuery", value: { firstName: name } });
const userName = (name: string, method: TextQueryMethod): Query => ({
  case: "userNameQuery",
  value: { userName: name, method },
});
const any = (...given: Query[]): Query => ({ case: "orQuery", value: { queries: queries(...given) } });
const all = (...given: Query[]): Query => ({ case: "andQuery", value: { queries: queries(...given) } });
const not = (query: Query): Query => ({ case: "notQuery", value: { query: { query } } });

/** Just these, in this order. */
const listed =
  (names: readonly Name[], others: object = {}) =>
  ({ people }: Crowd): Outcome =>
    ok({
      ...others,
      ...(names.length === 0
        ? {}
        : { result: names.map((name) => expect.objectContaining({ userId: people[name].id })) }),
    });

const everyone: readonly Name[] = ["ada", "charles", "annabella", "engine"];

const { EQUALS, EQUALS_IGNORE_CASE, STARTS_WITH, CONTAINS, CONTAINS_IGNORE_CASE, ENDS_WITH_IGNORE_CASE } =
  TextQueryMethod;

/** Each method of text, with and without the same letters. */
const texts: readonly [keyof typeof TextQueryMethod, string, readonly Name[]][] = [
  ["EQUALS", "lovelace", ["ada"]],
  ["EQUALS", "Lovelace", []],
  ["EQUALS", "love", []],
  ["EQUALS_IGNORE_CASE", "LOVELACE", ["ada"]],
  ["EQUALS_IGNORE_CASE", "LOVE", []],
  ["STARTS_WITH", "b", ["annabella"]],
  ["STARTS_WITH_IGNORE_CASE", "b", ["charles", "annabella"]],
  ["CONTAINS", "B", ["charles"]],
  ["CONTAINS_IGNORE_CASE", "B", ["charles", "annabella"]],
  ["ENDS_WITH", "e", ["ada", "charles", "engine"]],
  ["ENDS_WITH", "E", []],
  ["ENDS_WITH_IGNORE_CASE", "GE", ["charles"]],
  ["CONTAINS", "%", []],
  ["CONTAINS", "_", []],
  ["STARTS_WITH", "*", []],
];

/** Each kind of query. */
const kinds: readonly [string, (given: Crowd) => Query, readonly Name[]][] = [
  ["a login name", () => ({ case: "loginNameQuery", value: { loginName: "byron" } }), ["annabella"]],
  ["a first name", () => firstName("Ada"), ["ada"]],
  ["a last name", () => ({ case: "lastNameQuery", value: { lastName: "Babbage" } }), ["charles"]],
  [
    "a nick name",
    () => ({ case: "nickNameQuery", value: { nickName: "e", method: CONTAINS } }),
    ["ada", "charles", "annabella"],
  ],
  [
    "a part of a nick name that ends with a sigma, which is a final one in the part only",
    () => ({ case: "nickNameQuery", value: { nickName: "ΖΗΣ", method: CONTAINS_IGNORE_CASE } }),
    ["charles"],
  ],
  [
    "a display name",
    () => ({ case: "displayNameQuery", value: { displayName: "ENGINE", method: ENDS_WITH_IGNORE_CASE } }),
    ["engine"],
  ],
  [
    "an e-mail address",
    () => ({
      case: "emailQuery",
      value: { emailAddress: "bella@example.com", method: EQUALS_IGNORE_CASE },
    }),
    ["annabella"],
  ],
  [
    "several e-mail addresses",
    () => ({
      case: "inUserEmailsQuery",
      value: { userEmails: ["charles@example.org", "z.ada@example.com", "nobody@example.com"] },
    }),
    ["ada", "charles"],
  ],
  ["a number", ({ number }) => ({ case: "phoneQuery", value: { number } }), ["ada"]],
  [
    "the beginning of a number",
    () => ({ case: "phoneQuery", value: { number: "+41", method: STARTS_WITH } }),
    ["ada"],
  ],
  ["active", () => ({ case: "stateQuery", value: { state: UserState.ACTIVE } }), ["ada", "engine"]],
  ["inactive", () => ({ case: "stateQuery", value: { state: UserState.INACTIVE } }), ["charles"]],
  ["locked", () => ({ case: "stateQuery", value: { state: UserState.LOCKED } }), ["annabella"]],
  ["deleted", () => ({ case: "stateQuery", value: { state: UserState.DELETED } }), []],
  ["initial", () => ({ case: "stateQuery", value: { state: UserState.INITIAL } }), []],
  ["human", () => ({ case: "typeQuery", value: { type: Type.HUMAN } }), ["ada", "charles", "annabella"]],
  ["machine", () => ({ case: "typeQuery", value: { type: Type.MACHINE } }), ["engine"]],
  ["ids", ({ people }) => withIds([people.engine.id, people.ada.id, "nobody"]), ["ada", "engine"]],
  ["no ids", () => withIds([]), []],
  ["either", () => any(firstName("Ada"), firstName("Charles")), ["ada", "charles"]],
  ["either of nothing", () => any(), []],
  ["both", () => all(firstName("Ada"), userName("love", STARTS_WITH)), ["ada"]],
  ["both, which nobody is", () => all(firstName("Ada"), firstName("Charles")), []],
  ["all of nothing", () => all(), everyone],
  ["not", () => not(firstName("Ada")), ["charles", "annabella", "engine"]],
  ["not what is left out, which everybody is", () => ({ case: "notQuery", value: {} }), []],
  [
    "one within another",
    () => all(not(any(firstName("Ada"), firstName("Charles"))), not(userName("eng", STARTS_WITH))),
    ["annabella"],
  ],
];

/** Each column, ascending; and descending, where equal ones are not just turned round. */
const columns: readonly [keyof typeof UserFieldName, readonly Name[], (readonly Name[])?][] = [
  ["UNSPECIFIED", everyone],
  ["USER_NAME", ["charles", "annabella", "engine", "ada"]],
  ["FIRST_NAME", ["engine", "ada", "annabella", "charles"]],
  ["LAST_NAME", ["engine", "charles", "annabella", "ada"]],
  ["NICK_NAME", ["engine", "annabella", "ada", "charles"]],
  ["DISPLAY_NAME", ["annabella", "engine", "ada", "charles"]],
  ["EMAIL", ["engine", "annabella", "charles", "ada"]],
  ["STATE", ["ada", "engine", "charles", "annabella"], ["annabella", "charles", "ada", "engine"]],
  ["TYPE", everyone, ["engine", "ada", "charles", "annabella"]],
  ["CREATION_DATE", everyone],
];

const tooMuch = refused(Code.InvalidArgument, "QUERY-4M0fs");

function listScenarios(
  service: string,
  { listUsers }: EitherService<typeof UserService, typeof BetaUserService>,
): readonly Scenario[] {
  const row = rowsOf(`${service} ListUsers`, listUsers);
  return [
    row({
      name: "what is told of one",
      everyWay: true,
      given: withoutPhone,
      caller: "self",
      input: () => ({}),
      expect: (user, { clock }) =>
        ok({
          result: [
            {
              userId: user.id,
              details: {
                sequence: "1",
                changeDate: timestamp(clock.ms),
                creationDate: timestamp(user.createdMs),
                resourceOwner: user.organizationId,
              },
              state: "USER_STATE_ACTIVE",
              username: `${user.id}@example.com`,
              loginNames: [`${user.id}@example.com`],
              preferredLoginName: `${user.id}@example.com`,
              human: {
                profile: {
                  givenName: "Ada",
                  familyName: "Lovelace",
                  nickName: "",
                  displayName: "Ada Lovelace",
                  preferredLanguage: "und",
                  gender: "GENDER_UNSPECIFIED",
                },
                email: { email: `${user.id}@example.com` },
                phone: {},
              },
            },
          ],
        }),
      after: totals(1),
    }),
    ...texts.map(([method, text, names]) =>
      row({
        name: `a user name that ${method} "${text}"`,
        given: crowd,
        caller: "administrator",
        input: (given) => ({
          query: { asc: true },
          queries: queries(inOrganization(given), userName(text, TextQueryMethod[method])),
        }),
        expect: listed(names),
        after: totals(names.length),
      }),
    ),
    ...kinds.map(([name, query, names]) =>
      row({
        name: `by ${name}`,
        given: crowd,
        caller: "administrator",
        input: (given) => ({ query: { asc: true }, queries: queries(inOrganization(given), query(given)) }),
        expect: listed(names),
        after: totals(names.length),
      }),
    ),
    ...columns.flatMap(([column, ascending, descending = ascending.toReversed()]) => {
      const sortingColumn = UserFieldName[column];
      const echo =
        sortingColumn === UserFieldName.UNSPECIFIED ? {} : { sortingColumn: `USER_FIELD_NAME_${column}` };
      return [
        row({
          name: `sorted by ${column}, ascending`,
          given: crowd,
          caller: "administrator",
          input: (given) => ({
            query: { asc: true },
            sortingColumn,
            queries: queries(inOrganization(given)),
          }),
          expect: listed(ascending, echo),
        }),
        row({
          name: `sorted by ${column}, descending`,
          given: crowd,
          caller: "administrator",
          input: (given) => ({ sortingColumn, queries: queries(inOrganization(given)) }),
          expect: listed(descending, echo),
        }),
      ];
    }),
    ...(
      [
        ["the first page", { limit: 3 }, ["ada", "charles", "annabella"]],
        ["the last page", { offset: 3n, limit: 3 }, ["engine"]],
        ["a page after the last", { offset: 4n, limit: 3 }, []],
        ["everything after the first", { offset: 1n }, ["charles", "annabella", "engine"]],
        ["the largest page", { limit: 1_000 }, everyone],
      ] as const
    ).map(([name, page, names]) =>
      row({
        name,
        given: crowd,
        caller: "administrator",
        input: (given) => ({ query: { ...page, asc: true }, queries: queries(inOrganization(given)) }),
        expect: listed(names),
        after: totals(4),
      }),
    ),
    row({
      name: "by the owner of the organization, who sees nobody else",
      given: crowdAsOwner,
      caller: "self",
      input: ({ people }, { administrator }) => ({
        query: { asc: true },
        queries: queries(withIds([...Object.values(people).map(({ id }) => id), administrator.id])),
      }),
      expect: listed(everyone),
      after: totals(4),
    }),
    row({
      name: "by somebody without a role, who sees nobody else",
      given: crowdAsAda,
      caller: "self",
      input: (given) => ({ queries: queries(inOrganization(given)) }),
      expect: listed(["ada"]),
      after: totals(1),
    }),
    ...(["IAM_USER_MANAGER", "IAM_LOGIN_CLIENT"] as const).map((caller) =>
      row({
        name: `by ${caller}`,
        given: crowd,
        caller,
        input: (given) => ({ query: { asc: true }, queries: queries(inOrganization(given)) }),
        expect: listed(everyone),
      }),
    ),
    ...(["other", "ORG_OWNER", "ORG_OWNER elsewhere"] as const).map((caller) =>
      row({
        name: `of another organization, by ${caller}`,
        given: crowd,
        caller,
        input: (given: Crowd) => ({ queries: queries(inOrganization(given)) }),
        expect: ok(),
        after: totals(0),
      }),
    ),
    ...(
      [
        ["a page of 1,001", { query: { limit: 1_001 } }],
        ["an offset of a billion and one", { query: { offset: 1_000_000_001n } }],
        ["201 queries", { queries: queries(...Array.from({ length: 201 }, () => firstName("Ada"))) }],
        ["queries 21 deep", { queries: queries(deep(21)) }],
        ["1,001 ids", { queries: queries(withIds(Array.from({ length: 1_001 }, String))) }],
      ] as const
    ).map(([name, input]) =>
      row({ name, given: nobody, caller: "administrator", input: () => input, expect: tooMuch }),
    ),
    row({
      name: "200 queries, 20 deep, and 1,000 ids",
      given: crowd,
      caller: "administrator",
      input: (given) => ({
        queries: queries(
          inOrganization(given),
          withIds([given.id, ...Array.from({ length: 999 }, String)]),
          deep(20),
          ...Array.from({ length: 178 }, () => firstName("Ada")),
        ),
      }),
      expect: listed(["ada"]),
    }),
    ...(
      [
        ["query", {}],
        ["user_name_query.user_name", { query: userName("", EQUALS) }],
        ["user_name_query.user_name", { query: userName("x".repeat(201), EQUALS) }],
        ["first_name_query.first_name", { query: firstName("") }],
        ["email_query.email_address", { query: email("x".repeat(201)) }],
        ["phone_query.number", { query: { case: "phoneQuery", value: { number: "1".repeat(21) } } }],
        [
          "organization_id_query.organization_id",
          { query: { case: "organizationIdQuery", value: { organizationId: "" } } },
        ],
        ["or_query.queries[0].query", { query: { case: "orQuery", value: { queries: [{}] } } }],
      ] satisfies [string, QueryMessage][]
    ).map(([field, query], index) =>
      row({
        name: `a limit of ${field} (${index})`,
        given: nobody,
        caller: "administrator",
        input: () => ({ queries: [query] }),
        expect: invalid(`ListUsersRequest.queries[0].${field}`),
      }),
    ),
    ...authenticationRows(row, { queries: [{}] }),
  ];
}

function email(emailAddress: string): Query {
  return { case: "emailQuery", value: { emailAddress } };
}

/** A query within so many others that it is that deep. */
function deep(depth: number): Query {
  return depth === 1 ? firstName("Ada") : all(deep(depth - 1));
}

/** What the answer tells of the whole list. */
function totals(total: number) {
  return async (_: unknown, { clock }: { clock: { ms: number } }, { details }: JsonObject): Promise<void> => {
    expect(details).toEqual({
      ...(total === 0 ? {} : { totalResult: String(total) }),
      timestamp: timestamp(clock.ms),
    });
  };
}

export const userV2List: readonly Scenario[] = [
  ...listScenarios("user.v2", UserService.method),
  ...listScenarios("user.v2beta", BetaUserService.method),
];
