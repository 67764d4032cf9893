import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { SmsMessage } from "../../src/app/ports.ts";
import { createTwilioProvider, type TwilioProviderOptions } from "../../src/sms/twilio.ts";
import { startWebhook, type Webhook } from "../support/webhook.ts";

const message: SmsMessage = {
  id: "01a1fbfc-03d9-71c2-a98e-ca30ae444921",
  purpose: "verify_phone",
  recipient: "+41791234567",
  text: "123456 is your code & it's grün = 100%.",
  code: "123456",
  createdMs: 1_700_000_000_000,
  expiresMs: 1_700_000_600_000,
  origin: "",
  user: {
    id: "ada",
    organizationId: "default",
    userName: "ada@example.com",
    firstName: "Ada",
    lastName: "Lovelace",
    nickName: "",
    displayName: "Ada Lovelace",
    email: "ada@example.com",
    isEmailVerified: false,
    lastPhone: "+41791234567",
    verifiedPhone: "",
    createdMs: 1_600_000_000_000,
    changedMs: 1_700_000_000_000,
  },
};

let twilio: Webhook;
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  answer = (response) => response.writeHead(201).end('{"sid":"SM1","status":"queued"}');
  twilio = await startWebhook((response) => answer(response));
});
afterEach(() => twilio.close());

const provider = (options: Partial<TwilioProviderOptions> = {}) =>
  createTwilioProvider({
    sid: "AC0123",
    token: "token-of-twilio",
    senderNumber: "+15550001",
    apiUrl: twilio.url,
    allowPrivate: true,
    timeoutMs: 300,
    ...options,
  });

describe("Twilio", () => {
  it("gets the message as its resource Messages wants it", async () => {
    expect(await provider().send(message)).toEqual({ kind: "sent" });
    expect(twilio.received).toHaveLength(1);
    const [{ method, path, headers, body } = { method: "", path: "", headers: {}, body: "" }] =
      twilio.received;
    expect([method, path]).toEqual(["POST", "/2010-04-01/Accounts/AC0123/Messages.json"]);
    expect(headers.authorization).toBe(`Basic ${Buffer.from("AC0123:token-of-twilio").toString("base64")}`);
    expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect([...new URLSearchParams(body)]).toEqual([
      ["To", "+41791234567"],
      ["From", "+15550001"],
      ["Body", "123456 is your code & it's grün = 100%."],
    ]);
  });

  it("gets an account and a sender as they were given, whatever characters they have", async () => {
    await provider({ sid: "AC/../1?", senderNumber: "MG & Co" }).send(message);
    const [{ path, body } = { path: "", body: "" }] = twilio.received;
    expect(path).toBe("/2010-04-01/Accounts/AC%2F..%2F1%3F/Messages.json");
    expect(new URLSearchParams(body).get("From")).toBe("MG & Co");
  });

  it("is called at its public address only, unless a test says otherwise", async () => {
    const result = await provider({ allowPrivate: false }).send(message);
    expect(result).toMatchObject({ kind: "rejected" });
    expect(twilio.received).toHaveLength(0);
  });
});

describe("the outcome", () => {
  const status =
    (code: number, headers = {}) =>
    (response: ServerResponse): void =>
      void response.writeHead(code, headers).end('{"code":21211}');

  it.each([
    ["201", status(201), { kind: "sent" }],
    ["400, a bad number", status(400), { kind: "rejected", reason: "Twilio answered 400" }],
    ["401, a bad token", status(401), { kind: "rejected", reason: "Twilio answered 401" }],
    [
      "429 with Retry-After",
      status(429, { "retry-after": "3" }),
      { kind: "retry", reason: "Twilio answered 429", retryAfterMs: 3_000 },
    ],
    ["503", status(503), { kind: "retry", reason: "Twilio answered 503" }],
    [
      "a reset",
      (response: ServerResponse) => response.destroy(),
      { kind: "retry", reason: expect.stringContaining("Twilio cannot be reached") },
    ],
    ["no answer", () => {}, { kind: "retry", reason: "Twilio did not answer within 300 ms" }],
  ] as const)("of %s", async (_name, answered, expected) => {
    answer = answered;
    const result = await provider().send(message);
    expect(result).toEqual(expected);
    expect(JSON.stringify(result)).not.toContain("token-of-twilio");
    expect(twilio.received).toHaveLength(1);
  });
});
