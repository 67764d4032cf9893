import { timingSafeEqual } from "node:crypto";

/** Compares what proves something with what it should be, in constant time for a given length. */
export function isSameText(actual: string, expected: string): boolean {
  const [a, b] = [Buffer.from(actual), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
