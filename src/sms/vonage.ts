import type { Receipt, ReceiptState, SmsProvider } from "../app/sms-port.ts";
import { type AccountOf, type AnswerReader, type ApiOptions, HttpPost, type Refusal } from "./http-post.ts";
import { fieldsOf, jsonFields, textOf } from "./json-body.ts";
import { plainReason } from "./plain-reason.ts";
import { openSignedJwt, sha256Hex } from "./signed-jwt.ts";

const vonageApi = "https://api.nexmo.com";
const receiptAgeMax = "5 minutes";

export type VonageProviderOptions = AccountOf<"vonage"> & ApiOptions;

const reader: AnswerReader = { idOf, refused: refusalOf };

/**
 * Sends through Vonage's Messages API, version 1 (https://developer.vonage.com/en/api/messages). `client_ref` carries
 * our id, which comes back in receipts; Vonage has no idempotency key.
 */
export function createVonageProvider(options: VonageProviderOptions): SmsProvider {
  const { apiKey, apiSecret, sender, signatureSecret, apiUrl = vonageApi } = options;
  const post = new HttpPost({ ...options, receiver: "Vonage" });
  const headers = {
    authorization: `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString("base64")}`,
    "content-type": "application/json",
  };
  return {
    name: "vonage",
    channel: "sms",
    isIdempotent: false,
    send({ id, recipient, text, receiptUrl }) {
      const body = {
        message_type: "text",
        channel: "sms",
        to: withoutPlus(recipient),
        from: withoutPlus(sender),
        text,
        client_ref: id,
        ...(receiptUrl === undefined ? {} : { webhook_url: receiptUrl, webhook_version: "v1" }),
      };
      return post.send(`${apiUrl}/v1/messages`, headers, JSON.stringify(body), reader);
    },
    /** A signed webhook (https://developer.vonage.com/en/getting-started/concepts/webhooks). */
    async readReceipt({ headers: { authorization = "" }, body }, nowMs) {
      const token = authorization.replace(/^Bearer /, "");
      const claims = await openSignedJwt(token, signatureSecret, nowMs, {
        algorithms: ["HS256"],
        maxTokenAge: receiptAgeMax,
      });
      const isOfBody = claims?.["payload_hash"] === sha256Hex(body) && claims["api_key"] === apiKey;
      return isOfBody ? receiptOf(Buffer.from(body).toString()) : undefined;
    },
    close: () => post.close(),
  };
}

/** Vonage takes E.164 without its plus. */
function withoutPlus(number: string): string {
  return number.replace(/^\+/, "");
}

/** A message that was taken: `{"message_uuid"}`. */
function idOf(body: string): string {
  return textOf(jsonFields(body)["message_uuid"]);
}

/** Problem details (RFC 9457): `{"type", "title", "detail", "instance"}`. */
function refusalOf(body: string): Refusal | undefined {
  const reason = plainReason(textOf(jsonFields(body)["title"]));
  return reason === "" ? undefined : { reason };
}

const states: ReadonlyMap<string, ReceiptState> = new Map([
  ["submitted", "sent"],
  ["delivered", "delivered"],
  ["read", "delivered"],
  ["rejected", "undelivered"],
  ["undeliverable", "undelivered"],
]);

/** A status (https://developer.vonage.com/en/messages/concepts/messages-status-callbacks). */
function receiptOf(body: string): Receipt | undefined {
  const { client_ref: clientRef, status, error } = jsonFields(body);
  const state = states.get(textOf(status));
  if (state === undefined || textOf(clientRef) === "") return undefined;
  const { detail, title } = fieldsOf(error);
  return { messageId: textOf(clientRef), state, reason: plainReason(textOf(detail) || textOf(title)) };
}
