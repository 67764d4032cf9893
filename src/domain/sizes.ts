import { DomainError, refusal } from "./errors.ts";

/** How much clients may keep with a session or a user: all of it is read and written whenever that is. */

const metadataKeysMax = 50;
const tooLarge = refusal("invalid_argument", "RINGBACK-s8Max", "Errors.Limit");

/**
 * @param entries values in base64
 * @param bytesMax keys and values together, before base64
 * @throws DomainError if these are too many, or too large
 */
export function requireMetadataBounded(
  entries: readonly { readonly key: string; readonly value: string }[],
  bytesMax: number,
): void {
  const keys = entries.filter(({ value }) => value !== "").length;
  if (keys > metadataKeysMax) refuseSize("metadata", `${metadataKeysMax} keys`);
  const bytes = entries.reduce(
    (sum, { key, value }) => sum + Buffer.byteLength(key) + Buffer.byteLength(value, "base64"),
    0,
  );
  if (bytes > bytesMax) refuseSize("metadata", `${bytesMax} bytes`);
}

export function refuseSize(field: string, max: string): never {
  throw new DomainError(tooLarge, { field, max });
}
