import { createHmac } from "node:crypto";

/**
 * The value of the header `ZITADEL-Signature`: `t=<unix seconds>,v1=<hex>`, where the second part is
 * HMAC-SHA256 over `<t>.<body>`.
 */
export function webhookSignature(body: string, signingKey: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1000);
  const hex = createHmac("sha256", signingKey).update(`${t}.${body}`).digest("hex");
  return `t=${t},v1=${hex}`;
}
