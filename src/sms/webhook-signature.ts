import { createHmac } from "node:crypto";
import type { ReceiptRequest } from "../app/sms-port.ts";
import { isSameText } from "../lib/same-text.ts";

/** How old a signature may be, or how far ahead the other clock. */
const signatureAgeSecondsMax = 300;

/**
 * The value of the header `ZITADEL-Signature`: `t=<unix seconds>,v1=<hex>`, where the second part is
 * HMAC-SHA256 over `<t>.<body>`; one such part for each key, while keys are replaced.
 */
export function webhookSignature(body: string, signingKeys: readonly string[], nowMs: number): string {
  const t = Math.floor(nowMs / 1000);
  const signatures = signingKeys.map((key) => createHmac("sha256", key).update(`${t}.${body}`).digest("hex"));
  return [`t=${t}`, ...signatures.map((hex) => `v1=${hex}`)].join(",");
}

/**
 * The headers of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks, spec 1.0.0): one
 * signature for each key, parted by spaces.
 *
 * @param id the same for each attempt
 */
export function standardWebhookHeaders(
  id: string,
  body: string,
  signingKeys: readonly string[],
  nowMs: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signatures = signingKeys.map((key) => standardSignature(key, id, timestamp, body));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    ...(signatures.length === 0 ? {} : { "webhook-signature": signatures.join(" ") }),
  };
}

/** Whether one of the keys signed this request within the last 5 minutes, as Standard Webhooks says. */
export function isStandardWebhook(
  { headers, body }: ReceiptRequest,
  signingKeys: readonly string[],
  nowMs: number,
): boolean {
  const { "webhook-id": id = "", "webhook-timestamp": timestamp = "" } = headers;
  const isFresh =
    /^\d{1,12}$/.test(timestamp) && Math.abs(nowMs / 1000 - Number(timestamp)) <= signatureAgeSecondsMax;
  if (id === "" || !isFresh) return false;
  const given = (headers["webhook-signature"] ?? "").split(" ");
  return signingKeys.some((key) => {
    const expected = standardSignature(key, id, timestamp, body);
    return given.some((signature) => isSameText(signature, expected));
  });
}

function standardSignature(key: string, id: string, timestamp: string, body: string | Uint8Array): string {
  const hmac = createHmac("sha256", secretOf(key)).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest("base64")}`;
}

/**
 * The bytes that a signing key stands for: what follows `whsec_` is base64; any other key is its own UTF-8 text, as
 * it is for `ZITADEL-Signature`. A library that wants `whsec_…` gets the base64 of that text.
 */
function secretOf(key: string): Uint8Array {
  const prefix = "whsec_";
  return key.startsWith(prefix) ? Buffer.from(key.slice(prefix.length), "base64") : Buffer.from(key);
}
