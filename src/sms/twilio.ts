import type { SmsProvider } from "../app/ports.ts";
import { HttpPost } from "./http-post.ts";

const twilioApi = "https://api.twilio.com";

export interface TwilioProviderOptions {
  /** Account SID. */
  readonly sid: string;
  /** Auth token. */
  readonly token: string;
  readonly senderNumber: string;
  /** Another address than Twilio's, for tests. */
  readonly apiUrl?: string;
  /** Whether that address may be a private one. */
  readonly allowPrivate?: boolean;
  readonly timeoutMs?: number;
}

/**
 * Sends through Twilio's Messages resource
 * (https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource). Twilio has no
 * idempotency key: after a crash between sending and recording, a message may go out twice.
 */
export function createTwilioProvider(options: TwilioProviderOptions): SmsProvider {
  const { sid, token, senderNumber, apiUrl = twilioApi, allowPrivate = false, timeoutMs } = options;
  const post = new HttpPost({ receiver: "Twilio", allowPrivate, timeoutMs });
  const url = `${apiUrl}/2010-04-01/Accounts/${encodeURIComponent(sid)}/Messages.json`;
  const authorization = `Basic ${Buffer.from(`${sid}:${token}`).toString("base64")}`;
  const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
  return {
    name: "twilio",
    channel: "sms",
    isIdempotent: false,
    send: ({ recipient, text }) =>
      post.send(
        url,
        headers,
        new URLSearchParams({ To: recipient, From: senderNumber, Body: text }).toString(),
      ),
    close: () => post.close(),
  };
}
