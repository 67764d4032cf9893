import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { CodeCheckResult, SmsProvider } from "../../src/app/sms-port.ts";
import { createTwilioVerifyProvider, type TwilioVerifyOptions } from "../../src/sms/twilio-verify.ts";
import { clock, message, silentMs } from "../support/provider-message.ts";
import { give, json, type ProviderServer, startProvider } from "../support/provider-server.ts";
import { twilioError } from "../support/provider-twilio.ts";
import { twilioVerify, verificationSid, verifyAccount } from "../support/provider-twilio-verify.ts";

let server: ProviderServer;
beforeEach(async () => {
  server = await startProvider(twilioVerify);
});
afterEach(() => server.close());

const provider = (options: Partial<TwilioVerifyOptions> = {}): SmsProvider =>
  createTwilioVerifyProvider({
    ...verifyAccount,
    clock,
    apiUrl: server.url,
    allowPrivate: true,
    ...options,
  });

const check = async (
  code: string,
  providerMessageId = verificationSid,
  by = provider(),
): Promise<CodeCheckResult | undefined> => by.checkCode?.({ providerMessageId, code });

describe("Twilio Verify", () => {
  it.each([
    ["sms", "sms"],
    ["whatsapp", "whatsapp"],
    ["voice", "call"],
  ] as const)(
    "begins a verification by %s, and gets neither our text nor our code",
    async (channel, asked) => {
      expect(await provider({ channel }).send(message)).toEqual({
        kind: "sent",
        providerMessageId: verificationSid,
      });
      const form = Object.fromEntries(new URLSearchParams(server.received[0]?.body));
      expect(form).toEqual({ To: message.recipient, Channel: asked });
    },
  );

  it("does not ask again when too many codes were sent, however long it is told to wait", async () => {
    const error = twilioError(429, 60203, "Max send attempts reached", { "retry-after": "1" });
    server.respond = (response) => give(response, error);
    expect(await provider().send(message)).toEqual({
      kind: "rejected",
      reason: "Twilio Verify answered 429: too many codes were sent to this number",
    });
  });
});

describe("a code", () => {
  it.each([
    ["424242", { kind: "right" }],
    ["000000", { kind: "wrong" }],
  ])("%s is checked by Twilio", async (code, result) => {
    expect(await check(code)).toEqual(result);
    const form = Object.fromEntries(new URLSearchParams(server.received[0]?.body));
    expect(form).toEqual({ VerificationSid: verificationSid, Code: code });
  });

  it.each(["", "123", "12345678901", "42 42 42", "４２４２４２"])(
    "%j cannot be one: Twilio is not asked",
    async (code) => {
      expect(await check(code)).toEqual({ kind: "wrong" });
      expect(server.received).toHaveLength(0);
    },
  );

  it("of a verification that Twilio has deleted is gone", async () => {
    expect(await check("424242", `VE${"9".repeat(32)}`)).toEqual({ kind: "gone" });
  });

  it.each([
    ["canceled", json(200, { status: "canceled" }), { kind: "gone" }],
    ["expired", json(200, { status: "expired" }), { kind: "gone" }],
    ["tried too often", json(200, { status: "max_attempts_reached" }), { kind: "gone" }],
    ["tried too often (429)", twilioError(429, 60202, "Max check attempts reached"), { kind: "gone" }],
    [
      "asked too fast",
      twilioError(429, 20429, "Too Many Requests"),
      { kind: "unavailable", reason: "Twilio Verify answered 429: too many requests" },
    ],
    [
      "with a wrong token",
      twilioError(401, 20003, "Authenticate"),
      {
        kind: "unavailable",
        reason: "Twilio Verify answered 401: the account SID or the auth token is wrong",
      },
    ],
    [
      "broken",
      { status: 500, body: "<html>" },
      { kind: "unavailable", reason: "Twilio Verify answered 500" },
    ],
    ["odd", { status: 200, body: "<html>" }, { kind: "unavailable", reason: expect.any(String) }],
  ])("%s", async (_name, answer, result) => {
    server.respond = (response) => give(response, answer);
    expect(await check("424242")).toEqual(result);
  });

  it("cannot be checked while Twilio does not answer", async () => {
    server.respond = () => {};
    expect(await check("424242", verificationSid, provider({ timeoutMs: silentMs }))).toEqual({
      kind: "unavailable",
      reason: "Twilio Verify did not answer within 2000 ms",
    });
  });
});
