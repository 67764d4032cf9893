import { createRemoteJWKSet, customFetch } from "jose";
import type { Clock } from "../lib/clock.ts";
import { type Log, silentLog } from "../lib/log.ts";
import { AuthenticationError } from "./authentication-error.ts";
import { type TokenVerifier, verifyJwt } from "./token-verifier.ts";

export interface OidcIssuerOptions {
  /** Exactly as it stands in the claim `iss`: an https URL, or http on this machine. */
  readonly issuer: string;
  /** One of them must be in the claim `aud`. */
  readonly audiences: readonly string[];
  readonly clock: Clock;
  /** Learns why keys could not be fetched; callers only learn that. */
  readonly log?: Log;
  readonly limits?: Partial<OidcLimits>;
}

export interface OidcLimits {
  /** For discovery and keys together. */
  readonly timeoutMs: number;
  /** After a failure the issuer is left alone for this long. */
  readonly retryPauseMs: number;
  /** A token with an unknown key makes us fetch the keys again, but not more often than this. */
  readonly refreshPauseMs: number;
  /** Keys are fetched again after this time. */
  readonly keysAgeMsMax: number;
}

const defaultLimits: OidcLimits = {
  timeoutMs: 4_500,
  retryPauseMs: 2_000,
  refreshPauseMs: 30_000,
  keysAgeMsMax: 600_000,
};

const documentBytesMax = 1 << 20;
const clockToleranceSeconds = 5;

/** Asymmetric ones only: with HS256 the public key would be the secret (RFC 8725 §2.1). */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/**
 * Verifies the JWTs of an OpenID Connect issuer. Nothing is fetched before the first token comes.
 *
 * Keys are found anew through OpenID Connect Discovery 1.0 §4 each time they are fetched, so an issuer may
 * move them. Calls that meet share one fetch. While the issuer cannot be reached, the keys in hand stay in
 * use until they are `keysAgeMsMax` old.
 */
export function createOidcIssuer(options: OidcIssuerOptions): TokenVerifier {
  const { issuer, audiences, clock, log = silentLog } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const discoveryUrl = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  let failedAtMs = -Infinity;

  async function fetchKeys(signal: AbortSignal): Promise<Response> {
    const pausedMs = clock.nowMs() - failedAtMs;
    // Less than nothing: the clock was set back meanwhile.
    if (pausedMs >= 0 && pausedMs < limits.retryPauseMs) throw unavailable(issuer);
    try {
      const metadata = await fetchObject(discoveryUrl, signal);
      const keysUrl = findKeysUrl(metadata, issuer);
      const keySet = await fetchObject(keysUrl, signal);
      if (!Array.isArray(keySet.keys) || !keySet.keys.every(isObject)) {
        throw new Error(`${keysUrl} is not a JSON Web Key Set`);
      }
      return Response.json(keySet);
    } catch (error) {
      failedAtMs = clock.nowMs();
      log.warn("the keys of an OIDC issuer cannot be fetched", { issuer, error });
      throw unavailable(issuer, error);
    }
  }

  const keys = createRemoteJWKSet(new URL(discoveryUrl), {
    timeoutDuration: limits.timeoutMs,
    cooldownDuration: limits.refreshPauseMs,
    cacheMaxAge: limits.keysAgeMsMax,
    [customFetch]: (_url, { signal }) => fetchKeys(signal),
  });

  return {
    issuer,
    verify: (token) =>
      verifyJwt(token, keys, {
        issuer,
        audience: [...audiences],
        algorithms,
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(clock.nowMs()),
      }),
  };
}

function unavailable(issuer: string, cause?: unknown): AuthenticationError {
  return new AuthenticationError(
    "unavailable",
    `The token cannot be checked: its issuer ${issuer} is not available at present. Try again in a few seconds.`,
    { cause },
  );
}

function findKeysUrl(metadata: JsonObject, issuer: string): string {
  if (metadata.issuer !== issuer) {
    throw new Error(
      `the configured issuer is ${issuer}, but its discovery document says ${JSON.stringify(metadata.issuer)}: ` +
        `both must be the same, to the last character`,
    );
  }
  const url = typeof metadata.jwks_uri === "string" ? URL.parse(metadata.jwks_uri) : null;
  if (url === null) throw new Error(`the discovery document of ${issuer} has no valid "jwks_uri"`);
  if (url.protocol !== "https:" && url.origin !== new URL(issuer).origin) {
    throw new Error(`the "jwks_uri" of ${issuer} must be an https URL`);
  }
  return url.href;
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function fetchObject(url: string, signal: AbortSignal): Promise<JsonObject> {
  const response = await fetch(url, { signal, redirect: "error", headers: { accept: "application/json" } });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`${url} answered with status ${response.status}`);
  }
  const value: unknown = JSON.parse(await boundedText(response, url));
  if (!isObject(value)) throw new Error(`${url} is not a JSON object`);
  return value;
}

async function boundedText(response: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > documentBytesMax) throw new Error(`${url} is larger than ${documentBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
