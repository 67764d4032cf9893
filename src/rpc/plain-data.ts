import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { DomainError, refusal } from "../domain/errors.ts";
import { refuseLimit } from "./refused-fields.ts";

/** In a binary message each level is two or three messages deep, and clients read no more than 100. */
const levelsMax = 20;
/** As JSON. */
const bytesMax = 64 * 1024;

const notFinite = refusal("invalid_argument", "RINGBACK-n8Fin", "Errors.NumberNotFinite");
const notUnicode = refusal("invalid_argument", "RINGBACK-u8Uni", "Errors.TextNotUnicode");

/**
 * Data without meaning here (google.protobuf.Struct), which is kept and told in every protocol.
 *
 * @param field as the contract names it
 * @throws DomainError for what another protocol could not tell, or too much of it
 */
export function boundedData(field: string, data: JsonObject): JsonObject {
  requirePlain(field, data, 1);
  if (Buffer.byteLength(JSON.stringify(data)) > bytesMax) refuseLimit(field, `${bytesMax} bytes`);
  return data;
}

function requirePlain(field: string, value: JsonValue, level: number): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new DomainError(notFinite, { field });
  if (typeof value === "string") requireUnicode(field, value);
  if (typeof value !== "object" || value === null) return;
  if (level > levelsMax) refuseLimit(field, `${levelsMax} levels`);
  for (const [key, each] of Object.entries(value)) {
    requireUnicode(field, key);
    requirePlain(field, each, level + 1);
  }
}

/** JSON can write half of a surrogate pair, "\ud800", and protobuf-es takes it here, though in no other text. */
function requireUnicode(field: string, text: string): void {
  if (!text.isWellFormed()) throw new DomainError(notUnicode, { field });
}
