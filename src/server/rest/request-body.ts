import {
  create,
  fromJson,
  fromJsonString,
  type DescField,
  type DescMessage,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { isFieldError } from "@bufbuild/protobuf/reflect";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorMessage } from "../../lib/error-message.ts";
import { acceptedCompressions } from "../compression.ts";
import type { HttpBinding } from "./http-rule.ts";
import { withoutNullCases } from "./null-cases.ts";

/**
 * Decodes a body to the request message. It is JSON in UTF-8 whatever its content type says (curl sends
 * another unless told); an empty one is the empty message.
 * @throws ConnectError InvalidArgument, ResourceExhausted, or Unimplemented for an unknown encoding.
 */
export function parseBody(
  input: DescMessage,
  binding: HttpBinding["body"],
  bytes: Uint8Array,
  registry: Registry,
): Message {
  const text = decodeUtf8(bytes);
  if (binding === "none" || text.trim() === "") return create(input);
  try {
    let json = text;
    if (binding !== "message") {
      requireValue(binding, text);
      json = `{${JSON.stringify(binding.jsonName)}:${text}}`;
    }
    return parseMessage(input, json, registry);
  } catch (reason) {
    throw ConnectError.from(reason, Code.InvalidArgument);
  }
}

/** It must be one whole JSON value, or the body could bring further fields. @throws Error that says so, as for a message */
function requireValue(field: DescField, text: string): void {
  try {
    JSON.parse(text);
  } catch (reason) {
    throw new Error(`cannot decode ${field.toString()} from JSON: ${errorMessage(reason)}`, {
      cause: reason,
    });
  }
}

function parseMessage(input: DescMessage, json: string, registry: Registry): Message {
  const options = { ignoreUnknownFields: true, registry };
  try {
    return fromJsonString(input, json, options);
  } catch (reason) {
    if (!(reason instanceof Error && isFieldError(reason.cause) && reason.cause.field().kind === "oneof")) {
      throw reason;
    }
    // Duplicate keys, which JSON.parse would not see, were refused above.
    return fromJson(input, withoutNullCases(input, JSON.parse(json)), options);
  }
}

/**
 * Undoes the Content-Encoding of a body.
 * @param bytesMax afterwards.
 * @throws ConnectError InvalidArgument, ResourceExhausted, or Unimplemented for an unknown encoding.
 */
export async function decodeBody(bytes: Uint8Array, encoding: string, bytesMax: number): Promise<Uint8Array> {
  const name = encoding.toLowerCase();
  if (name === "identity") return bytes;
  const compression = acceptedCompressions.find((each) => each.name === name);
  if (compression === undefined) {
    const names = acceptedCompressions.map((each) => each.name).join(", ");
    throw new ConnectError(
      `unknown Content-Encoding "${name}": ${names} and identity are supported`,
      Code.Unimplemented,
    );
  }
  try {
    return await compression.decompress(bytes, bytesMax);
  } catch (reason) {
    const error = ConnectError.from(reason);
    if (error.code === Code.ResourceExhausted) throw error;
    throw new ConnectError(`the body is not valid ${name}`, Code.InvalidArgument);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new ConnectError("the body must be JSON, but it is not valid UTF-8", Code.InvalidArgument);
  }
  if (text.startsWith("\uFEFF")) {
    throw new ConnectError("the body must be JSON without a byte order mark", Code.InvalidArgument);
  }
  return text;
}
