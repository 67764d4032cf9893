import { describe, expect, it } from "@jest/globals";
import type { ClaimedMessage } from "../../src/app/outbox-port.ts";
import { instanceId, Settings } from "../../src/app/settings.ts";
import { smsTextOf } from "../../src/courier/sms-text.ts";
import { channels } from "../../src/domain/channel.ts";
import { builtInText } from "../../src/domain/message-text.ts";
import { policyOf } from "../../src/domain/policy.ts";
import type { UserState } from "../../src/domain/user-state.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";

const autofill = { domains: ["login.example.com"], androidHash: "FA+9qCX9VSu" };
const settings = new Settings(policyOf("safe", undefined, undefined, autofill), openMemoryStore(), {
  nowMs: () => 0,
});

const user: UserState = {
  id: "ada",
  kind: "human",
  status: "active",
  resourceOwner: "org",
  createdMs: 0,
  changedMs: 0,
  userName: "ada",
  profile: {
    givenName: "Ada",
    familyName: "Lovelace",
    nickName: "",
    displayName: "Ada Lovelace",
    preferredLanguage: "it",
    gender: 0,
  },
  email: { address: "", isVerified: false },
  metadata: [],
  registrations: {},
  wrongCodes: 0,
  accessTokens: {},
  roles: [],
};
const message: ClaimedMessage = {
  id: "message",
  userId: user.id,
  purpose: "otp_sms",
  recipient: "+41791234567",
  createdMs: 0,
  expiresMs: 300_000,
  sealed: "",
  attempt: 1,
  attempts: [],
};

describe("the text of a message", () => {
  it.each(channels)("by %s has the lines for browsers and apps only where they are read", async (channel) => {
    const written = await smsTextOf(settings, message, user, { code: "12345678", origin: "" }, channel);
    const words = "12345678 è il suo codice monouso. Vale 5 minuti. Non lo comunichi a nessuno.";
    const lines = "\nFA+9qCX9VSu\n@login.example.com #12345678";
    expect(written).toMatchObject({ language: "it", text: channel === "sms" ? words + lines : words });
  });

  it.each([
    ["", "en", "12345678 is your one-time code. It is valid for 5 minutes. Never share it."],
    ["{{.OTP}} gäller {{.Expiry}}.", "sv", "12345678 gäller 5 minuter."],
  ])("that is set to %j for Swedish is in the language %s", async (text, language, spoken) => {
    const set = { ...builtInText("verify_sms_otp", "sv"), title: "Koden", text };
    const data = { textType: "verify_sms_otp", language: "sv", message: set } as const;
    await settings.instance.execute(instanceId, () => ({
      events: [{ type: "settings.message.text.set", data }],
    }));
    const reader = { ...user, profile: { ...user.profile, preferredLanguage: "sv" } };
    const written = await smsTextOf(settings, message, reader, { code: "12345678", origin: "" }, "voice");
    expect(written).toMatchObject({ language, text: spoken });
  });
});
