import { randomBytes } from "node:crypto";

/** A cryptographically secure source of `size` random bytes. */
export type RandomBytes = (size: number) => Uint8Array;

export const secureRandomBytes: RandomBytes = (size) => randomBytes(size);
