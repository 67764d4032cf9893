import type { Receipt, ReceiptState, SmsMessage, SmsProvider } from "../app/sms-port.ts";
import { type AccountOf, type AnswerReader, type ApiOptions, HttpPost, type Refusal } from "./http-post.ts";
import { jsonFields, textOf } from "./json-body.ts";
import { spokenText, twimlSay } from "./spoken-text.ts";
import { sidOf, twilioErrorText, twilioHeaders, twilioRefusal } from "./twilio-api.ts";
import { isTwilioSignature } from "./twilio-signature.ts";

const twilioApi = "https://api.twilio.com";

export type TwilioProviderOptions = Omit<AccountOf<"twilio">, "verifyServiceSid"> & ApiOptions;

/**
 * Sends through Twilio's Messages resource, as SMS or by WhatsApp
 * (https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource), or has the code read out in
 * a call (https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource). Twilio has no idempotency key.
 */
export function createTwilioProvider(options: TwilioProviderOptions): SmsProvider {
  const { sid, token, channel, apiUrl = twilioApi } = options;
  const post = new HttpPost({ ...options, receiver: "Twilio" });
  const resource = channel === "voice" ? "Calls" : "Messages";
  const url = `${apiUrl}/2010-04-01/Accounts/${encodeURIComponent(sid)}/${resource}.json`;
  const headers = twilioHeaders(options);
  const reader: AnswerReader = { idOf, refused: refusalOf };
  return {
    name: "twilio",
    channel,
    isIdempotent: false,
    send: (message) =>
      post.send(url, headers, new URLSearchParams(formOf(message, options)).toString(), reader),
    readReceipt: (request) => (isTwilioSignature(request, token) ? receiptOf(request) : undefined),
    close: () => post.close(),
  };
}

function formOf(
  { recipient, text, language, code, receiptUrl }: SmsMessage,
  { senderNumber, channel }: TwilioProviderOptions,
): Record<string, string> {
  const prefix = channel === "whatsapp" ? "whatsapp:" : "";
  const sender = senderNumber.startsWith("MG")
    ? { MessagingServiceSid: senderNumber }
    : { From: `${prefix}${senderNumber}` };
  const content =
    channel === "voice" ? { Twiml: twimlSay(spokenText(text, code), language) } : { Body: text };
  const receipt = receiptUrl === undefined ? {} : { StatusCallback: receiptUrl };
  return { To: `${prefix}${recipient}`, ...sender, ...content, ...receipt };
}

/** A message or a call that was made, and has not failed at once: `{"sid", "status", "error_code"}`. */
function idOf(body: string): string {
  const fields = jsonFields(body);
  return hasFailed(fields) ? "" : sidOf(fields, ["SM", "MM", "CA"]);
}

function refusalOf(body: string): Refusal | undefined {
  return twilioRefusal(body) ?? (hasFailed(jsonFields(body)) ? { reason: "no reason" } : undefined);
}

function hasFailed({ status }: Readonly<Record<string, unknown>>): boolean {
  return stateOf(textOf(status)) === "undelivered";
}

/**
 * A status callback (https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks); of a
 * call, when it has ended. The message is the one in the URL, which the signature covers.
 */
function receiptOf({ url, body }: { readonly url: string; readonly body: Uint8Array }): Receipt | undefined {
  const messageId = new URL(url).searchParams.get("message");
  const form = new URLSearchParams(Buffer.from(body).toString());
  const status = form.get("MessageStatus") ?? form.get("CallStatus");
  if (messageId === null || status === null) return undefined;
  const state = stateOf(status);
  if (state !== "undelivered") return { messageId, state, reason: "" };
  return { messageId, state, reason: callReasons[status] ?? twilioErrorText(form.get("ErrorCode")) };
}

const callReasons: Readonly<Record<string, string>> = {
  busy: "the line was busy",
  "no-answer": "nobody answered",
  canceled: "it was canceled",
};

/** Of a message or a call. */
function stateOf(status: string): ReceiptState {
  switch (status) {
    case "delivered":
    case "read":
    case "completed":
      return "delivered";
    case "failed":
    case "undelivered":
    case "canceled":
    case "busy":
    case "no-answer":
      return "undelivered";
    default:
      return "sent"; // on its way
  }
}
