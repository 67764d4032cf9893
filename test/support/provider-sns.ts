import { createHash, createHmac } from "node:crypto";
import type { SmsAccount } from "../../src/app/sms-port.ts";
import { nowMs } from "./provider-message.ts";
import type { ProviderAnswer, ProviderModel, ProviderRequest } from "./provider-server.ts";

/** The action Publish of Amazon SNS (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html). */

export const snsAccount = {
  kind: "sns",
  id: "p1",
  description: "",
  region: "eu-central-1",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  senderId: "Ringback",
} as const satisfies SmsAccount;

const xmlns = "http://sns.amazonaws.com/doc/2010-03-31/";
const xml = (status: number, body: string, headers = {}): ProviderAnswer => ({
  status,
  headers: { "content-type": "text/xml", ...headers },
  body,
});

export function snsError(status: number, code: string, text: string, headers = {}): ProviderAnswer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${text}</Message></Error>`;
  return xml(
    status,
    `<ErrorResponse xmlns="${xmlns}">${error}<RequestId>9dd01905</RequestId></ErrorResponse>`,
    headers,
  );
}

/**
 * Recomputes the signature, version 4
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 *
 * @returns the code of what is wrong
 */
function signatureError({ method, path, headers, body }: ProviderRequest): string | undefined {
  const { accessKeyId, secretAccessKey, region } = snsAccount;
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(.+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const parts = pattern.exec(headers.authorization ?? "");
  if (parts === null) return "IncompleteSignature";
  const [, keyId, scope, signedHeaders = "", signature] = parts;
  if (keyId !== accessKeyId) return "InvalidClientTokenId";
  const at = String(headers["x-amz-date"]);
  const atMs = Date.parse(at.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
  if (!(Math.abs(atMs - nowMs) < 15 * 60_000)) return "RequestExpired";
  const date = at.slice(0, 8);
  const names = signedHeaders.split(";");
  const isWhole = scope === `${date}/${region}/sns/aws4_request` && names.includes("host");
  if (!isWhole || !names.includes("x-amz-date")) return "SignatureDoesNotMatch";
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac("sha256", key).update(text).digest();
  const canonicalHeaders = names.map((name) => `${name}:${String(headers[name])}\n`).join("");
  const canonical = [method, path, "", canonicalHeaders, signedHeaders, sha256(body)].join("\n");
  const key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, date), region), "sns"), "aws4_request");
  const expected = hmac(key, ["AWS4-HMAC-SHA256", at, scope, sha256(canonical)].join("\n")).toString("hex");
  return signature === expected ? undefined : "SignatureDoesNotMatch";
}

function answer(request: ProviderRequest): ProviderAnswer {
  const wrong = signatureError(request);
  if (wrong !== undefined) return snsError(403, wrong, "The request signature we calculated does not match");
  const form = new URLSearchParams(request.body);
  if (form.get("Action") !== "Publish" || form.get("Version") !== "2010-03-31") {
    return snsError(400, "InvalidAction", "Could not find operation");
  }
  const number = form.get("PhoneNumber") ?? "";
  if (!/^\+\d{7,15}$/.test(number)) return snsError(400, "InvalidParameter", `PhoneNumber ${number}`);
  if ((form.get("Message") ?? "") === "") return snsError(400, "InvalidParameter", "Empty message");
  const id = "567910cd-659e-55d4-8ccb-5aaf14679dc0";
  const result = `<PublishResult><MessageId>${id}</MessageId></PublishResult>`;
  return xml(200, `<PublishResponse xmlns="${xmlns}">${result}</PublishResponse>`);
}

export const sns: ProviderModel = {
  account: () => snsAccount,
  apiUrls: (url) => ({ sns: url }),
  answer,
  errors: {
    "400": snsError(400, "InvalidParameter", "Invalid parameter: PhoneNumber +41791234567"),
    "401": snsError(401, "AuthFailure", "not authorized"),
    "429": snsError(429, "Throttled", "Rate exceeded", { "retry-after": "3" }),
    "500": snsError(500, "InternalError", "Internal error"),
    "2xx with an error body": snsError(200, "OptedOut", "+41791234567 has opted out"),
  },
};
