import { getOption, toJson } from "@bufbuild/protobuf";
import type { DescField, DescOneof, JsonValue } from "@bufbuild/protobuf";
import {
  field as protovalidateField,
  FieldRulesSchema as ProtovalidateFieldRulesSchema,
  oneof as protovalidateOneof,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import {
  FieldRulesSchema as PgvFieldRulesSchema,
  required as pgvOneofRequired,
  rules as pgvField,
} from "@zitadel/proto/validate/validate_pb.js";

/** What a value must keep to, as pairs of rule and bound: ["string.max_len", "200"]. */
export type Limits = readonly (readonly [rule: string, bound: string])[];

/** Reads limits out of options, in one normal form for all dialects. */
export interface LimitDialect {
  ofField(field: DescField): Limits;
  ofOneof(oneof: DescOneof): Limits;
}

/** Limits as `buf.validate` states them. */
export const protovalidate: LimitDialect = {
  ofField: (field) =>
    limitsOf(toJson(ProtovalidateFieldRulesSchema, getOption(field, protovalidateField), protoNames)),
  ofOneof: (oneof) => (getOption(oneof, protovalidateOneof).required ? [required] : []),
};

/** Limits as protoc-gen-validate, the predecessor of `buf.validate`, states them. */
export const protocGenValidate: LimitDialect = {
  ofField: (field) => limitsOf(toJson(PgvFieldRulesSchema, getOption(field, pgvField), protoNames)),
  ofOneof: (oneof) => (getOption(oneof, pgvOneofRequired) ? [required] : []),
};

const required = ["required", "true"] as const;
const protoNames = { useProtoFieldName: true };

function limitsOf(rules: JsonValue): Limits {
  return leaves([], rules).flatMap(([rule, bound]) => normalForm(rule, bound));
}

function leaves(path: readonly string[], value: JsonValue): Limits {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => leaves([...path, key], inner));
  }
  return [[path.join("."), typeof value === "string" ? value : JSON.stringify(value)]];
}

/** Rules of other words and one meaning; all others have the same name and meaning in both dialects. */
function normalForm(rule: string, bound: string): Limits {
  if (/^(message|duration|timestamp|any)\.required$/.test(rule)) return [["required", bound]];
  if (rule.endsWith(".ignore_empty")) return [["ignore", "IGNORE_IF_ZERO_VALUE"]];
  if (rule === "string.len") {
    return [
      ["string.min_len", bound],
      ["string.max_len", bound],
    ];
  }
  if (rule.endsWith(".min_len") && bound === "0") return []; // Bounds nothing.
  return [[rule, bound]];
}
