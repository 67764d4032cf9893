import { cors as connectCors } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { NodeRequest, NodeResponse } from "./http.ts";

const allowedMethods = "GET, POST, PUT, PATCH, DELETE";
const allowedHeaders = [
  ...connectCors.allowedHeaders,
  "Authorization",
  "Accept-Language",
  "Idempotency-Key",
  "X-Zitadel-Orgid",
].join(", ");
const exposedHeaders = connectCors.exposedHeaders.join(", ");

/**
 * Sets the CORS headers of an answer.
 * @returns the whole answer to a preflight: 204, or 403 without CORS headers for an origin not on the list.
 */
export type Cors = (request: NodeRequest, response: NodeResponse) => UniversalServerResponse | undefined;

/**
 * Cross-origin requests of browsers (https://fetch.spec.whatwg.org/#http-cors-protocol). Callers prove
 * themselves with a bearer token that a page must hold, never with a cookie: credentials are not allowed.
 * @param origins exact origins, e.g. "https://app.example.com", or "*" for any.
 */
export function createCors(origins: readonly string[], maxAgeMs: number): Cors {
  const list = new Set(origins);
  const any = list.has("*");
  const maxAge = String(Math.floor(maxAgeMs / 1000));

  return (request, response) => {
    const { origin } = request.headers;
    // A cache must not give one origin what was meant for another.
    if (!any && list.size > 0) response.setHeader("vary", "Origin");
    if (origin === undefined) return undefined;

    const isAllowed = any || list.has(origin);
    const isPreflight =
      request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    if (isAllowed) {
      response.setHeader("access-control-allow-origin", any ? "*" : origin);
      if (!isPreflight) response.setHeader("access-control-expose-headers", exposedHeaders);
    }
    if (!isPreflight) return undefined;

    if (isAllowed) {
      response.setHeader("access-control-allow-methods", allowedMethods);
      response.setHeader("access-control-allow-headers", allowedHeaders);
      response.setHeader("access-control-max-age", maxAge);
    }
    return { status: isAllowed ? 204 : 403 };
  };
}
