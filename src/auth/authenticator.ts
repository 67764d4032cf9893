import { decodeJwt, errors } from "jose";
import { type Caller, type DirectoryUser, ownIssuer, type ProvisionedUser } from "../app/auth-port.ts";
import type { Clock } from "../lib/clock.ts";
import { Lru } from "../lib/lru.ts";
import { chain, type MaybePromise } from "../lib/maybe-promise.ts";
import { hashToken } from "../lib/opaque-token.ts";
import { AuthenticationError } from "./authentication-error.ts";
import { createCaller } from "./roles.ts";
import type { TokenVerifier, VerifiedToken } from "./token-verifier.ts";

/** The users, as far as the authenticator needs them. */
export interface Directory {
  /** Undefined if there is no such user, or no more. */
  findUser(userId: string): MaybePromise<DirectoryUser | undefined>;
  /** Who holds this personal access token, if it is valid at `nowMs`. */
  findByAccessToken(hash: string, nowMs: number): MaybePromise<DirectoryUser | undefined>;
  /**
   * Adds the user whom a valid token names. Calls for one user do not overlap here, but another replica may
   * have been first: that the user exists is no mistake.
   */
  provision(user: ProvisionedUser): Promise<void>;
}

export interface AuthenticatorOptions {
  readonly directory: Directory;
  readonly clock: Clock;
  readonly ownTokens: TokenVerifier;
  readonly oidcIssuers: readonly TokenVerifier[];
  /** Whether a valid token of an OIDC issuer adds the user it names. */
  readonly autoProvision: boolean;
}

export interface Authenticator {
  /**
   * @param authorization value of the header, null if there is none
   * @returns the caller; without roles and organization if the user of a valid token does not exist.
   * At once where token and user are at hand.
   * @throws AuthenticationError at once or later; also what the directory throws
   */
  authenticate(authorization: string | null): MaybePromise<Caller>;
}

export const tokenBytesMax = 8192;
const verifiedTokensMax = 10_000;
/** A verification is repeated after this time, so that a key that its issuer took back stops to count. */
const verifiedMsMax = 600_000;

/** Turns bearer tokens (RFC 6750 §2.1) into callers: our own JWTs, those of OIDC issuers, and access tokens. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { directory, clock, ownTokens, oidcIssuers, autoProvision } = options;
  const verifiers = new Map([ownTokens, ...oidcIssuers].map((verifier) => [verifier.issuer, verifier]));
  const verified = new Lru<string, { readonly token: VerifiedToken; readonly untilMs: number }>(
    verifiedTokensMax,
  );
  /** Of access tokens that were found to be valid: what they are found by. */
  const hashes = new Lru<string, string>(verifiedTokensMax);
  /** Those in progress, by user. */
  const provisionings = new Map<string, Promise<void>>();

  function authenticate(authorization: string | null): MaybePromise<Caller> {
    const token = bearerToken(authorization);
    const known = verified.get(token);
    if (known !== undefined && clock.nowMs() < known.untilMs) return callerOf(known.token);
    const hash = hashes.get(token);
    if (hash === undefined && isJwt(token)) return verifyJwt(token).then(callerOf);
    return callerOfAccessToken(token, hash);
  }

  async function verifyJwt(text: string): Promise<VerifiedToken> {
    const verifier = verifiers.get(unverifiedIssuer(text));
    if (verifier === undefined) throw invalid(`its issuer is none of ${[...verifiers.keys()].join(", ")}`);
    const token = await verifier.verify(text);
    verified.set(text, { token, untilMs: Math.min(token.expiresMs, clock.nowMs() + verifiedMsMax) });
    return token;
  }

  function callerOf(token: VerifiedToken): MaybePromise<Caller> {
    return chain(directory.findUser(token.userId), (user) => {
      if (user !== undefined || !autoProvision || token.issuer === ownIssuer) return tokenCaller(token, user);
      return provision(token)
        .then(() => directory.findUser(token.userId))
        .then((provisioned) => tokenCaller(token, provisioned));
    });
  }

  function provision({ userId, issuer, claims }: VerifiedToken): Promise<void> {
    const running = provisionings.get(userId);
    if (running !== undefined) return running;
    const started = directory
      .provision({ userId, issuer, claims })
      .finally(() => provisionings.delete(userId));
    provisionings.set(userId, started);
    return started;
  }

  function callerOfAccessToken(token: string, knownHash: string | undefined): MaybePromise<Caller> {
    const hash = knownHash ?? hashToken(token);
    return chain(directory.findByAccessToken(hash, clock.nowMs()), (user) => {
      if (user === undefined) throw invalid("it is unknown, expired or revoked");
      if (knownHash === undefined) hashes.set(token, hash);
      return userCaller(user);
    });
  }

  return { authenticate };
}

function bearerToken(authorization: string | null): string {
  if (authorization === null) {
    throw new AuthenticationError("missing", 'The header "authorization" is missing: send "Bearer <token>".');
  }
  const token = /^bearer /i.test(authorization) ? authorization.slice("bearer ".length).trim() : "";
  if (token === "") {
    throw new AuthenticationError("missing", 'The header "authorization" must be "Bearer <token>".');
  }
  if (token.length > tokenBytesMax) throw invalid(`it is longer than ${tokenBytesMax} bytes`);
  return token;
}

function isJwt(token: string): boolean {
  return token.split(".", 4).length === 3;
}

function unverifiedIssuer(token: string): string {
  try {
    return decodeJwt(token).iss ?? "";
  } catch (error) {
    if (error instanceof errors.JWTInvalid) throw invalid("it is not a JSON Web Token");
    throw error;
  }
}

function tokenCaller(
  { issuer, userId, issuedSeconds }: VerifiedToken,
  user: DirectoryUser | undefined,
): Caller {
  if (user === undefined) {
    return createCaller({ userId, organizationId: "", roles: [], createdMs: Infinity });
  }
  if (user.issuer !== undefined && user.issuer !== issuer && issuer !== ownIssuer) {
    throw invalid("its user belongs to another issuer");
  }
  // Ours are for a user, not for an id: who has it since may be somebody else. Their time has whole seconds.
  if (issuer === ownIssuer && issuedSeconds < Math.floor(user.createdMs / 1000)) {
    throw invalid("it is older than its user");
  }
  return userCaller(user);
}

/** Callers are made once for each state of a user. */
const callers = new WeakMap<DirectoryUser, Caller>();

function userCaller(user: DirectoryUser): Caller {
  if (!user.isActive) throw invalid("its user is deactivated");
  const known = callers.get(user);
  if (known !== undefined) return known;
  const caller = createCaller(user);
  callers.set(user, caller);
  return caller;
}

function invalid(reason: string): AuthenticationError {
  return new AuthenticationError("invalid", `The token is not valid: ${reason}.`);
}
