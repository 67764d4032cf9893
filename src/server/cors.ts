import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { cors as connectCors } from "@connectrpc/connect";

const allowedMethods = "GET, POST, PUT, PATCH, DELETE";
const allowedHeaders = [
  ...connectCors.allowedHeaders,
  "Authorization",
  "Accept-Language",
  "Idempotency-Key",
  "Ringback-Channel",
  "X-Zitadel-Orgid",
].join(", ");
const exposedHeaders = [...connectCors.exposedHeaders, "Retry-After", "Ringback-Sms-Segments"].join(", ");

/** Exact origins, e.g. "https://app.example.com"; "*" for any. */
export type CorsOrigins = "*" | readonly string[];

export interface Cors {
  /** What the answer to a request of this origin has besides; undefined if nothing. */
  headersFor(origin: string | undefined): OutgoingHttpHeaders | undefined;
  /** The whole answer to a preflight: 204, or 403 without CORS headers for an origin not on the list. */
  preflight(origin: string): { readonly status: number; readonly headers: OutgoingHttpHeaders };
}

/**
 * Cross-origin requests of browsers (https://fetch.spec.whatwg.org/#http-cors-protocol). Callers prove
 * themselves with a bearer token that a page must hold, never with a cookie: credentials are not allowed.
 */
export function createCors(origins: CorsOrigins, maxAgeMs: number): Cors {
  const isOpen = origins === "*";
  const list = new Set(isOpen ? [] : origins);
  const maxAge = String(Math.floor(maxAgeMs / 1000));
  // A cache must not give one origin what was meant for another.
  const vary = list.size > 0 ? { vary: "Origin" } : undefined;
  const isAllowed = (origin: string): boolean => isOpen || list.has(origin);
  const allowing = (origin: string): OutgoingHttpHeaders => ({
    ...vary,
    "access-control-allow-origin": isOpen ? "*" : origin,
  });

  return {
    headersFor(origin) {
      if (origin === undefined || !isAllowed(origin)) return vary;
      return { ...allowing(origin), "access-control-expose-headers": exposedHeaders };
    },
    preflight(origin) {
      if (!isAllowed(origin)) return { status: 403, headers: { ...vary } };
      const headers = {
        ...allowing(origin),
        "access-control-allow-methods": allowedMethods,
        "access-control-allow-headers": allowedHeaders,
        "access-control-max-age": maxAge,
      };
      return { status: 204, headers };
    },
  };
}

/** The origin of a preflight; undefined for any other request. */
export function preflightOrigin(
  method: string | undefined,
  { origin, "access-control-request-method": asked }: IncomingHttpHeaders,
): string | undefined {
  return method === "OPTIONS" && asked !== undefined ? origin : undefined;
}
