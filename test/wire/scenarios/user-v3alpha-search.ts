import type { JsonObject, Message, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { TextFilterMethod } from "../../../gen/zitadel/resources/object/v3alpha/object_pb.js";
import { FieldName, type SearchFilterSchema } from "../../../gen/zitadel/resources/user/v3alpha/query_pb.js";
import { State } from "../../../gen/zitadel/resources/user/v3alpha/state_pb.js";
import { ZITADELUsers } from "../../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { type Crowd, crowd, crowdAsAda, crowdAsOwner, type Name } from "./crowd.ts";
import { nobody, notSupported, timestamp } from "./givens.ts";
import { authenticationRows, invalid, ok, type Outcome, refused, rowsOf, type Scenario } from "./scenario.ts";

/** zitadel.resources.user.v3alpha.ZITADELUsers: users are searched. */

const { searchUsers, createUser } = ZITADELUsers.method;
const search = rowsOf("resources.user.v3alpha SearchUsers", searchUsers);

type FilterMessage = Exclude<MessageInitShape<typeof SearchFilterSchema>, Message>;
type Filter = NonNullable<FilterMessage["Filter"]>;

const filters = (...given: Filter[]): FilterMessage[] => given.map((filter) => ({ Filter: filter }));
const inOrganization = ({ organizationId }: Crowd): Filter => ({
  case: "organizationIdFilter",
  value: { id: organizationId },
});
const userName = (username: string, method: TextFilterMethod): Filter => ({
  case: "usernameFilter",
  value: { username, method },
});
const named = (username: string): Filter => userName(username, TextFilterMethod.EQUALS);
const any = (...given: Filter[]): Filter => ({ case: "orFilter", value: { queries: filters(...given) } });
const all = (...given: Filter[]): Filter => ({ case: "andFilter", value: { queries: filters(...given) } });
const not = (filter: Filter): Filter => ({ case: "notFilter", value: { query: { Filter: filter } } });

const everyone: readonly Name[] = ["ada", "charles", "annabella", "engine"];

/** Just these, in this order. */
const listed =
  (names: readonly Name[]) =>
  ({ people }: Crowd): Outcome =>
    ok(
      names.length === 0
        ? {}
        : {
            result: names.map((name) =>
              expect.objectContaining({ details: expect.objectContaining({ id: people[name].id }) }),
            ),
          },
    );

const texts: readonly [keyof typeof TextFilterMethod, string, readonly Name[]][] = [
  ["EQUALS", "lovelace", ["ada"]],
  ["EQUALS", "Lovelace", []],
  ["EQUALS_IGNORE_CASE", "LOVELACE", ["ada"]],
  ["STARTS_WITH", "b", ["annabella"]],
  ["STARTS_WITH_IGNORE_CASE", "b", ["charles", "annabella"]],
  ["CONTAINS", "B", ["charles"]],
];

const kinds: readonly [string, (given: Crowd) => Filter, readonly Name[]][] = [
  ["an id", ({ people }) => ({ case: "userIdFilter", value: { id: people.charles.id } }), ["charles"]],
  [
    "an e-mail address",
    () => ({
      case: "emailFilter",
      value: { address: "bella@EXAMPLE.com", method: TextFilterMethod.EQUALS_IGNORE_CASE },
    }),
    ["annabella"],
  ],
  ["a number", ({ number }) => ({ case: "phoneFilter", value: { number } }), ["ada"]],
  ["active", () => ({ case: "stateFilter", value: { state: State.USER_STATE_ACTIVE } }), ["ada", "engine"]],
  ["inactive", () => ({ case: "stateFilter", value: { state: State.USER_STATE_INACTIVE } }), ["charles"]],
  ["locked", () => ({ case: "stateFilter", value: { state: State.USER_STATE_LOCKED } }), ["annabella"]],
  ["a schema", () => ({ case: "schemaIdFilter", value: { id: "person" } }), []],
  ["either", () => any(named("lovelace"), named("engine")), ["ada", "engine"]],
  ["both, which nobody is", () => all(named("lovelace"), named("engine")), []],
  ["not", () => not(named("lovelace")), ["charles", "annabella", "engine"]],
  ["not what is left out, which everybody is", () => ({ case: "notFilter", value: {} }), []],
  ["one within another", () => not(any(named("lovelace"), not(named("engine")))), ["engine"]],
];

/** Each column, ascending; and descending, where equal ones are not just turned round. */
const columns: readonly [FieldName, readonly Name[], (readonly Name[])?][] = [
  [FieldName.UNSPECIFIED, everyone],
  [FieldName.ID, everyone],
  [FieldName.CREATION_DATE, everyone],
  [FieldName.CHANGE_DATE, everyone, ["charles", "annabella", "engine", "ada"]],
  [FieldName.EMAIL, ["engine", "annabella", "charles", "ada"]],
  [FieldName.PHONE, ["charles", "annabella", "engine", "ada"], everyone],
  [FieldName.STATE, ["ada", "engine", "charles", "annabella"], ["annabella", "charles", "ada", "engine"]],
  [FieldName.SCHEMA_ID, everyone, everyone],
];

/** What the answer tells of the whole list. */
function totals(total: number, appliedLimit = 100) {
  return async (_: unknown, { clock }: { clock: { ms: number } }, { details }: JsonObject): Promise<void> => {
    expect(details).toEqual({
      appliedLimit: String(appliedLimit),
      ...(total === 0 ? {} : { totalResult: String(total) }),
      timestamp: timestamp(clock.ms),
    });
  };
}

export const userV3alphaSearch: readonly Scenario[] = [
  ...texts.map(([method, text, names]) =>
    search({
      name: `a user name that ${method} "${text}"`,
      everyWay: true,
      given: crowd,
      caller: "administrator",
      input: (given) => ({
        filters: filters(inOrganization(given), userName(text, TextFilterMethod[method])),
      }),
      expect: listed(names),
      after: totals(names.length),
    }),
  ),
  ...kinds.map(([name, filter, names]) =>
    search({
      name: `by ${name}`,
      given: crowd,
      caller: "administrator",
      input: (given) => ({ filters: filters(inOrganization(given), filter(given)) }),
      expect: listed(names),
      after: totals(names.length),
    }),
  ),
  search({
    name: "by its schema",
    given: async (world) => {
      const user = world.nobody();
      const schemaId = `schema-${user.id}`;
      await world.asAdmin(createUser, {
        organization: { property: { case: "orgId", value: user.organizationId } },
        user: { userId: user.id, schemaId, data: { name: "Ada" } },
      });
      return { ...user, schemaId };
    },
    caller: "administrator",
    input: ({ schemaId }) => ({ filters: filters({ case: "schemaIdFilter", value: { id: schemaId } }) }),
    expect: ({ id, schemaId }) =>
      ok({
        result: [
          expect.objectContaining({
            details: expect.objectContaining({ id }),
            schema: { id: schemaId },
            data: { name: "Ada" },
          }),
        ],
      }),
  }),
  ...columns.flatMap(([sortingColumn, ascending, descending = ascending.toReversed()]) => [
    search({
      name: `sorted by ${FieldName[sortingColumn]}, ascending`,
      given: crowd,
      caller: "administrator",
      input: (given) => ({ sortingColumn, filters: filters(inOrganization(given)) }),
      expect: listed(ascending),
    }),
    search({
      name: `sorted by ${FieldName[sortingColumn]}, descending`,
      given: crowd,
      caller: "administrator",
      input: (given) => ({ query: { desc: true }, sortingColumn, filters: filters(inOrganization(given)) }),
      expect: listed(descending),
    }),
  ]),
  ...(
    [
      ["the first page", { limit: 3 }, ["ada", "charles", "annabella"], 3],
      ["the last page", { offset: 3n, limit: 3 }, ["engine"], 3],
      ["a page after the last", { offset: 4n }, [], 100],
      ["the largest page", { limit: 1_000 }, everyone, 1_000],
    ] as const
  ).map(([name, query, names, appliedLimit]) =>
    search({
      name,
      given: crowd,
      caller: "administrator",
      input: (given) => ({ query, filters: filters(inOrganization(given)) }),
      expect: listed(names),
      after: totals(4, appliedLimit),
    }),
  ),
  search({
    name: "by the owner of the organization, who sees nobody else",
    given: crowdAsOwner,
    caller: "self",
    input: ({ people }, { administrator }) => ({
      filters: filters(
        any(
          ...[...Object.values(people), administrator].map(({ id }): Filter => ({
            case: "userIdFilter",
            value: { id },
          })),
        ),
      ),
    }),
    expect: listed(everyone),
    after: totals(4),
  }),
  search({
    name: "by somebody without a role, who sees nobody else",
    given: crowdAsAda,
    caller: "self",
    input: () => ({}),
    expect: listed(["ada"]),
    after: totals(1),
  }),
  ...(["other", "ORG_OWNER elsewhere"] as const).map((caller) =>
    search({
      name: `of another organization, by ${caller}`,
      given: crowd,
      caller,
      input: (given: Crowd) => ({ filters: filters(inOrganization(given)) }),
      expect: ok(),
      after: totals(0),
    }),
  ),
  search({
    name: "a type of schema",
    given: nobody,
    caller: "administrator",
    input: () => ({ filters: filters({ case: "schemaTypeFilter", value: { type: "person" } }) }),
    expect: notSupported("filters.schema_type_filter"),
  }),
  search({
    name: "sorted by a type of schema",
    given: nobody,
    caller: "administrator",
    input: () => ({ sortingColumn: FieldName.SCHEMA_TYPE }),
    expect: notSupported("sorting_column"),
  }),
  search({
    name: "an instance",
    given: nobody,
    caller: "administrator",
    input: () => ({ instance: { property: { case: "domain", value: "example.com" } } }),
    expect: notSupported("instance"),
  }),
  search({
    name: "a page of 1,001",
    given: nobody,
    caller: "administrator",
    input: () => ({ query: { limit: 1_001 } }),
    expect: refused(Code.InvalidArgument, "QUERY-4M0fs"),
  }),
  search({
    name: "201 filters",
    given: nobody,
    caller: "administrator",
    input: () => ({ filters: Array.from({ length: 201 }, () => ({ Filter: named("ada") })) }),
    expect: refused(Code.InvalidArgument, "QUERY-4M0fs", "The field filters is past its limit of 200"),
  }),
  ...(
    [
      ["Filter", {}],
      ["user_id_filter.id", { Filter: { case: "userIdFilter", value: { id: "" } } }],
      ["username_filter.username", { Filter: named("x".repeat(201)) }],
      ["phone_filter.number", { Filter: { case: "phoneFilter", value: { number: "" } } }],
      ["email_filter.address", { Filter: { case: "emailFilter", value: { address: "x".repeat(201) } } }],
      ["schema_id_filter.id", { Filter: { case: "schemaIdFilter", value: { id: "" } } }],
      ["or_filter.queries[0].Filter", { Filter: { case: "orFilter", value: { queries: [{}] } } }],
    ] satisfies [string, FilterMessage][]
  ).map(([field, filter], index) =>
    search({
      name: `a limit of ${field} (${index})`,
      given: nobody,
      caller: "administrator",
      input: () => ({ filters: [filter] }),
      expect: invalid(`SearchUsersRequest.filters[0].${field}`),
    }),
  ),
  ...authenticationRows(search, { filters: [{}] }),
];
