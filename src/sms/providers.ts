import type { SmsAccount, SmsMessage, SmsProvider } from "../app/ports.ts";
import type { Clock } from "../lib/clock.ts";
import { createHttpProvider } from "./http.ts";
import { createInboxProvider } from "./inbox.ts";
import { createTwilioProvider } from "./twilio.ts";

export interface SmsProviderOptions {
  /** Whether a provider may be on a loopback or private address. */
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  /** Where the messages of the embedded provider go. */
  readonly inbox: { deliver(message: SmsMessage): Promise<void> };
}

/** The provider that an account is with. */
export function createSmsProvider(account: SmsAccount, options: SmsProviderOptions): SmsProvider {
  switch (account.kind) {
    case "inbox":
      return createInboxProvider((message) => options.inbox.deliver(message));
    case "http":
      return createHttpProvider({ ...account, ...options });
    case "twilio":
      return createTwilioProvider(account);
    default:
      throw new Error(`there is no provider of the kind ${account.kind} yet`);
  }
}
