import { Agent, request } from "undici";
import type { SendResult, SmsProvider } from "../app/ports.ts";
import type { Clock } from "../lib/clock.ts";
import { ForbiddenAddressError, lookupPublic, refuseForbiddenHost } from "./public-address.ts";
import { webhookPayload } from "./webhook-payload.ts";
import { webhookSignature } from "./webhook-signature.ts";

const timeoutMs = 5_000;
const connectionsMax = 16;

export interface HttpProviderOptions {
  readonly url: string;
  /** Signs each request if it is set. */
  readonly signingKey: string | undefined;
  /** Whether the receiver may be on a loopback or private address. */
  readonly allowPrivate: boolean;
  readonly clock: Clock;
}

/**
 * Posts messages to a webhook: ZITADEL's payload, its signature, and an `Idempotency-Key` that stays the same
 * through all attempts. Any 2xx counts as sent.
 */
export function createHttpProvider(options: HttpProviderOptions): SmsProvider {
  const { url, signingKey, allowPrivate, clock } = options;
  const agent = new Agent({
    connections: connectionsMax,
    connect: { timeout: timeoutMs, ...(allowPrivate ? {} : { lookup: lookupPublic }) },
  });
  return {
    name: "http",
    async send(message) {
      const body = JSON.stringify(webhookPayload(message, { id: "http", description: "" }));
      const headers = {
        "content-type": "application/json",
        "idempotency-key": message.id,
        ...(signingKey === undefined
          ? {}
          : { "zitadel-signature": webhookSignature(body, signingKey, clock.nowMs()) }),
      };
      try {
        if (!allowPrivate) refuseForbiddenHost(new URL(url).hostname);
        const signal = AbortSignal.timeout(timeoutMs);
        const response = await request(url, { method: "POST", headers, body, dispatcher: agent, signal });
        await response.body.dump({ limit: 64 * 1024, signal });
        return resultOf(response.statusCode, response.headers["retry-after"]);
      } catch (error) {
        return failureOf(error);
      }
    },
    close: () => agent.close(),
  };
}

function resultOf(status: number, retryAfter: string | string[] | undefined): SendResult {
  if (status >= 200 && status < 300) return { kind: "sent" };
  const reason = `the webhook answered ${status}`;
  if (status !== 408 && status !== 429 && status < 500) return { kind: "rejected", reason };
  const seconds =
    typeof retryAfter === "string" && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined;
  return { kind: "retry", reason, ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }) };
}

function failureOf(error: unknown): SendResult {
  if (error instanceof ForbiddenAddressError) return { kind: "rejected", reason: error.message };
  if (error instanceof Error && error.name === "TimeoutError") {
    return { kind: "retry", reason: `the webhook did not answer within ${timeoutMs} ms` };
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "network error";
  return { kind: "retry", reason: `the webhook cannot be reached: ${code}` };
}
