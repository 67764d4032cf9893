import {
  fromJson,
  ScalarType,
  type DescField,
  type DescMessage,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorMessage } from "../../lib/error-message.ts";

/** From a field of a message, through messages, to a field within. Never empty. */
export type FieldPath = readonly DescField[];

export interface NamedField {
  readonly path: FieldPath;
  /** As the client, or the template of the path, has it. */
  readonly name: string;
}

/** A field of a request that is given as text, in the path or in the query. */
export interface TextField extends NamedField {
  /** One text, or any number for a repeated field. */
  readonly texts: readonly string[];
}

/** @param name field names (`user_id`) or JSON names (`userId`), separated by dots. */
export function resolveFieldPath(message: DescMessage, name: string): FieldPath | undefined {
  const path: DescField[] = [];
  let parent: DescMessage | undefined = message;
  for (const part of name.split(".")) {
    const field: DescField | undefined = parent?.fields.find((f) => f.name === part || f.jsonName === part);
    if (field === undefined) return undefined;
    path.push(field);
    parent = field.fieldKind === "message" ? field.message : undefined;
  }
  return path;
}

/**
 * Sets the field in the message, whatever was there before. The text is read as protobuf JSON: a number,
 * the name or number of an enum value, base64, an RFC 3339 time.
 * @throws ConnectError InvalidArgument if the text does not fit the field, or another case of its oneof is set.
 */
export function setTextField(desc: DescMessage, message: Message, { path, name, texts }: TextField): void {
  let target = reflect(desc, message);
  for (const field of path) {
    const chosen = field.oneof && target.oneofCase(field.oneof);
    if (chosen !== undefined && chosen !== field) {
      throw new ConnectError(`"${name}" cannot be given beside ${chosen.name}`, Code.InvalidArgument);
    }
    if (field !== path.at(-1)) {
      if (field.fieldKind !== "message") throw new Error(`${field.toString()} is not a message`);
      if (!target.isSet(field)) target.set(field, reflect(field.message));
      target = target.get(field);
      continue;
    }
    try {
      const parsed = fromJson(target.desc, { [field.jsonName]: jsonOf(field, texts) });
      target.set(field, reflect(target.desc, parsed).get(field));
    } catch (reason) {
      throw new ConnectError(`invalid value for "${name}": ${errorMessage(reason)}`, Code.InvalidArgument);
    }
  }
}

function jsonOf(field: DescField, texts: readonly string[]): JsonValue {
  if (field.fieldKind === "list") return texts.map((text) => jsonOfOne(field, text));
  const [text] = texts;
  if (text === undefined || texts.length > 1) throw new Error("it is given more than once");
  return jsonOfOne(field, text);
}

/** As ZITADEL's gateway takes them: Python writes `True`, a form may write `1`. */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "true", "True", "TRUE"].map((text) => [text, true] as const),
  ...["0", "f", "F", "false", "False", "FALSE"].map((text) => [text, false] as const),
]);

/** Protobuf JSON takes text for everything but booleans and the numbers of enum values. */
function jsonOfOne(field: DescField, text: string): JsonValue {
  if (field.scalar === ScalarType.BOOL) return booleans.get(text) ?? text;
  if (field.enum !== undefined && /^-?\d+$/.test(text)) return Number(text);
  return text;
}
