import { createHmac } from "node:crypto";
import type { ReceiptRequest } from "../app/sms-port.ts";
import { isSameText } from "../lib/same-text.ts";

/**
 * Whether Twilio signed this request: `X-Twilio-Signature` is HMAC-SHA1, by the account's auth token, over the URL and
 * the form's fields in the order of their names (https://www.twilio.com/docs/usage/security#validating-requests). It
 * holds no time: a request that is sent again says the same again.
 */
export function isTwilioSignature({ url, headers, body }: ReceiptRequest, token: string): boolean {
  const given = headers["x-twilio-signature"] ?? "";
  const fields = [...new URLSearchParams(Buffer.from(body).toString())]
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .flat()
    .join("");
  // Twilio leaves the port out of what it signs for some of its products.
  return [url, withoutPort(url)].some((signed) =>
    isSameText(given, createHmac("sha1", token).update(signed).update(fields).digest("base64")),
  );
}

function withoutPort(url: string): string {
  return url.replace(/^(https?:\/\/[^/?#]*?):\d+(?=[/?#]|$)/, "$1");
}
