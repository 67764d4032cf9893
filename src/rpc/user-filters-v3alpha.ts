import type { FieldName, SearchFilter } from "../../gen/zitadel/resources/user/v3alpha/query_pb.js";
import type { SearchUsersRequest } from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import type { Condition, Search, UserRecord } from "../app/search.ts";
import { refuseField } from "./refused-fields.ts";
import { pageOf } from "./paging.ts";
import { allOf, everyone, nested, type Nesting, oneOf, statusOf, text } from "./user-queries.ts";

/** Lists of users as the resource API asks for them. */

/** By the numbers of the enum FieldName. */
const sortFields: Readonly<Partial<Record<FieldName, Search<UserRecord>["sortBy"]>>> = {
  0: "createdMs",
  1: "id",
  2: "createdMs",
  3: "changedMs",
  4: "email",
  5: "phone",
  6: "status",
  7: "schemaId",
};

/** @throws DomainError for a page that is too large, too many filters, or one that cannot be honored */
export function userFilterSearch(request: SearchUsersRequest): Search<UserRecord> {
  const sortBy = sortFields[request.sortingColumn];
  return {
    where: allOf("filters", request.filters, condition),
    sortBy: sortBy ?? refuseField("sorting_column", "schemas have no types here"),
    order: request.query?.desc === true ? "descending" : "ascending",
    ...pageOf(request.query),
  };
}

function condition({ Filter: filter }: SearchFilter, nesting: Nesting): Condition<UserRecord> {
  const within = (inner: SearchFilter): Condition<UserRecord> => nested(inner, nesting, condition);
  switch (filter.case) {
    case "userIdFilter":
      return text("id", filter.value.id, filter.value.method);
    case "organizationIdFilter":
      return text("organizationId", filter.value.id, filter.value.method);
    case "usernameFilter":
      return text("userName", filter.value.username, filter.value.method);
    case "emailFilter":
      return text("email", filter.value.address, filter.value.method);
    case "phoneFilter":
      return text("phone", filter.value.number, filter.value.method);
    case "stateFilter":
      return oneOf("status", [statusOf(filter.value.state)]);
    case "schemaIdFilter":
      return oneOf("schemaId", [filter.value.id]);
    case "schemaTypeFilter":
      return refuseField("filters.schema_type_filter", "schemas have no types here");
    case "orFilter":
      return { kind: "any", of: filter.value.queries.map(within) };
    case "andFilter":
      return { kind: "all", of: filter.value.queries.map(within) };
    case "notFilter":
      return { kind: "not", of: filter.value.query === undefined ? everyone : within(filter.value.query) };
    case undefined:
      return everyone;
  }
}
