import type { SmsAccount } from "../../src/app/sms-port.ts";
import { json, type ProviderAnswer, type ProviderModel, type ProviderRequest } from "./provider-server.ts";

/** MessageBird's SMS API (https://developers.messagebird.com/docs/sms-messaging). */

export const messagebirdAccount = {
  kind: "messagebird",
  id: "p1",
  description: "",
  accessKey: "access-key-of-messagebird",
  sender: "Ringback",
  signingKey: "signing-key-of-messagebird-0123456789",
} as const satisfies SmsAccount;

function errorOf(status: number, code: number, description: string, parameter: string | null, headers = {}) {
  return json(status, { errors: [{ code, description, parameter }] }, headers);
}

function answer({ method, path, headers, body }: ProviderRequest): ProviderAnswer {
  if (headers.authorization !== `AccessKey ${messagebirdAccount.accessKey}`) {
    return errorOf(401, 2, "Request not allowed (incorrect access_key)", "access_key");
  }
  if (method !== "POST" || path !== "/messages") return errorOf(404, 20, "message not found", null);
  const { originator, recipients, body: text, reference, datacoding } = JSON.parse(body);
  if (typeof originator !== "string" || !/^(\+?\d{7,17}|[A-Za-z0-9 ]{1,11})$/.test(originator)) {
    return errorOf(422, 9, "originator is required", "originator");
  }
  const isValid = Array.isArray(recipients) && recipients.every((number) => /^[1-9]\d{6,14}$/.test(number));
  if (!isValid) return errorOf(422, 9, "no (correct) recipients found", "recipients");
  if (typeof text !== "string" || text === "") return errorOf(422, 9, "body is required", "body");
  if (!["plain", "unicode", "auto"].includes(datacoding)) return errorOf(422, 10, "datacoding", "datacoding");
  return json(201, {
    id: "e8077d803532c0b5937c639b60216938",
    originator,
    body: text,
    reference,
    recipients: { totalCount: 1, totalSentCount: 1, items: [{ recipient: recipients[0], status: "sent" }] },
  });
}

export const messagebird: ProviderModel = {
  account: () => messagebirdAccount,
  apiUrls: (url) => ({ messagebird: url }),
  answer,
  errors: {
    "400": errorOf(400, 21, "Bad request", null),
    "401": errorOf(401, 2, "Request not allowed (incorrect access_key)", "access_key"),
    "429": errorOf(429, 1, "Too many requests", null, { "retry-after": "3" }),
    "500": errorOf(500, 99, "Internal error", null),
    "2xx with an error body": errorOf(200, 25, "Not enough balance", null),
  },
};
