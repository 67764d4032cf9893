import type { SmsAccount } from "../../src/app/sms-port.ts";
import { json, type ProviderAnswer, type ProviderModel, type ProviderRequest } from "./provider-server.ts";

/** Vonage's Messages API, version 1 (https://developer.vonage.com/en/api/messages). */

export const vonageAccount = {
  kind: "vonage",
  id: "p1",
  description: "",
  apiKey: "abcd1234",
  apiSecret: "secret-of-vonage",
  sender: "+15550001111",
  signatureSecret: "signature-secret-of-vonage-0123456789",
} as const satisfies SmsAccount;

function problem(status: number, title: string, detail: string, headers = {}): ProviderAnswer {
  const type = "https://developer.vonage.com/en/api-errors";
  return json(status, { type, title, detail, instance: "bf0ca0bf927b3b52e3cb03217e1a1ddf" }, headers);
}

function answer({ method, path, headers, body }: ProviderRequest): ProviderAnswer {
  const { apiKey, apiSecret } = vonageAccount;
  if (headers.authorization !== `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString("base64")}`) {
    return problem(401, "You did not provide correct credentials.", "Check your credentials.");
  }
  if (method !== "POST" || path !== "/v1/messages") return problem(404, "Not found", path);
  if (headers["content-type"] !== "application/json") return problem(415, "Unsupported Media Type", "");
  const fields: Record<string, unknown> = JSON.parse(body);
  const invalid = Object.entries({
    message_type: /^text$/,
    channel: /^sms$/,
    to: /^[1-9]\d{6,14}$/,
    from: /^([1-9]\d{6,14}|[A-Za-z0-9 ]{1,11})$/,
    text: /^[^]{1,1000}$/,
    client_ref: /^.{1,100}$/,
  }).find(([name, pattern]) => !pattern.test(String(fields[name] ?? "")));
  if (invalid !== undefined) {
    return problem(
      422,
      "Invalid params",
      `The value of ${invalid[0]} is invalid: ${String(fields[invalid[0]])}`,
    );
  }
  return json(202, { message_uuid: "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab" });
}

export const vonage: ProviderModel = {
  account: () => vonageAccount,
  apiUrls: (url) => ({ vonage: url }),
  answer,
  errors: {
    "400": problem(400, "Invalid request", "to 41791234567 is invalid"),
    "401": problem(401, "You did not provide correct credentials.", "Check your credentials."),
    "429": problem(429, "Rate Limit Hit", "Please wait, then retry your request", { "retry-after": "3" }),
    "500": problem(500, "Internal error", "There was an error"),
    "2xx with an error body": problem(202, "Insufficient balance", "to 41791234567 is too far"),
  },
};
