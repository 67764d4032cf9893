import type { SmsProvider } from "../../src/app/sms-port.ts";

/** A provider that takes every message, but for what a test is about. */
export function fakeSmsProvider(parts: Partial<SmsProvider>): SmsProvider {
  return {
    name: "fake",
    channel: "sms",
    isIdempotent: true,
    send: async () => ({ kind: "sent", providerMessageId: "VE1" }),
    async close() {},
    ...parts,
  };
}
