import { Agent, request } from "undici";
import type { SendResult, SmsProvider } from "../app/ports.ts";
import type { Clock } from "../lib/clock.ts";
import { ForbiddenAddressError, lookupPublic, refuseForbiddenHost } from "./public-address.ts";
import { webhookPayload } from "./webhook-payload.ts";
import { webhookSignature } from "./webhook-signature.ts";

const timeoutMsDefault = 5_000;
const connectionsMax = 16;
/** What is read of an answer; nothing in it matters. */
const bodyBytesMax = 64 * 1024;

export interface HttpProviderOptions {
  readonly url: string;
  /** Signs each request if it is set. */
  readonly signingKey: string | undefined;
  /** Whether the receiver may be on a loopback or private address. */
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  /** For connecting, sending and the whole answer; 5 s if it is left out. */
  readonly timeoutMs?: number;
}

/**
 * Posts messages to a webhook: ZITADEL's payload, its signature, and an `Idempotency-Key` that stays the same
 * through all attempts. Any 2xx counts as sent.
 */
export function createHttpProvider(options: HttpProviderOptions): SmsProvider {
  const { url, signingKey, allowPrivate, clock, timeoutMs = timeoutMsDefault } = options;
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
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        if (!allowPrivate) refuseForbiddenHost(new URL(url).hostname);
        const response = await request(url, { method: "POST", headers, body, dispatcher: agent, signal });
        await response.body.dump({ limit: bodyBytesMax, signal });
        return resultOf(response.statusCode, response.headers["retry-after"]);
      } catch (error) {
        if (error instanceof ForbiddenAddressError) return { kind: "rejected", reason: error.message };
        const reason = signal.aborted
          ? `the webhook did not answer within ${timeoutMs} ms`
          : `the webhook cannot be reached: ${codeOf(error)}`;
        return { kind: "retry", reason };
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

function codeOf(error: unknown): string {
  const hasCode = typeof error === "object" && error !== null && "code" in error;
  return hasCode ? String(error.code) : "network error";
}
