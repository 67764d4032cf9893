import { hash } from "node:crypto";

/** What the store keeps of a personal access token: its SHA-256, base64url. */
export function hashAccessToken(token: string): string {
  return hash("sha256", token, "base64url");
}
