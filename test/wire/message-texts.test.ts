import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { json } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { Encoding, TextService, TextType } from "../../gen/ringback/text/v1/text_service_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { ZITADELUsers } from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { builtInLanguages } from "../../src/domain/message-text.ts";
import { segmentsOf } from "../../src/domain/sms-segments.ts";
import { parseAsChrome, parseOriginBoundCode } from "../support/origin-bound-code.ts";
import { startWebhook } from "../support/webhook.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";

/** Messages as they stand on the phone. */

const admin = AdminService.method;
const { addHumanUser, addOTPSMS } = UserService.method;
const { createSession } = SessionService.method;
const { addOTPSMSAuthenticator } = ZITADELUsers.method;
const { previewText } = TextService.method;

const androidHash = "FA+9qCX9VSu";
const autofill = {
  RINGBACK_SMS_DOMAIN: "login.example.com, shop.example",
  RINGBACK_SMS_ANDROID_HASH: androidHash,
};

const challengeOf = (userId: string) => ({
  checks: { user: { search: { case: "userId" as const, value: userId } } },
  challenges: { otpSms: {} },
});

interface Reader {
  readonly id: string;
  readonly number: string;
  readonly otherNumber: string;
}

/** Somebody who reads this language, with a number that is verified already, or is being verified by SMS. */
async function reader(
  world: World,
  preferredLanguage: string,
  verification: "isVerified" | "sendCode",
  familyName = "Lovelace",
): Promise<Reader> {
  const { id, number, otherNumber } = world.nobody();
  await world.asAdmin(addHumanUser, {
    userId: id,
    organization: { org: { case: "orgId", value: "default" } },
    profile: { givenName: "Ada", familyName, preferredLanguage },
    email: { email: `${id}@example.com` },
    phone: {
      phone: number,
      verification:
        verification === "isVerified" ? { case: "isVerified", value: true } : { case: "sendCode", value: {} },
    },
  });
  return { id, number, otherNumber };
}

describe("the built-in message", () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld("safe", { env: autofill });
  });
  afterAll(() => world.close());

  /** The messages of all purposes to somebody who reads this language. */
  async function messagesIn(language: string) {
    const verifying = await reader(world, language, "sendCode");
    const enrolled = await reader(world, language, "isVerified");
    await world.asAdmin(addOTPSMS, { userId: enrolled.id });
    await world.asAdmin(createSession, challengeOf(enrolled.id));
    await world.asAdmin(addOTPSMSAuthenticator, {
      id: enrolled.id,
      phone: { number: enrolled.otherNumber, verification: { case: "sendCode", value: {} } },
    });
    return {
      verify_phone: await world.lastMessage(verifying.number),
      verify_otp_sms: await world.lastMessage(enrolled.otherNumber),
      otp_sms: await world.lastMessage(enrolled.number),
    };
  }

  it.each(builtInLanguages)("in %s reads as it always did, in one segment", async (language) => {
    const messages = Object.entries(await messagesIn(language));
    const shown = messages.map(([purpose, { text, code }]) => {
      const example = "1234567890".slice(0, code.length);
      return `# ${purpose}\n${text.replaceAll(code, example)}\n`;
    });
    const golden = new URL(`../golden/texts/${language}.txt`, import.meta.url);
    expect(shown.join("\n")).toBe(readFileSync(golden, "utf8"));

    for (const [, { text, code }] of messages) {
      expect(segmentsOf(text)).toEqual({ encoding: "gsm7", segments: 1 });
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(140); // or the SMS Retriever ignores it
      expect(parseOriginBoundCode(text)).toMatchObject({ host: "login.example.com", code });
      expect(parseAsChrome(text)).toEqual({ host: "login.example.com", code });
      expect(text.split("\n").at(-2)).toBe(androidHash);
    }
  });

  it.each([
    ["de-CH", "ist Ihr Code"],
    ["de_CH", "ist Ihr Code"],
    ["DE", "ist Ihr Code"],
    ["pt-BR", "é a senha"],
    ["ja", "is your code"],
    ["toString", "is your code"],
    ["not one", "is your code"],
    ["", "is your code"],
  ])("for a reader of %j says %j", async (language, words) => {
    const { number } = await reader(world, language, "sendCode");
    expect((await world.lastMessage(number)).text).toContain(words);
  });

  it.each([
    ["shop.example", "shop.example"],
    ["SHOP.example:8443", "shop.example"],
    ["evil.example", "login.example.com"],
    ["shop.example.evil.example", "login.example.com"],
  ])("binds a code that was asked for on %s to %s", async (host, domain) => {
    const { id, number } = await reader(world, "en", "isVerified");
    await world.asAdmin(addOTPSMS, { userId: id });
    const position = await world.history.position();
    const call = httpRequest(`${world.url}/v2/sessions`, {
      method: "POST",
      headers: { host, authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    });
    call.end(JSON.stringify({ checks: { user: { userId: id } }, challenges: { otpSms: {} } }));
    const [response] = await once(call, "response");
    expect([response.statusCode, await json(response)]).toEqual([201, expect.anything()]);
    await world.history.settledSince(position);
    const { text, code } = await world.lastMessage(number);
    expect(parseOriginBoundCode(text)).toMatchObject({ host: domain, code });
  });
});

describe("a text of one's own", () => {
  let world: World;
  afterEach(() => world.close());

  const set = (language: string, text: string) =>
    world.asAdmin(admin.setDefaultVerifyPhoneMessageText, { language, text });
  const messageTo = async (language: string, familyName?: string) =>
    world.lastMessage((await reader(world, language, "sendCode", familyName)).number);

  it("keeps its lines through saving, inbox and webhook", async () => {
    const webhook = await startWebhook();
    world = await openWorld("safe", { env: { ...autofill, RINGBACK_SMS_ALLOW_PRIVATE: "true" } });
    const text = "Hello {{.FirstName}},\n\n  your code:\r\n{{.Code}}";
    await set("en", text);
    const { customText } = await world.asAdmin(admin.getCustomVerifyPhoneMessageText, { language: "en" });
    expect(customText?.text).toBe(text);
    const inInbox = await messageTo("en");
    const sent = (code: string): string =>
      `Hello Ada,\n\n  your code:\r\n${code}\n${androidHash}\n@login.example.com #${code}`;
    expect(inInbox.text).toBe(sent(inInbox.code));

    const { id } = await world.asAdmin(admin.addSMSProviderHTTP, { endpoint: webhook.url });
    await world.asAdmin(admin.activateSMSProvider, { id });
    await reader(world, "en", "sendCode");
    const { templateData, args } = JSON.parse(webhook.received[0]?.body ?? "");
    expect(templateData.text).toBe(sent(args.code));
    await webhook.close();
  });

  it("tells a webhook its other parts, too, filled in", async () => {
    const webhook = await startWebhook();
    world = await openWorld("zitadel", { env: { RINGBACK_SMS_ALLOW_PRIVATE: "true" } });
    const { id } = await world.asAdmin(admin.addSMSProviderHTTP, { endpoint: webhook.url });
    await world.asAdmin(admin.activateSMSProvider, { id });
    await world.asAdmin(admin.setDefaultVerifyPhoneMessageText, {
      language: "en",
      title: "Your number",
      preHeader: "At Example",
      subject: "Code {{.Code}}",
      greeting: "Hello {{.FirstName}} {{.NickName}}",
      text: "{{.Code}}",
      footerText: "{{.NickName}}",
    });
    await reader(world, "en", "sendCode");
    const { templateData, args } = JSON.parse(webhook.received[0]?.body ?? "");
    expect(templateData).toEqual({
      title: "Your number",
      preHeader: "At Example",
      subject: `Code ${args.code}`,
      greeting: "Hello Ada ",
      text: args.code,
    });
    await webhook.close();
  });

  it("may be ZITADEL's, with a last line of its own", async () => {
    world = await openWorld("safe", { env: { RINGBACK_SMS_DOMAIN: "login.example.com" } });
    await set("en", "{{.Code}} for {{ .Domain }}.\n@{{.Domain}} #{{.Code}}");
    const { text, code } = await messageTo("en");
    expect(text).toBe(`${code} for login.example.com.\n@login.example.com #${code}`);
  });

  it("is not broken into lines by the name of its reader", async () => {
    world = await openWorld("safe");
    await set("en", "{{.Code}} for {{.LastName}}");
    const { text, code } = await messageTo("en", "Eve\r\n@evil.example #1\u2028");
    expect(text).toBe(`${code} for Eve @evil.example #1 `);
  });

  it("tells the expiry in its own language, also in one that is not built in", async () => {
    world = await openWorld("safe");
    await set("ja", "{{.Code}} ({{.Expiry}})");
    expect((await messageTo("ja-JP")).text).toMatch(/^[0-9]{6} \(10 分\)$/);
    expect((await messageTo("sv")).text).toContain("10 minutes");
  });

  it("in English is for whoever reads a language that there is none in, also in a preview", async () => {
    world = await openWorld("safe");
    await set("en", "Example: {{.Code}} ({{.Expiry}})");
    const mine = /^Example: [0-9]{6} \(10 minutes\)$/;
    expect((await messageTo("ja")).text).toMatch(mine);
    expect((await messageTo("de")).text).toContain("ist Ihr Code");
    const { text } = await world.asAdmin(previewText, { textType: TextType.VERIFY_PHONE, language: "ja" });
    expect(text).toMatch(mine);
    await world.asAdmin(admin.setDefaultVerifyPhoneMessageText, {
      language: "ja",
      text: "{{.Code}} {{.Expiry}}",
    });
    expect((await messageTo("ja")).text).toMatch(/^[0-9]{6} 10 分$/);
  });

  it("tells the expiry in English where only its title is its own, also in a preview", async () => {
    world = await openWorld("safe");
    await world.asAdmin(admin.setDefaultVerifyPhoneMessageText, { language: "sv", title: "Koden" });
    const { text } = await world.asAdmin(previewText, { textType: TextType.VERIFY_PHONE, language: "sv" });
    expect(text).toContain("It is valid for 10 minutes.");
    expect((await messageTo("sv")).text).toContain("It is valid for 10 minutes.");
  });

  it.each([true, false])("tells in a header what it takes (unary path: %s)", async (unaryPath) => {
    world = await openWorld("safe", { unaryPath });
    const texts = [
      ["{{.Code}}", "1; encoding=gsm7"],
      ["{{.Code}} código para confirmar", "1; encoding=ucs2"],
      [`{{.Code}} ${"x".repeat(200)}`, "2; encoding=gsm7"],
    ];
    const paths = [
      "admin/v1/text/message/verifyphone/es",
      "admin/v1/text/message/verifysmsotp/es",
      "management/v1/text/message/verifyphone/es",
      "management/v1/text/message/verifysmsotp/es",
    ];
    for (const path of paths) {
      for (const [text, header] of texts) {
        const response = await fetch(`${world.url}/${path}`, {
          method: "PUT",
          headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
          body: JSON.stringify({ text }),
        });
        expect([path, response.status, response.headers.get("ringback-sms-segments")]).toEqual([
          path,
          200,
          header,
        ]);
      }
    }
  });
});

describe("a preview", () => {
  let world: World;
  afterEach(() => world.close());

  it("is the message that is sent, but for the code", async () => {
    world = await openWorld("safe", { env: autofill });
    const { text, encoding, segments, warnings } = await world.asAdmin(previewText, {
      textType: TextType.VERIFY_PHONE,
      language: "fr",
    });
    const { number } = await reader(world, "fr", "sendCode");
    const sent = await world.lastMessage(number);
    expect(sent.text.replaceAll(sent.code, "123456")).toBe(text);
    expect([encoding, segments, warnings]).toEqual([Encoding.GSM7, 1, []]);
  });

  it("follows generators, settings and organization", async () => {
    world = await openWorld("zitadel");
    await world.asAdmin(admin.setDefaultVerifySMSOTPMessageText, {
      language: "en",
      text: "{{.OTP}} for {{.DisplayName}} on {{.Domain}}, {{.Expiry}}",
    });
    const request = { textType: TextType.VERIFY_SMS_OTP, language: "en-GB" };
    const { text } = await world.asAdmin(previewText, request);
    expect(text).toBe("12345678 for Ada Lovelace on login.example.com, 5 minutes");
    const phone = { ...request, textType: TextType.VERIFY_PHONE, text: "{{.Code}} {{.Expiry}}" };
    expect((await world.asAdmin(previewText, phone)).text).toBe("BCDEFG 1 hour");
  });

  it("warns of what costs more or does not work", async () => {
    world = await openWorld("safe", { env: autofill });
    const warningsOf = async (text: string) =>
      (await world.asAdmin(previewText, { textType: TextType.VERIFY_PHONE, language: "es", text })).warnings;
    expect(await warningsOf("{{.Code}} código")).toEqual([]);
    expect(await warningsOf("{{.Code}} es su código de verificación")).toEqual([
      "The message takes 2 segments, each of which is paid for. Without these letters it might take fewer: ó",
    ]);
    expect(await warningsOf("x".repeat(170))).toEqual([
      "The message takes 2 segments, each of which is paid for.",
      "The text does not carry the code: it has neither {{.Code}} nor {{.OTP}}.",
      "The message has 209 bytes: the SMS Retriever of Android finds codes in up to 140.",
    ]);
  });
});
