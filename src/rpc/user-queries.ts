import type { SearchQuery as V1SearchQuery } from "../../gen/zitadel/user/v1/query_pb.js";
import type { SearchQuery as V2SearchQuery } from "../../gen/zitadel/user/v2/query_pb.js";
import {
  type Condition,
  conditionDepthMax,
  conditionsMax,
  type Search,
  type TextField,
  type TextMatch,
  type UserRecord,
  valuesMax,
} from "../app/search.ts";
import { type PageRequest, pageOf } from "./paging.ts";
import { refuseLimit } from "./refused-fields.ts";

/** Lists of users as v1 and v2 ask for them: the messages differ in their names only. */

type Query = V1SearchQuery | V2SearchQuery;
type UserCondition = Condition<UserRecord>;

/** By the numbers of the enum UserFieldName. */
const sortFields: readonly Search<UserRecord>["sortBy"][] = [
  "createdMs",
  "userName",
  "givenName",
  "familyName",
  "nickName",
  "displayName",
  "email",
  "status",
  "kind",
  "createdMs",
];

interface ListUsersMessage {
  readonly query?: (PageRequest & { readonly asc: boolean }) | undefined;
  /** Of the enum UserFieldName. */
  readonly sortingColumn: number;
  readonly queries: readonly Query[];
}

/** @throws DomainError for a page that is too large, or too many queries */
export function userSearch(request: ListUsersMessage): Search<UserRecord> {
  return {
    where: allOf("queries", request.queries, userCondition),
    sortBy: sortFields[request.sortingColumn] ?? "createdMs",
    order: request.query?.asc === true ? "ascending" : "descending",
    ...pageOf(request.query),
  };
}

/** How deep a condition is nested, and how many there are so far. */
export interface Nesting {
  /** Of the request, as the contract names it. */
  readonly field: string;
  readonly depth: number;
  readonly seen: { count: number };
}

type Translate<Q> = (query: Q, nesting: Nesting) => UserCondition;

/** @throws DomainError for too many conditions, or too deep ones */
export function allOf<Q>(field: string, queries: readonly Q[], translate: Translate<Q>): UserCondition {
  const nesting = { field, depth: 0, seen: { count: 0 } };
  return { kind: "all", of: queries.map((query) => nested(query, nesting, translate)) };
}

/** A condition within another. */
export function nested<Q>(query: Q, { field, depth, seen }: Nesting, translate: Translate<Q>): UserCondition {
  seen.count += 1;
  if (seen.count > conditionsMax) refuseLimit(field, conditionsMax);
  if (depth >= conditionDepthMax) refuseLimit(`${field} (depth)`, conditionDepthMax);
  return translate(query, { field, depth: depth + 1, seen });
}

function userCondition({ query }: Query, nesting: Nesting): UserCondition {
  const within = (inner: Query): UserCondition => nested(inner, nesting, userCondition);
  switch (query.case) {
    case "userNameQuery":
      return text("userName", query.value.userName, query.value.method);
    case "loginNameQuery":
      return text("userName", query.value.loginName, query.value.method);
    case "firstNameQuery":
      return text("givenName", query.value.firstName, query.value.method);
    case "lastNameQuery":
      return text("familyName", query.value.lastName, query.value.method);
    case "nickNameQuery":
      return text("nickName", query.value.nickName, query.value.method);
    case "displayNameQuery":
      return text("displayName", query.value.displayName, query.value.method);
    case "emailQuery":
      return text("email", query.value.emailAddress, query.value.method);
    case "phoneQuery":
      return text("phone", query.value.number, query.value.method);
    case "organizationIdQuery":
      return oneOf("organizationId", [query.value.organizationId]);
    case "inUserIdsQuery":
      return oneOf("id", query.value.userIds);
    case "inUserEmailsQuery":
      return oneOf("email", query.value.userEmails);
    case "stateQuery":
      return oneOf("status", [statusOf(query.value.state)]);
    case "typeQuery":
      return oneOf("kind", [["", "human", "machine"][query.value.type] ?? ""]);
    case "orQuery":
      return { kind: "any", of: query.value.queries.map(within) };
    case "andQuery":
      return { kind: "all", of: query.value.queries.map(within) };
    case "notQuery":
      return { kind: "not", of: query.value.query === undefined ? everyone : within(query.value.query) };
    case undefined:
      return everyone;
  }
}

export const everyone: UserCondition = { kind: "all", of: [] };

/** Active, inactive, deleted and locked have these numbers in every generation; nobody is in another state. */
const states = ["", "active", "inactive", "removed", "locked"];

/** @returns what nobody is for a state that nobody is in */
export function statusOf(state: number): string {
  return states[state] ?? "";
}

/** By the numbers of the enums TextQueryMethod and TextFilterMethod. */
const textMatches: readonly TextMatch[] = ["equals", "starts_with", "contains", "ends_with"];

/** @param method even numbers tell small and capital letters apart, odd ones do not */
export function text(field: TextField<UserRecord>, value: string, method: number): UserCondition {
  const match = textMatches[method >> 1] ?? "equals";
  return { kind: "text", field, match, ignoreCase: method % 2 === 1, value };
}

/** @throws DomainError for too many values */
export function oneOf(field: TextField<UserRecord>, values: readonly string[]): UserCondition {
  if (values.length > valuesMax) refuseLimit("queries (values)", valuesMax);
  return { kind: "one_of", field, values };
}
