import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { SearchQuery } from "../../gen/zitadel/session/v2/query_pb.js";
import type { ListSessionsRequest } from "../../gen/zitadel/session/v2/session_service_pb.js";
import type { TimestampQueryMethod } from "../../gen/zitadel/v1/object_pb.js";
import {
  type Condition,
  conditionsMax,
  type IntegerField,
  type IntegerMatch,
  type Search,
  type SessionRecord,
  valuesMax,
} from "../app/search.ts";
import { DomainError, refusal } from "../domain/errors.ts";
import { pageOf } from "./paging.ts";
import { refuseLimit } from "./refused-fields.ts";
import { boundedTimestampMs } from "./timestamps.ts";

/** Lists of sessions as v2 asks for them. */

/** By the numbers of the enum TimestampQueryMethod. */
const timeMatches: readonly IntegerMatch[] = [
  "equals",
  "greater",
  "greater_or_equals",
  "less",
  "less_or_equals",
];

/** @param callerId stands in where a query means the caller */
export function sessionSearch(request: ListSessionsRequest, callerId: string): Search<SessionRecord> {
  if (request.queries.length > conditionsMax) refuseLimit("queries", conditionsMax);
  return {
    where: { kind: "all", of: request.queries.map((query) => condition(query, callerId)) },
    sortBy: "createdMs",
    order: request.query?.asc === true ? "ascending" : "descending",
    ...pageOf(request.query),
  };
}

function condition({ query }: SearchQuery, callerId: string): Condition<SessionRecord> {
  switch (query.case) {
    case "idsQuery":
      if (query.value.ids.length > valuesMax) refuseLimit("queries.ids_query.ids", valuesMax);
      return { kind: "one_of", field: "id", values: query.value.ids };
    case "userIdQuery":
      return { kind: "one_of", field: "userId", values: [query.value.id] };
    case "creatorQuery":
      return { kind: "one_of", field: "creatorId", values: [query.value.id || callerId] };
    case "userAgentQuery":
      return {
        kind: "one_of",
        field: "fingerprintId",
        values: [query.value.fingerprintId || callersAgent()],
      };
    case "creationDateQuery": {
      const { creationDate, method } = query.value;
      return at("createdMs", method, "queries.creation_date_query.creation_date", creationDate);
    }
    case "expirationDateQuery": {
      const { expirationDate, method } = query.value;
      return at("expiresMs", method, "queries.expiration_date_query.expiration_date", expirationDate);
    }
    case undefined:
      return { kind: "all", of: [] };
  }
}

/** @param named the field of the request with the time */
function at(
  field: IntegerField<SessionRecord>,
  method: TimestampQueryMethod,
  named: string,
  time: Timestamp | undefined,
): Condition<SessionRecord> {
  const value = time === undefined ? 0 : boundedTimestampMs(named, time);
  return { kind: "integer", field, match: timeMatches[method] ?? "equals", value };
}

const agentUnknown = refusal("invalid_argument", "GRPC-x8n23uh", "Errors.NotSupported");

/** What a query without a fingerprint asks for. */
function callersAgent(): never {
  const field = "queries.user_agent_query";
  throw new DomainError(agentUnknown, { field, reason: "no token tells the caller's fingerprint: name it" });
}
