import type { SmsAccount, SmsMessage, SmsProvider } from "../app/sms-port.ts";
import { createHttpProvider } from "./http.ts";
import type { HttpPostOptions } from "./http-post.ts";
import { createInboxProvider } from "./inbox.ts";
import { createMessagebirdProvider } from "./messagebird.ts";
import { createSnsProvider } from "./sns.ts";
import { createTwilioProvider } from "./twilio.ts";
import { createTwilioVerifyProvider } from "./twilio-verify.ts";
import { createVonageProvider } from "./vonage.ts";

export interface SmsProviderOptions extends Omit<HttpPostOptions, "receiver"> {
  /** Where the messages of the embedded provider go. */
  readonly inbox: { deliver(message: SmsMessage): Promise<void> };
  /** Other addresses than the providers' own, for tests; without a slash at the end. */
  readonly apiUrls?: Partial<
    Readonly<Record<"twilio" | "twilioVerify" | "vonage" | "messagebird" | "sns", string>>
  >;
}

/** The provider that an account is with. */
export function createSmsProvider(account: SmsAccount, options: SmsProviderOptions): SmsProvider {
  const { allowPrivate, clock, timeoutMs, inbox, apiUrls = {} } = options;
  const common = { allowPrivate, clock, timeoutMs };
  switch (account.kind) {
    case "inbox":
      return createInboxProvider((message) => inbox.deliver(message));
    case "http":
      return createHttpProvider({ ...account, ...common });
    case "twilio":
      return account.verifyServiceSid === ""
        ? createTwilioProvider({ ...account, ...common, apiUrl: apiUrls.twilio })
        : createTwilioVerifyProvider({ ...account, ...common, apiUrl: apiUrls.twilioVerify });
    case "vonage":
      return createVonageProvider({ ...account, ...common, apiUrl: apiUrls.vonage });
    case "messagebird":
      return createMessagebirdProvider({ ...account, ...common, apiUrl: apiUrls.messagebird });
    case "sns":
      return createSnsProvider({ ...account, ...common, apiUrl: apiUrls.sns });
  }
}
