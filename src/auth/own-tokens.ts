import { errors, SignJWT } from "jose";
import { ownIssuer, type TokenMinter } from "../app/auth-port.ts";
import type { Clock } from "../lib/clock.ts";
import { secureRandomBytes } from "../lib/random.ts";
import { deriveSigningKey, type PublicJwk } from "./signing-key.ts";
import { type TokenVerifier, verifyJwt } from "./token-verifier.ts";

/** The tokens that this server makes itself. */
export interface OwnTokens extends TokenVerifier, TokenMinter {
  /** The public keys, for `/.well-known/jwks.json` (RFC 7517 §5). */
  jwks(): { readonly keys: readonly PublicJwk[] };
}

/**
 * @param masterKeys at least one, of 32 bytes each: the first one signs, all verify
 */
export function createOwnTokens(masterKeys: readonly Uint8Array[], clock: Clock): OwnTokens {
  const keys = masterKeys.map(deriveSigningKey);
  const [current] = keys;
  if (current === undefined) throw new TypeError("own tokens need a master key");
  const keysById = new Map(keys.map((key) => [key.id, key.publicKey]));
  const jwks = { keys: keys.map((key) => key.publicJwk) };

  return {
    issuer: ownIssuer,
    async mint({ userId, lifetimeSeconds, nowMs }) {
      const issuedSeconds = Math.floor(nowMs / 1000);
      const expireSeconds = issuedSeconds + lifetimeSeconds;
      const token = await new SignJWT()
        .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: current.id })
        .setIssuer(ownIssuer)
        .setAudience(ownIssuer)
        .setSubject(userId)
        .setIssuedAt(issuedSeconds)
        .setExpirationTime(expireSeconds)
        .setJti(Buffer.from(secureRandomBytes(16)).toString("base64url"))
        .sign(current.privateKey);
      return { token, expireMs: expireSeconds * 1000 };
    },
    verify: (token) =>
      verifyJwt(
        token,
        ({ kid }) => {
          const key = keysById.get(kid ?? "");
          if (key === undefined) throw new errors.JWKSNoMatchingKey();
          return key;
        },
        {
          issuer: ownIssuer,
          audience: ownIssuer,
          algorithms: ["ES256"],
          currentDate: new Date(clock.nowMs()),
        },
      ),
    jwks: () => jwks,
  };
}
