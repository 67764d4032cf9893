import { createHmac } from "node:crypto";
import type { SmsAccount } from "../../src/app/sms-port.ts";
import { nowMs } from "./provider-message.ts";
import { json, type ProviderAnswer, type ProviderModel, type ProviderRequest } from "./provider-server.ts";

/** A receiver that checks both signatures: ZITADEL's, and that of Standard Webhooks. */

export const webhookKey = "signing-key-of-the-webhook";

export const webhookAccount = (url: string) =>
  ({
    kind: "http",
    id: "p1",
    description: "",
    url: `${url}/hook`,
    signingKeys: [{ key: webhookKey, expiresMs: null }],
  }) as const satisfies SmsAccount;

function answer({ headers, body }: ProviderRequest): ProviderAnswer {
  const t = String(Math.floor(nowMs / 1000));
  const sign = (text: string) => createHmac("sha256", webhookKey).update(text);
  const id = String(headers["webhook-id"]);
  const isSigned =
    headers["zitadel-signature"] === `t=${t},v1=${sign(`${t}.${body}`).digest("hex")}` &&
    headers["webhook-timestamp"] === t &&
    headers["webhook-signature"] === `v1,${sign(`${id}.${t}.${body}`).digest("base64")}`;
  return isSigned ? json(200, {}) : json(401, { error: "unsigned" });
}

export const webhook: ProviderModel = {
  account: webhookAccount,
  apiUrls: () => ({}),
  answer,
  errors: {
    "400": json(400, { error: "unknown field" }),
    "401": json(401, { error: "unsigned" }),
    "429": json(429, {}, { "retry-after": "3" }),
    "500": json(500, {}),
    "2xx with an error body": json(200, { error: "not sent" }),
  },
};
