import type { Refusal } from "./http-post.ts";
import { jsonFields, textOf } from "./json-body.ts";

/** What Twilio's APIs for messages, calls and verifications have in common. */

export interface TwilioCredentials {
  /** Account SID. */
  readonly sid: string;
  /** Auth token. */
  readonly token: string;
}

/** Basic authentication and a form (https://www.twilio.com/docs/usage/requests-to-twilio). */
export function twilioHeaders({ sid, token }: TwilioCredentials): Readonly<Record<string, string>> {
  return {
    authorization: `Basic ${Buffer.from(`${sid}:${token}`).toString("base64")}`,
    "content-type": "application/x-www-form-urlencoded",
  };
}

/** Twilio's own messages may hold the number, so the usual codes are told in words of ours. */
const errors: Readonly<Record<number, string>> = {
  20003: "the account SID or the auth token is wrong",
  20404: "there is no such account or service",
  20429: "too many requests",
  21211: "the recipient is not a valid number",
  21212: "the sender is not a valid number",
  21219: "a trial account reaches verified numbers only",
  21408: "the account may not send to this country",
  21603: "a sender is required",
  21606: "the sender cannot send messages",
  21608: "a trial account reaches verified numbers only",
  21610: "the recipient has opted out",
  21612: "the sender cannot reach the recipient",
  21614: "the recipient is not a mobile number",
  21617: "the text is too long",
  21703: "the messaging service has no sender",
  60200: "a parameter is invalid",
  60202: "too many checks of this verification",
  60203: "too many codes were sent to this number",
  60205: "a landline cannot get an SMS",
  60212: "too many requests for this number at once",
  60410: "Twilio blocks this kind of number, against fraud",
  60605: "Twilio blocks this country",
  30001: "the carrier's queue is full",
  30002: "the account is suspended",
  30003: "the phone cannot be reached",
  30004: "the message was blocked",
  30005: "the phone is unknown",
  30006: "the carrier cannot be reached, or it is a landline",
  30007: "the carrier filtered the message",
  30008: "the carrier gave no reason",
  30034: "the sender is not registered with the carriers",
  63016: "WhatsApp takes templates only outside of a conversation",
};

/** @param code e.g. 21211 (https://www.twilio.com/docs/api/errors); empty if it is not one */
export function twilioErrorText(code: unknown): string {
  const number = Number(code);
  if (!Number.isInteger(number) || number < 10_000 || number > 99_999) return "";
  return errors[number] ?? `error ${number}`;
}

/** Codes with which a 429 stays a 429 until the code has expired. */
const exhausted: ReadonlySet<unknown> = new Set([60202, 60203]);

/** What the body of an error tells, `{"code", "message", …}`, or a message that failed, `{"error_code", "status", …}`. */
export function twilioRefusal(body: string): Refusal | undefined {
  const { code, error_code: errorCode } = jsonFields(body);
  const reason = twilioErrorText(errorCode ?? code);
  if (reason === "") return undefined;
  return { reason, ...(exhausted.has(code) ? { kind: "rejected" } : {}) };
}

/** The SID of what was made; empty if there is none of such a thing. */
export function sidOf(fields: Readonly<Record<string, unknown>>, prefixes: readonly string[]): string {
  const sid = textOf(fields["sid"]);
  return prefixes.some((prefix) => sid.startsWith(prefix)) ? sid : "";
}
