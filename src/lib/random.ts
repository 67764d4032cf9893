import { randomFillSync } from "node:crypto";

/** A cryptographically secure source of `size` random bytes. */
export type RandomBytes = (size: number) => Uint8Array;

const poolBytes = 4096;
const pool = new Uint8Array(poolBytes);
let used = poolBytes;

/** Drawn in larger pieces: to ask the system costs more than the bytes. What was given out is wiped here. */
export const secureRandomBytes: RandomBytes = (size) => {
  if (size > poolBytes) return randomFillSync(new Uint8Array(size));
  if (used + size > poolBytes) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.slice(used, used + size);
  pool.fill(0, used, used + size);
  used += size;
  return bytes;
};

/** A number of 32 random bits, from 0 to 1, without 1. */
export function randomShare(randomBytes: RandomBytes): number {
  const [a = 0, b = 0, c = 0, d = 0] = randomBytes(4);
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) / 2 ** 32;
}
