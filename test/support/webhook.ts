import { createHmac } from "node:crypto";
import { type ProviderServer, startProvider } from "./provider-server.ts";

/** A receiver on this machine. @param status of its answers; it takes everything if it is left out */
export function startWebhook(status = (): number => 204): Promise<ProviderServer> {
  return startProvider({ answer: () => ({ status: status(), body: "" }) });
}

/** The headers of a request that is signed as Standard Webhooks says, with a key that is used as it is. */
export function standardWebhookBy(
  signingKey: string,
  id: string,
  body: string,
  nowMs: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const mac = createHmac("sha256", signingKey).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${mac}` };
}

/** What `ZITADEL-Signature` must be: one part for each key that is valid. */
export function signatureBy(signingKeys: readonly string[], body: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1_000);
  const hexes = signingKeys.map((key) => createHmac("sha256", key).update(`${t}.${body}`).digest("hex"));
  return `t=${t}${hexes.map((hex) => `,v1=${hex}`).join("")}`;
}
