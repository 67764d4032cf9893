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
