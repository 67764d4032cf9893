import { hash } from "node:crypto";
import type { RandomBytes } from "./random.ts";
import { isSameText } from "./same-text.ts";

/** @param kind what it is for, to be seen at its beginning, e.g. "rbk" */
export function newToken(kind: string, randomBytes: RandomBytes): string {
  return `${kind}_${Buffer.from(randomBytes(32)).toString("base64url")}`;
}

/**
 * The hash that an opaque token is stored and found by. It needs no salt: the tokens are long and random.
 * @returns SHA-256, base64url
 */
export function hashToken(token: string): string {
  return hash("sha256", token, "base64url");
}

/** Compares in constant time. @param stored as `hashToken` gave it */
export function isTokenOf(token: string, stored: string): boolean {
  return isSameText(hashToken(token), stored);
}
