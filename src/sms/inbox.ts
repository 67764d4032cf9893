import type { SmsMessage, SmsProvider } from "../app/sms-port.ts";
import { errorMessage } from "../lib/error-message.ts";

/**
 * The embedded provider: messages stay here, readable through the inbox API, and reach no phone.
 *
 * @param deliver keeps a message; the same one again changes nothing
 */
export function createInboxProvider(deliver: (message: SmsMessage) => Promise<void>): SmsProvider {
  return {
    name: "inbox",
    channel: "sms",
    isIdempotent: true,
    async send(message) {
      try {
        await deliver(message);
        return { kind: "sent" };
      } catch (error) {
        return { kind: "retry", reason: errorMessage(error) };
      }
    },
    async close() {},
  };
}
