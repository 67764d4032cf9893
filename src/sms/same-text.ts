import { timingSafeEqual } from "node:crypto";

/** Compares a signature with the right one, in constant time for a given length. */
export function isSameText(actual: string, expected: string): boolean {
  const [a, b] = [Buffer.from(actual), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
