import type { Channel } from "../domain/channel.ts";
import type { CodeCheckResult, SmsProvider } from "../app/sms-port.ts";
import { type AccountOf, type AnswerReader, type ApiOptions, HttpPost } from "./http-post.ts";
import { jsonFields, textOf } from "./json-body.ts";
import { sidOf, twilioHeaders, twilioRefusal } from "./twilio-api.ts";

const verifyApi = "https://verify.twilio.com";

export type TwilioVerifyOptions = AccountOf<"twilio"> & ApiOptions;

const verifyChannels: Readonly<Record<Channel, string>> = { sms: "sms", whatsapp: "whatsapp", voice: "call" };

/**
 * Lets Twilio Verify make, send and check the codes: our text and code stay here. The id of a message is the SID of
 * its verification, by which a code is checked (https://www.twilio.com/docs/verify/api/verification and
 * https://www.twilio.com/docs/verify/api/verification-check). Verify reports no receipts to a URL.
 */
export function createTwilioVerifyProvider(options: TwilioVerifyOptions): SmsProvider {
  const { verifyServiceSid, channel, apiUrl = verifyApi } = options;
  const post = new HttpPost({ ...options, receiver: "Twilio Verify" });
  const serviceUrl = `${apiUrl}/v2/Services/${encodeURIComponent(verifyServiceSid)}`;
  const headers = twilioHeaders(options);
  const reader: AnswerReader = { idOf, refused: twilioRefusal };
  return {
    name: "twilio-verify",
    channel,
    isIdempotent: false,
    send: ({ recipient }) =>
      post.send(
        `${serviceUrl}/Verifications`,
        headers,
        new URLSearchParams({ To: recipient, Channel: verifyChannels[channel] }).toString(),
        reader,
      ),
    async checkCode({ providerMessageId, code }) {
      if (!/^[A-Za-z0-9]{4,10}$/.test(code)) return { kind: "wrong" }; // no such code is ever made
      const form = new URLSearchParams({ VerificationSid: providerMessageId, Code: code });
      const answer = await post.post(`${serviceUrl}/VerificationCheck`, headers, form.toString());
      if (answer.kind !== "answered") return { kind: "unavailable", reason: answer.reason };
      return checkOf(answer.status, answer.body);
    },
    close: () => post.close(),
  };
}

/** A verification that was begun: `{"sid": "VE…", "status": "pending"}`. */
function idOf(body: string): string {
  return sidOf(jsonFields(body), ["VE"]);
}

/** A verification is deleted once it is approved, expired or tried too often: 404 from then on. */
function checkOf(status: number, body: string): CodeCheckResult {
  const fields = jsonFields(body);
  if (status === 404 || fields["code"] === 60202) return { kind: "gone" };
  if (status >= 300) {
    const reason = `Twilio Verify answered ${status}`;
    return { kind: "unavailable", reason: [reason, twilioRefusal(body)?.reason ?? []].flat().join(": ") };
  }
  switch (textOf(fields["status"])) {
    case "approved":
      return { kind: "right" };
    case "pending":
      return { kind: "wrong" };
    case "canceled":
    case "deleted":
    case "expired":
    case "failed":
    case "max_attempts_reached":
      return { kind: "gone" };
    default:
      return { kind: "unavailable", reason: "Twilio Verify gave an answer that it does not document" };
  }
}
