import {
  create,
  type DescMessage,
  type DescMethodUnary,
  getOption,
  type JsonValue,
  type MessageInitShape,
  toJson,
} from "@bufbuild/protobuf";
import { http } from "../../gen/google/api/annotations_pb.js";

/** A call as a REST client sends it. */
export interface RestRequest {
  readonly httpMethod: string;
  /** Path and query. */
  readonly target: string;
  readonly body: JsonValue | undefined;
}

/** Where the services of v1 are: their paths are written without it. */
const prefixes: ReadonlyMap<string, string> = new Map([
  ["zitadel.auth.v1.AuthService", "/auth/v1"],
  ["zitadel.management.v1.ManagementService", "/management/v1"],
  ["zitadel.admin.v1.AdminService", "/admin/v1"],
]);

/**
 * What google.api.http of a method makes of its input, written for tests, apart from the server's own code.
 * It knows what the contract uses: `{field}` in the path; a body that is everything, one field, or nothing.
 */
export function restRequest<I extends DescMessage>(
  method: DescMethodUnary<I>,
  input: MessageInitShape<I>,
): RestRequest {
  const { pattern, body: bodyRule } = getOption(method, http);
  if (pattern.case === undefined || pattern.case === "custom") throw new Error(`${method.name} has no path`);
  const json: JsonValue = toJson(method.input, create(method.input, input));
  const fields = new Map(Object.entries(json ?? {}) as [string, JsonValue][]); // a message is an object
  const path = `${prefixes.get(method.parent.typeName) ?? ""}${pattern.value}`.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => encodeURIComponent(text(take(name))),
  );
  const field = bodyRule === "" || bodyRule === "*" ? undefined : take(bodyRule);
  const body = bodyRule === "*" ? Object.fromEntries(fields) : field;
  const query = new URLSearchParams();
  if (bodyRule !== "*") {
    for (const [name, value] of fields) for (const leaf of leaves(name, value)) query.append(...leaf);
  }
  return {
    httpMethod: pattern.case.toUpperCase(),
    target: query.size === 0 ? path : `${path}?${query.toString()}`,
    body,
  };

  function take(name: string): JsonValue | undefined {
    const key = method.input.fields.find((each) => each.name === name)?.jsonName ?? "";
    const value = fields.get(key);
    fields.delete(key);
    return value;
  }
}

/** `user.name=Ada`: a query cannot say more of a message than its fields. */
function leaves(name: string, value: JsonValue): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((each) => leaves(name, each));
  if (typeof value !== "object" || value === null) return [[name, text(value)]];
  return Object.entries(value).flatMap(([inner, each]) => leaves(`${name}.${inner}`, each));
}

function text(value: JsonValue | undefined): string {
  return value === undefined || typeof value === "object" ? "" : String(value);
}
