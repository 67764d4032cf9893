import { getOption, ScalarType } from "@bufbuild/protobuf";
import type { DescEnum, DescField, DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
// This copy of google.api knows response_body, which protobufjs's, the source of our own, leaves out.
import { http } from "@zitadel/proto/google/api/annotations_pb.js";
import type { HttpRule } from "@zitadel/proto/google/api/http_pb.js";
import type { LimitDialect, Limits } from "./descriptor-limits.ts";

/** What descriptors state, by subject: "zitadel.user.v2.SetPhoneRequest.phone" or "…UserService/SetPhone". */
export type Facts = ReadonlyMap<string, Fact>;

export interface Fact {
  readonly part: "service" | "RPC" | "message" | "field" | "oneof" | "enum" | "enum value";
  /** By aspect: "number" → "3", "limit string.max_len" → "200". */
  readonly aspects: ReadonlyMap<string, string>;
}

/** How a side writes what protobuf itself has no words for. */
export interface Dialect {
  readonly limits: LimitDialect;
  permission(method: DescMethod): string;
  /** HTTP status of a success. */
  successStatus(method: DescMethod): number;
}

/** Turns descriptors into facts, those of their inner parts included. */
export function factsOf(types: Iterable<DescService | DescMessage | DescEnum>, dialect: Dialect): Facts {
  const facts = new Map<string, Fact>();
  const add = (
    part: Fact["part"],
    subject: string,
    aspects: Iterable<readonly [string, string]> = [],
  ): void => {
    facts.set(subject, { part, aspects: new Map(aspects) });
  };
  for (const type of types) {
    const { typeName } = type;
    add(type.kind, typeName);
    switch (type.kind) {
      case "service":
        for (const method of type.methods)
          add("RPC", `${typeName}/${method.name}`, rpcAspects(method, dialect));
        break;
      case "message":
        for (const field of type.fields) {
          add("field", `${typeName}.${field.name}`, [
            ...fieldAspects(field),
            ...limitAspects(dialect.limits.ofField(field)),
          ]);
        }
        for (const oneof of type.oneofs) {
          add("oneof", `${typeName}.${oneof.name}`, limitAspects(dialect.limits.ofOneof(oneof)));
        }
        break;
      case "enum":
        for (const { name, number } of type.values) {
          add("enum value", `${typeName}.${name}`, [["number", String(number)]]);
        }
    }
  }
  return facts;
}

function rpcAspects(method: DescMethod, dialect: Dialect): [string, string][] {
  const rule = getOption(method, http);
  return [
    ["kind", method.methodKind],
    ["request", method.input.typeName],
    ["response", method.output.typeName],
    ["idempotency", MethodOptions_IdempotencyLevel[method.idempotency]],
    ["permission", dialect.permission(method)],
    ["success status", String(dialect.successStatus(method))],
    ...[rule, ...rule.additionalBindings]
      .filter(({ pattern }) => pattern.case !== undefined)
      .map((each, index): [string, string] => [`HTTP rule ${index + 1}`, printRule(each)]),
  ];
}

function printRule({ pattern, body, responseBody }: HttpRule): string {
  const target =
    pattern.case === "custom"
      ? `${pattern.value.kind} ${pattern.value.path}`
      : `${pattern.case?.toUpperCase()} ${pattern.value}`;
  return [target, body && `body=${body}`, responseBody && `response_body=${responseBody}`]
    .filter((word) => word !== "")
    .join(" ");
}

function fieldAspects(field: DescField): [string, string][] {
  return [
    ["number", String(field.number)],
    ["JSON name", field.jsonName],
    ["type", printType(field)],
    ["oneof", field.oneof?.name ?? "none"],
    ["presence", FeatureSet_FieldPresence[field.presence]],
  ];
}

function printType(field: DescField): string {
  if (field.fieldKind === "list") return `repeated ${valueType(field)}`;
  if (field.fieldKind === "map") return `map of ${ScalarType[field.mapKey]} to ${valueType(field)}`;
  return valueType(field);
}

/** Type of the value, or of each value of a list or a map. */
function valueType(field: DescField): string {
  if (field.message !== undefined) return field.message.typeName;
  if (field.enum !== undefined) return field.enum.typeName;
  return ScalarType[field.scalar];
}

function limitAspects(limits: Limits): [string, string][] {
  return limits.map(([rule, bound]) => [`limit ${rule}`, bound]);
}

/**
 * What two sides state differently, a line each, such as
 * `zitadel.user.v2.SetPhoneRequest.phone: limit string.max_len 20 ≠ 200` (ours first), sorted.
 * RPCs that are not with us are passed over: which ones we serve is our choice.
 */
export function differences(ours: Facts, theirs: Facts): string[] {
  const subjects = [...new Set([...ours.keys(), ...theirs.keys()])].toSorted();
  return subjects.flatMap((subject) => {
    const [we, they] = [ours.get(subject), theirs.get(subject)];
    if (we === undefined) return they?.part === "RPC" ? [] : [`${subject}: missing with us`];
    if (they === undefined) return [`${subject}: only with us`];
    const aspects = new Set([...we.aspects.keys(), ...they.aspects.keys()]);
    return [...aspects]
      .map(
        (aspect) => [aspect, we.aspects.get(aspect) ?? "none", they.aspects.get(aspect) ?? "none"] as const,
      )
      .filter(([, our, their]) => our !== their)
      .map(([aspect, our, their]) => `${subject}: ${aspect} ${our} ≠ ${their}`);
  });
}

/** Facts to read and to compare, a line each, such as `ringback.role.v1.SetRolesRequest.roles: number 2, …`, sorted. */
export function printFacts(facts: Facts): string {
  const lines = [...facts].map(([subject, { part, aspects }]) => {
    const stated = [...aspects].map(([aspect, value]) => `${aspect} ${value}`);
    return `${subject}: ${[part, ...stated].join(", ")}\n`;
  });
  return lines.toSorted().join("");
}
