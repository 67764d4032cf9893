import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { ReceiptRequest, SmsProvider } from "../../src/app/sms-port.ts";
import { createTwilioProvider, type TwilioProviderOptions } from "../../src/sms/twilio.ts";
import { clock, message, nowMs } from "../support/provider-message.ts";
import { give, type ProviderServer, startProvider } from "../support/provider-server.ts";
import { twilio, twilioAccount, twilioError } from "../support/provider-twilio.ts";

const { sid, token, senderNumber } = twilioAccount;
const messagingService = `MG${"a".repeat(32)}`;

let server: ProviderServer;
beforeEach(async () => {
  server = await startProvider(twilio);
});
afterEach(() => server.close());

const provider = (options: Partial<TwilioProviderOptions> = {}): SmsProvider =>
  createTwilioProvider({
    sid,
    token,
    senderNumber,
    channel: "sms",
    clock,
    apiUrl: server.url,
    allowPrivate: true,
    ...options,
  });

const lastForm = (): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(server.received.at(-1)?.body));

describe("Twilio", () => {
  it("makes a message of a number", async () => {
    const result = await provider().send(message);
    expect(result).toEqual({ kind: "sent", providerMessageId: `SM${"0".repeat(32)}` });
    expect(lastForm()).toEqual({
      To: message.recipient,
      From: senderNumber,
      Body: message.text,
      StatusCallback: message.receiptUrl,
    });
  });

  it("makes a message of a messaging service", async () => {
    expect(await provider({ senderNumber: messagingService }).send(message)).toMatchObject({ kind: "sent" });
    expect(lastForm()).toMatchObject({ MessagingServiceSid: messagingService });
    expect(lastForm()).not.toHaveProperty("From");
  });

  it.each([
    ["a number", senderNumber, { From: `whatsapp:${senderNumber}` }],
    ["a messaging service", messagingService, { MessagingServiceSid: messagingService }],
  ])("sends by WhatsApp from %s", async (_name, sender, from) => {
    const whatsapp = provider({ channel: "whatsapp", senderNumber: sender });
    expect(await whatsapp.send(message)).toMatchObject({ kind: "sent" });
    expect(lastForm()).toMatchObject({ To: `whatsapp:${message.recipient}`, ...from });
  });

  it("reads the code out in a call, one digit at a time", async () => {
    const result = await provider({ channel: "voice" }).send(message);
    expect(result).toEqual({ kind: "sent", providerMessageId: `CA${"0".repeat(32)}` });
    expect(lastForm()).toEqual({
      To: message.recipient,
      From: senderNumber,
      Twiml:
        '<Response><Say loop="2">1, 2, 3, 4, 5, 6 is your code &amp; it\'s &lt;grün&gt; = 100%.</Say></Response>',
      StatusCallback: message.receiptUrl,
    });
  });

  it.each([
    ["en", '<Say loop="2">'],
    ["de-CH", '<Say loop="2" voice="Polly.Vicki">'],
    ["pt", '<Say loop="2" voice="Polly.Ines">'],
    ["nl", '<Say loop="2">'],
    ["constructor", '<Say loop="2">'],
  ])("calls in the language of the text: %s", async (language, say) => {
    await provider({ channel: "voice" }).send({ ...message, language });
    expect(lastForm()["Twiml"]).toContain(say);
  });

  it("asks for no receipt where nobody listens", async () => {
    const { receiptUrl: _, ...unheard } = message;
    await provider().send(unheard);
    expect(lastForm()).not.toHaveProperty("StatusCallback");
  });

  it("is called at its public address only, unless that is allowed", async () => {
    expect(await provider({ allowPrivate: false }).send(message)).toEqual({
      kind: "rejected",
      reason: expect.stringMatching(/^Twilio is on a private .*RINGBACK_SMS_ALLOW_PRIVATE/),
    });
    expect(server.received).toHaveLength(0);
  });

  it.each([
    [
      "a wrong token",
      { token: "wrong" },
      {},
      "Twilio answered 401: the account SID or the auth token is wrong",
    ],
    ["a bad recipient", {}, { recipient: "+1" }, "Twilio answered 400: the recipient is not a valid number"],
    ["a bad sender", { senderNumber: "Ada" }, {}, "Twilio answered 400: the sender is not a valid number"],
    [
      "no such account",
      { sid: "AC/../1?" },
      {},
      "Twilio answered 401: the account SID or the auth token is wrong",
    ],
  ])("says what is wrong with %s, and no number", async (_name, options, change, reason) => {
    expect(await provider(options).send({ ...message, ...change })).toMatchObject({
      kind: "rejected",
      reason,
    });
  });

  it("tells errors that it has no words for by their code", async () => {
    server.respond = (response) => give(response, twilioError(400, 21999, "To +41791234567 is odd"));
    expect(await provider().send(message)).toEqual({
      kind: "rejected",
      reason: "Twilio answered 400: error 21999",
    });
  });

  it("may have sent a message whose SID it does not tell", async () => {
    server.respond = (response) => give(response, { status: 201, body: "<html>" });
    expect(await provider().send(message)).toMatchObject({ kind: "unknown" });
  });
});

describe("a receipt of Twilio", () => {
  const url = message.receiptUrl ?? "";

  /** As Twilio describes it: the URL, then names and values in the order of the names. */
  function receipt(form: Record<string, string>, key: string = token, signedUrl = url): ReceiptRequest {
    const fields = Object.keys(form)
      .toSorted()
      .map((name) => `${name}${form[name]}`);
    const signature = createHmac("sha1", key)
      .update([signedUrl, ...fields].join(""))
      .digest("base64");
    const body = Buffer.from(new URLSearchParams(form).toString());
    return { url, headers: { "x-twilio-signature": signature }, body };
  }
  const read = (request: ReceiptRequest): unknown => provider().readReceipt?.(request, nowMs);

  it.each([
    [{ MessageStatus: "sent" }, "sent", ""],
    [{ MessageStatus: "delivered", To: "+41 79", Body: "" }, "delivered", ""],
    [{ MessageStatus: "read" }, "delivered", ""],
    [{ MessageStatus: "undelivered", ErrorCode: "30003" }, "undelivered", "the phone cannot be reached"],
    [{ MessageStatus: "failed", ErrorCode: "39999" }, "undelivered", "error 39999"],
    [{ MessageStatus: "failed" }, "undelivered", ""],
    [{ CallStatus: "completed" }, "delivered", ""],
    [{ CallStatus: "no-answer" }, "undelivered", "nobody answered"],
    [{ CallStatus: "busy" }, "undelivered", "the line was busy"],
    [{ CallStatus: "canceled" }, "undelivered", "it was canceled"],
  ])("with %j", (form, state, reason) => {
    expect(read(receipt({ MessageSid: "SM1", ...form }))).toEqual({ messageId: message.id, state, reason });
  });

  it("is signed here as Twilio's own example is", () => {
    // https://www.twilio.com/docs/usage/security#validating-requests
    const form = {
      CallSid: "CA1234567890ABCDE",
      Caller: "+12349013030",
      Digits: "1234",
      From: "+12349013030",
      To: "+18005551212",
    };
    const request = receipt(form, "12345", "https://mycompany.com/myapp.php?foo=1&bar=2");
    expect(request.headers["x-twilio-signature"]).toBe("0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
  });

  it("is believed where Twilio left the port out of what it signed", () => {
    const withPort = url.replace(".com/", ".com:8443/");
    const request = receipt({ MessageStatus: "delivered" });
    expect(read({ ...request, url: withPort })).toMatchObject({ state: "delivered" });
  });

  it("is not believed with another key, URL, field or without a signature", () => {
    const good = receipt({ MessageStatus: "delivered" });
    expect(read(receipt({ MessageStatus: "delivered" }, "another-key"))).toBeUndefined();
    expect(read({ ...good, url: url.replace("=01", "=02") })).toBeUndefined();
    expect(read({ ...good, body: Buffer.from("MessageStatus=failed") })).toBeUndefined();
    expect(read({ ...good, headers: {} })).toBeUndefined();
    expect(read(good)).toBeDefined();
  });
});
