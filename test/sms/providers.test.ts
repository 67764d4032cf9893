import { describe, expect, it } from "@jest/globals";
import type { SmsAccount } from "../../src/app/sms-port.ts";
import { createSmsProvider } from "../../src/sms/providers.ts";
import { clock } from "../support/provider-message.ts";
import { messagebirdAccount } from "../support/provider-messagebird.ts";
import { snsAccount } from "../support/provider-sns.ts";
import { twilioAccount } from "../support/provider-twilio.ts";
import { verifyAccount } from "../support/provider-twilio-verify.ts";
import { vonageAccount } from "../support/provider-vonage.ts";
import { webhookAccount } from "../support/provider-webhook.ts";

const sms = { channel: "sms", isIdempotent: false, hasReceipts: false, checksCodes: false };

/** What failover, receipts and code checks rely on. */
const accounts: readonly (readonly [string, SmsAccount, object])[] = [
  ["inbox", { kind: "inbox", id: "p1", description: "" }, { ...sms, isIdempotent: true }],
  ["http", webhookAccount("https://example.com"), { ...sms, isIdempotent: true, hasReceipts: true }],
  ["twilio", twilioAccount, { ...sms, hasReceipts: true }],
  ["twilio", { ...twilioAccount, channel: "voice" }, { ...sms, hasReceipts: true, channel: "voice" }],
  ["twilio-verify", verifyAccount, { ...sms, checksCodes: true }],
  [
    "twilio-verify",
    { ...verifyAccount, channel: "whatsapp" },
    { ...sms, checksCodes: true, channel: "whatsapp" },
  ],
  ["vonage", vonageAccount, { ...sms, hasReceipts: true }],
  ["messagebird", messagebirdAccount, { ...sms, hasReceipts: true }],
  ["sns", snsAccount, sms],
];

describe("the provider of an account", () => {
  it.each(accounts)("%s", async (name, account, expected) => {
    const inbox = { deliver: () => Promise.resolve() };
    const provider = createSmsProvider(account, { allowPrivate: false, clock, inbox });
    const { channel, isIdempotent, readReceipt, checkCode } = provider;
    expect(provider.name).toBe(name);
    const has = { hasReceipts: readReceipt !== undefined, checksCodes: checkCode !== undefined };
    expect({ channel, isIdempotent, ...has }).toEqual(expected);
    await provider.close();
  });
});
