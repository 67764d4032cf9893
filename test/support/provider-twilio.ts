import type { SmsAccount } from "../../src/app/sms-port.ts";
import { json, type ProviderAnswer, type ProviderModel, type ProviderRequest } from "./provider-server.ts";

/**
 * Twilio's resources Messages and Calls
 * (https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/voice/api/call-resource).
 */

export const twilioAccount = {
  kind: "twilio",
  id: "p1",
  description: "",
  sid: "AC0123456789abcdef0123456789abcdef",
  token: "token-of-twilio",
  senderNumber: "+15550001111",
  verifyServiceSid: "",
  channel: "sms",
} as const satisfies SmsAccount;

export function twilioError(status: number, code: number, message: string, headers = {}): ProviderAnswer {
  return json(
    status,
    { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
    headers,
  );
}

export function isByTwilioAccount({ headers }: ProviderRequest): boolean {
  const { sid, token } = twilioAccount;
  return headers.authorization === `Basic ${Buffer.from(`${sid}:${token}`).toString("base64")}`;
}

function answer(request: ProviderRequest): ProviderAnswer {
  if (!isByTwilioAccount(request)) return twilioError(401, 20003, "Authenticate");
  const resource = new RegExp(`^/2010-04-01/Accounts/${twilioAccount.sid}/(Messages|Calls)\\.json$`).exec(
    request.path,
  )?.[1];
  if (request.method !== "POST" || resource === undefined) return twilioError(404, 20404, "not found");
  if (request.headers["content-type"] !== "application/x-www-form-urlencoded") {
    return twilioError(400, 21604, "A 'To' phone number is required.");
  }
  const form = Object.fromEntries(new URLSearchParams(request.body));
  return resource === "Messages" ? makeMessage(form) : makeCall(form);
}

function makeMessage(form: Record<string, string>): ProviderAnswer {
  const { To: to = "", From: from = "", MessagingServiceSid: service = "", Body: body = "" } = form;
  const number = /^(whatsapp:)?\+\d{7,15}$/;
  if (!number.test(to)) return twilioError(400, 21211, `The 'To' number ${to} is not a valid phone number.`);
  if (service === "" && !number.test(from)) {
    return twilioError(400, 21212, `The 'From' number ${from} is not a valid phone number.`);
  }
  if (service !== "" && !/^MG[0-9a-f]{32}$/.test(service)) return twilioError(400, 21701, "no such service");
  if (service === "" && to.startsWith("whatsapp:") !== from.startsWith("whatsapp:")) {
    return twilioError(400, 63007, "Twilio could not find a Channel with the specified From address");
  }
  if (body === "") return twilioError(400, 21602, "Message body is required.");
  const status = service === "" ? "queued" : "accepted";
  return json(201, { sid: `SM${"0".repeat(32)}`, status, to, body, error_code: null, error_message: null });
}

function makeCall({
  To: to = "",
  From: from = "",
  Twiml: twiml = "",
}: Record<string, string>): ProviderAnswer {
  if (!/^\+\d{7,15}$/.test(to)) return twilioError(400, 21211, `The phone number ${to} is not valid.`);
  if (!/^\+\d{7,15}$/.test(from)) return twilioError(400, 21212, "Invalid From Number");
  if (!/^<Response><Say[^<>]*>[^<>]+<\/Say><\/Response>$/.test(twiml)) return twilioError(400, 21205, "Url");
  return json(201, { sid: `CA${"0".repeat(32)}`, status: "queued", to, from });
}

export const twilio: ProviderModel = {
  account: () => twilioAccount,
  apiUrls: (url) => ({ twilio: url }),
  answer,
  errors: {
    "400": twilioError(400, 21211, "The 'To' number +41791234567 is not a valid phone number."),
    "401": twilioError(401, 20003, "Authenticate"),
    "429": twilioError(429, 20429, "Too Many Requests", { "retry-after": "3" }),
    "500": twilioError(500, 20500, "Internal Server Error"),
    "2xx with an error body": json(201, {
      sid: `SM${"0".repeat(32)}`,
      status: "failed",
      error_code: 30007,
      error_message: "Message filtered",
    }),
  },
};
