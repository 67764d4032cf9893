import { createHmac } from "node:crypto";

/**
 * The value of the header `ZITADEL-Signature`: `t=<unix seconds>,v1=<hex>`, where the second part is
 * HMAC-SHA256 over `<t>.<body>`; one such part for each key, while keys are replaced.
 */
export function webhookSignature(body: string, signingKeys: readonly string[], nowMs: number): string {
  const t = Math.floor(nowMs / 1000);
  const signatures = signingKeys.map((key) => createHmac("sha256", key).update(`${t}.${body}`).digest("hex"));
  return [`t=${t}`, ...signatures.map((hex) => `v1=${hex}`)].join(",");
}
