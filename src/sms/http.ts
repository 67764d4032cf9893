import type { SigningKey, SmsProvider } from "../app/ports.ts";
import type { Clock } from "../lib/clock.ts";
import { HttpPost } from "./http-post.ts";
import { webhookPayload } from "./webhook-payload.ts";
import { webhookSignature } from "./webhook-signature.ts";

export interface HttpProviderOptions {
  /** What the webhook is told that the provider is called. */
  readonly id: string;
  readonly description: string;
  readonly url: string;
  /** Each that is valid signs each request; not signed if there is none. */
  readonly signingKeys: readonly SigningKey[];
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
  const { id, description, url, signingKeys, allowPrivate, clock, timeoutMs } = options;
  const post = new HttpPost({ receiver: "the webhook", allowPrivate, timeoutMs });
  return {
    name: "http",
    channel: "sms",
    isIdempotent: true,
    send(message) {
      const nowMs = clock.nowMs();
      const body = JSON.stringify(webhookPayload(message, { id, description }));
      const valid = signingKeys.filter(({ expiresMs }) => expiresMs === null || nowMs < expiresMs);
      const keys = valid.map(({ key }) => key);
      const headers = {
        "content-type": "application/json",
        "idempotency-key": message.id,
        ...(keys.length === 0 ? {} : { "zitadel-signature": webhookSignature(body, keys, nowMs) }),
      };
      return post.send(url, headers, body);
    },
    close: () => post.close(),
  };
}
