import type { Receipt, ReceiptState, SmsProvider } from "../app/sms-port.ts";
import { type AccountOf, type AnswerReader, type ApiOptions, HttpPost, type Refusal } from "./http-post.ts";
import { fieldsOf, jsonFields, textOf } from "./json-body.ts";
import { plainReason } from "./plain-reason.ts";
import { openSignedJwt, sha256Hex } from "./signed-jwt.ts";

const messagebirdApi = "https://rest.messagebird.com";

export type MessagebirdProviderOptions = AccountOf<"messagebird"> & ApiOptions;

const reader: AnswerReader = { idOf, refused: refusalOf };

/**
 * Sends through MessageBird's (now Bird's) SMS API (https://developers.messagebird.com/docs/sms-messaging).
 * `reference` carries our id, which comes back in receipts; there is no idempotency key.
 */
export function createMessagebirdProvider(options: MessagebirdProviderOptions): SmsProvider {
  const { accessKey, sender, signingKey, apiUrl = messagebirdApi } = options;
  const post = new HttpPost({ ...options, receiver: "MessageBird" });
  const headers = { authorization: `AccessKey ${accessKey}`, "content-type": "application/json" };
  return {
    name: "messagebird",
    channel: "sms",
    isIdempotent: false,
    send({ id, recipient, text, receiptUrl }) {
      const body = {
        originator: sender,
        recipients: [recipient.replace(/^\+/, "")],
        body: text,
        datacoding: "auto",
        reference: id,
        ...(receiptUrl === undefined ? {} : { reportUrl: receiptUrl }),
      };
      return post.send(`${apiUrl}/messages`, headers, JSON.stringify(body), reader);
    },
    /**
     * A status report: a GET whose query tells all, signed by a JWT over the whole URL
     * (https://developers.messagebird.com/docs/verify-http-requests).
     */
    async readReceipt({ url, headers: { "messagebird-signature-jwt": token = "" }, body }, nowMs) {
      const claims = await openSignedJwt(token, signingKey, nowMs, {
        algorithms: ["HS256", "HS384", "HS512"],
        issuer: "MessageBird",
        requiredClaims: ["exp", "nbf", "jti"],
      });
      const isOfRequest =
        claims?.["url_hash"] === sha256Hex(url) &&
        (body.length === 0 || claims["payload_hash"] === sha256Hex(body));
      return isOfRequest ? receiptOf(new URL(url).searchParams) : undefined;
    },
    close: () => post.close(),
  };
}

/** A message that was taken: `{"id", "recipients"}`. */
function idOf(body: string): string {
  return textOf(jsonFields(body)["id"]);
}

/** `{"errors": [{"code", "description", "parameter"}]}` */
function refusalOf(body: string): Refusal | undefined {
  const { errors } = jsonFields(body);
  const [first] = Array.isArray(errors) ? errors : [];
  const reason = plainReason(textOf(fieldsOf(first)["description"]));
  return reason === "" ? undefined : { reason };
}

const states: ReadonlyMap<string, ReceiptState> = new Map([
  ["scheduled", "sent"],
  ["buffered", "sent"],
  ["sent", "sent"],
  ["delivered", "delivered"],
  ["expired", "undelivered"],
  ["delivery_failed", "undelivered"],
]);

function receiptOf(query: URLSearchParams): Receipt | undefined {
  const messageId = query.get("reference") ?? "";
  const state = states.get(query.get("status") ?? "");
  if (state === undefined || messageId === "") return undefined;
  const reason = state === "undelivered" ? plainReason(query.get("statusReason") ?? "") : "";
  return { messageId, state, reason };
}
