/** A header field of a request, an octet a character. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** The value without the spaces around it, which clients do put there, though they must not. */
  readonly content: string;
  /** Whether it is about the message itself (RFC 9113 section 8.3). */
  readonly isPseudo: boolean;
  /** Whether a request may have a field of this name, and whether it may have this one. */
  readonly isNameWellFormed: boolean;
  readonly isWellFormed: boolean;
}

/**
 * What is judged here is judged once for all requests that name the field by its place in a table.
 *
 * @param isNameWellFormed is known where the name is that of a field in a table
 */
export function headerField(
  name: string,
  value: string,
  isNameWellFormed: boolean = isWellFormedName(name),
): HeaderField {
  const isPseudo = name.startsWith(":");
  const isWellFormed = isNameWellFormed && fieldValue.test(value) && (name !== "te" || value === "trailers");
  const content = isPseudo ? value : value.replace(spacesAround, "");
  return { name, value, content, isPseudo, isNameWellFormed, isWellFormed };
}

function isWellFormedName(name: string): boolean {
  return name.startsWith(":") ? pseudoNames.has(name) : fieldName.test(name) && !ofConnections.has(name);
}

const pseudoNames: ReadonlySet<string> = new Set([":method", ":scheme", ":authority", ":path", ":status"]);

/** Section 8.2.1; RFC 9110 sections 5.1 and 5.5. */
const fieldName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Behind: from the first one on, as to look for the end from each of many takes the square of the time. */
const spacesAround = /^[\t ]+|(?<![\t ])[\t ]+$/g;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Section 8.2.2: what HTTP/1.1 says of a connection has no place in HTTP/2. */
const ofConnections: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
