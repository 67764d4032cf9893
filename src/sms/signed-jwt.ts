import { hash } from "node:crypto";
import { jwtVerify, type JWTPayload, type JWTVerifyOptions } from "jose";

/** How far another clock may be off. */
const toleranceSeconds = 5;

/**
 * The claims of a JWT that was signed by this secret and is valid at this time; undefined if it was not.
 *
 * @param secret an empty one opens nothing: no HMAC key may be empty
 */
export async function openSignedJwt(
  token: string,
  secret: string,
  nowMs: number,
  options: JWTVerifyOptions,
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, Buffer.from(secret), {
      clockTolerance: toleranceSeconds,
      currentDate: new Date(nowMs),
      ...options,
    });
    return payload;
  } catch {
    return undefined;
  }
}

/** Hexadecimal SHA-256, as such JWTs carry it of what they sign. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data);
}
