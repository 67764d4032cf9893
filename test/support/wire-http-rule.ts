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
  const path = pattern.value.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(text(take(name))),
  );
  const field = bodyRule === "" || bodyRule === "*" ? undefined : take(bodyRule);
  const body = bodyRule === "*" ? Object.fromEntries(fields) : field;
  const query = new URLSearchParams();
  if (bodyRule !== "*") for (const [name, value] of fields) query.set(name, text(value));
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

function text(value: JsonValue | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
