import { getOption, hasOption, type DescField, type DescMessage, type DescMethod } from "@bufbuild/protobuf";
import { http } from "../../../gen/google/api/annotations_pb.js";
import type { HttpRule } from "../../../gen/google/api/http_pb.js";
import { errorMessage } from "../../lib/error-message.ts";
import { type FieldPath, type NamedField, resolveFieldPath } from "./fields.ts";
import { parsePathTemplate, type PathTemplate } from "./path-template.ts";

/** One way to call a method over REST, as google.api.http of the method tells. */
export interface HttpBinding {
  /** Upper case. */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  /** The fields that the variables of the template fill, in the order of the variables. */
  readonly pathFields: readonly NamedField[];
  /** What the body of the request is: the message, one field of it, or nothing. */
  readonly body: "message" | DescField | "none";
}

/**
 * @param prefix is put before the path, e.g. "/auth/v1".
 * @returns nothing for a method without the option.
 * @throws Error if the option does not fit the method.
 */
export function httpBindings(method: DescMethod, prefix: string): HttpBinding[] {
  if (!hasOption(method, http)) return [];
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings].map((each) => {
    try {
      return toBinding(each, method.input, prefix);
    } catch (cause) {
      const name = `${method.parent.typeName}.${method.name}`;
      throw new Error(`google.api.http of ${name}: ${errorMessage(cause)}`, { cause });
    }
  });
}

function toBinding({ pattern, body }: HttpRule, input: DescMessage, prefix: string): HttpBinding {
  const [httpMethod, path] =
    pattern.case === "custom"
      ? [pattern.value.kind, pattern.value.path]
      : [pattern.case?.toUpperCase(), pattern.value];
  if (httpMethod === undefined || path === undefined) throw new Error("it has no path");
  const template = parsePathTemplate(prefix + path);
  return {
    httpMethod,
    template,
    pathFields: template.variables.map(({ fieldPath: name }) => ({ name, path: pathField(input, name) })),
    body: body === "" ? "none" : body === "*" ? "message" : bodyField(input, body),
  };
}

function pathField(input: DescMessage, name: string): FieldPath {
  const path = resolveFieldPath(input, name);
  const leaf = path?.at(-1);
  if (path === undefined || leaf === undefined) throw new Error(`${input.typeName} has no field ${name}`);
  if (leaf.fieldKind !== "scalar" && leaf.fieldKind !== "enum") {
    throw new Error(`the field ${name} cannot stand in a path: it is not a scalar`);
  }
  return path;
}

function bodyField(input: DescMessage, name: string): DescField {
  const field = input.fields.find((each) => each.name === name);
  if (field === undefined) throw new Error(`${input.typeName} has no field ${name} for the body`);
  return field;
}
