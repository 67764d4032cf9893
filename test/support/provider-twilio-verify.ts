import type { SmsAccount } from "../../src/app/sms-port.ts";
import { json, type ProviderAnswer, type ProviderModel, type ProviderRequest } from "./provider-server.ts";
import { isByTwilioAccount, twilioAccount, twilioError } from "./provider-twilio.ts";

/**
 * Twilio Verify (https://www.twilio.com/docs/verify/api/verification,
 * https://www.twilio.com/docs/verify/api/verification-check).
 */

export const verifyAccount = {
  ...twilioAccount,
  verifyServiceSid: `VA${"1".repeat(32)}`,
} as const satisfies SmsAccount;

/** A verification whose code is 424242. */
export const verificationSid = `VE${"2".repeat(32)}`;

function answer(request: ProviderRequest): ProviderAnswer {
  if (!isByTwilioAccount(request)) return twilioError(401, 20003, "Authenticate");
  const form = Object.fromEntries(new URLSearchParams(request.body));
  const service = `/v2/Services/${verifyAccount.verifyServiceSid}`;
  switch (`${request.method} ${request.path}`) {
    case `POST ${service}/Verifications`:
      return begin(form);
    case `POST ${service}/VerificationCheck`:
      return check(form);
    default:
      return twilioError(404, 20404, "The requested resource was not found");
  }
}

function begin({ To: to = "", Channel: channel = "" }: Record<string, string>): ProviderAnswer {
  const isValid = /^\+\d{7,15}$/.test(to) && ["sms", "call", "whatsapp"].includes(channel);
  if (!isValid) return twilioError(400, 60200, `Invalid parameter \`To\`: ${to}`);
  return json(201, { sid: verificationSid, to, channel, status: "pending", valid: false });
}

function check({ VerificationSid: sid, Code: code }: Record<string, string>): ProviderAnswer {
  if (sid !== verificationSid) return twilioError(404, 20404, "The requested resource was not found");
  return json(200, { sid, status: code === "424242" ? "approved" : "pending", valid: code === "424242" });
}

export const twilioVerify: ProviderModel = {
  account: () => verifyAccount,
  apiUrls: (url) => ({ twilioVerify: url }),
  answer,
  errors: {
    "400": twilioError(400, 60200, "Invalid parameter `To`: +41791234567"),
    "401": twilioError(401, 20003, "Authenticate"),
    "429": twilioError(429, 20429, "Too Many Requests", { "retry-after": "3" }),
    "500": twilioError(500, 20500, "Internal Server Error"),
    "2xx with an error body": twilioError(200, 60410, "blocked for +41791234567"),
  },
};
