import { type Receipt, receiptStates, type SigningKey, type SmsProvider } from "../app/sms-port.ts";
import { HttpPost, type HttpPostOptions } from "./http-post.ts";
import { jsonFields, textOf } from "./json-body.ts";
import { plainReason } from "./plain-reason.ts";
import { webhookPayload } from "./webhook-payload.ts";
import { isStandardWebhook, standardWebhookHeaders, webhookSignature } from "./webhook-signature.ts";

export interface HttpProviderOptions extends Omit<HttpPostOptions, "receiver"> {
  /** What the webhook is told that the provider is called. */
  readonly id: string;
  readonly description: string;
  readonly url: string;
  /** Each that is valid signs each request; not signed if there is none. */
  readonly signingKeys: readonly SigningKey[];
}

/**
 * Posts messages to a webhook: ZITADEL's payload and signature, and beside it the headers of Standard Webhooks and an
 * `Idempotency-Key`, which both name the message by the same id through all attempts.
 *
 * The receiver may report by `{"messageId", "state", "reason"}`, posted to the URL in the header
 * `Ringback-Receipt-Url` and signed as Standard Webhooks says, with any key that is valid.
 */
export function createHttpProvider(options: HttpProviderOptions): SmsProvider {
  const { id, description, url, signingKeys, allowPrivate, clock, timeoutMs } = options;
  const post = new HttpPost({ receiver: "the webhook", allowPrivate, clock, timeoutMs });
  const keysAt = (nowMs: number): readonly string[] =>
    signingKeys.filter(({ expiresMs }) => expiresMs === null || nowMs < expiresMs).map(({ key }) => key);
  return {
    name: "http",
    channel: "sms",
    isIdempotent: true,
    send(message) {
      const nowMs = clock.nowMs();
      const body = JSON.stringify(webhookPayload(message, { id, description }));
      const keys = keysAt(nowMs);
      const headers = {
        "content-type": "application/json",
        "idempotency-key": message.id,
        ...standardWebhookHeaders(message.id, body, keys, nowMs),
        ...(keys.length === 0 ? {} : { "zitadel-signature": webhookSignature(body, keys, nowMs) }),
        ...(message.receiptUrl === undefined ? {} : { "ringback-receipt-url": message.receiptUrl }),
      };
      return post.send(url, headers, body);
    },
    readReceipt: (request, nowMs) =>
      isStandardWebhook(request, keysAt(nowMs), nowMs)
        ? receiptOf(Buffer.from(request.body).toString())
        : undefined,
    close: () => post.close(),
  };
}

function receiptOf(body: string): Receipt | undefined {
  const { messageId, state: given, reason } = jsonFields(body);
  const state = receiptStates.find((known) => known === given);
  if (state === undefined || textOf(messageId) === "") return undefined;
  return { messageId: textOf(messageId), state, reason: plainReason(textOf(reason)) };
}
