import type { DescMessage, JsonValue } from "@bufbuild/protobuf";

/**
 * A message in JSON without the cases of its oneofs that are null, and so not set: protobuf-es counts those
 * that are messages, and would refuse the case that is set beside them.
 */
export function withoutNullCases(message: DescMessage, json: JsonValue): JsonValue {
  // What Google's own messages say in JSON is not their fields.
  if (message.typeName.startsWith("google.protobuf.")) return json;
  if (Array.isArray(json)) return json.map((item) => withoutNullCases(message, item));
  if (typeof json !== "object" || json === null) return json;
  const fields = new Map(
    message.fields.flatMap((field) => [[field.name, field] as const, [field.jsonName, field]]),
  );
  const kept = Object.entries(json).flatMap(([key, value]): [string, JsonValue][] => {
    const field = fields.get(key);
    if (field?.oneof !== undefined && value === null) return [];
    const isNested = field?.message !== undefined && field.fieldKind !== "map";
    return [[key, isNested ? withoutNullCases(field.message, value) : value]];
  });
  return Object.fromEntries(kept);
}
