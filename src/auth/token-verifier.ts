import { type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, errors, jwtVerify } from "jose";
import { textClaims, type UserClaims } from "../app/auth-port.ts";
import { AuthenticationError } from "./authentication-error.ts";

/** Verifies the JWTs of one issuer. */
export interface TokenVerifier {
  /** Its claim `iss`. */
  readonly issuer: string;
  /** @throws AuthenticationError `invalid`, or `unavailable` */
  verify(token: string): Promise<VerifiedToken>;
}

/** What a token proved. Never what its user may do: that is looked up with every call. */
export interface VerifiedToken {
  readonly issuer: string;
  /** The claim `sub`. */
  readonly userId: string;
  /** The claim `iat` (RFC 7519 §4.1.6); 0 if it is left out. */
  readonly issuedSeconds: number;
  readonly expiresMs: number;
  readonly claims: UserClaims;
}

const userIdCharactersMax = 200;

/**
 * @param key finds the key for the header of a token
 * @param options must name issuer and audience
 * @throws AuthenticationError `invalid`, or what `key` throws of that class
 */
export async function verifyJwt(
  token: string,
  key: JWTVerifyGetKey,
  options: JWTVerifyOptions & { readonly issuer: string; readonly audience: string | string[] },
): Promise<VerifiedToken> {
  const { payload } = await jwtVerify(token, key, { ...options, requiredClaims: ["exp", "sub"] }).catch(
    (error: unknown) => refuse(error, options.audience),
  );
  const { sub, exp, iat: issuedSeconds = 0 } = payload;
  if (exp === undefined || !isUserId(sub)) {
    throw new AuthenticationError(
      "invalid",
      `The token is not valid: its "sub" must have 1 to ${userIdCharactersMax} characters.`,
    );
  }
  return {
    issuer: options.issuer,
    userId: sub,
    issuedSeconds,
    expiresMs: exp * 1000,
    claims: userClaims(payload),
  };
}

/** Half a surrogate pair is no character: no protocol and no database could tell it from another half. */
function isUserId(sub: unknown): sub is string {
  return typeof sub === "string" && sub !== "" && sub.length <= userIdCharactersMax && sub.isWellFormed();
}

function refuse(error: unknown, audience: string | string[]): never {
  if (error instanceof AuthenticationError) throw error;
  // Without the error as the cause: that of malformed JSON quotes the token.
  throw new AuthenticationError("invalid", `The token is not valid: ${reasonOf(error, audience)}.`);
}

function reasonOf(error: unknown, audience: string | string[]): string {
  if (!(error instanceof errors.JOSEError)) return "its signature cannot be checked";
  const isForOthers = error instanceof errors.JWTClaimValidationFailed && error.claim === "aud";
  return isForOthers ? `its audience is none of ${[audience].flat().join(", ")}` : error.message;
}

function userClaims(payload: JWTPayload): UserClaims {
  const texts = textClaims.flatMap((name) => {
    const value = payload[name];
    // JSON can write half a surrogate pair; a user with one could be told to no client that reads JSON.
    return typeof value === "string" ? [[name, value.toWellFormed()] as const] : [];
  });
  const { email_verified } = payload;
  return {
    ...Object.fromEntries(texts),
    ...(typeof email_verified === "boolean" ? { email_verified } : {}),
  };
}
