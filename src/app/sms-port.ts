import type { Channel } from "../domain/channel.ts";
import type { CodePurpose } from "../domain/codes.ts";
import type { SourceOf } from "../domain/decision.ts";
import type { MaybePromise } from "../lib/maybe-promise.ts";

/** What the use cases and the courier need of an SMS provider. Adapters implement it; nothing here knows which. */

/** What a provider gets to send. */
export interface SmsMessage {
  /** Idempotency key. */
  readonly id: string;
  readonly purpose: CodePurpose;
  /** E.164. */
  readonly recipient: string;
  readonly text: string;
  /** The other parts of the message that were set, such as its title, filled in. Webhooks get them; an SMS has none. */
  readonly parts: Readonly<Record<string, string>>;
  /** Of the text (BCP 47), e.g. "de" or "de-CH". */
  readonly language: string;
  readonly code: string;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  /** Where the code was asked for, e.g. "https://login.example.com"; empty if that is not known. */
  readonly origin: string;
  /** Where its code was made for a session. */
  readonly sessionId?: string;
  readonly user: SmsUser;
  /** Where the provider reports what became of the message; left out if nobody listens there. */
  readonly receiptUrl?: string;
}

/** The user as far as a webhook tells of them. */
export interface SmsUser {
  readonly id: string;
  readonly organizationId: string;
  readonly userName: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly nickName: string;
  readonly displayName: string;
  readonly email: string;
  readonly isEmailVerified: boolean;
  readonly lastPhone: string;
  readonly verifiedPhone: string;
  readonly createdMs: number;
  readonly changedMs: number;
}

export type SendResult =
  | {
      readonly kind: "sent";
      /** What the provider calls the message; for a provider that makes the codes, what it checks them by. */
      readonly providerMessageId?: string;
    }
  /** Not sent for certain: worth another attempt, not before `retryAfterMs` if it is given. */
  | { readonly kind: "retry"; readonly reason: string; readonly retryAfterMs?: number }
  /** It may have been sent, or not: the connection broke after the request had left. */
  | { readonly kind: "unknown"; readonly reason: string }
  /** Not sent for certain, and never worth another attempt with this provider. */
  | {
      readonly kind: "rejected";
      readonly reason: string;
      /** Whether the provider refuses the account, and so every message: a wrong key, no credit. */
      readonly isAccountRefused?: boolean;
    };

export interface SmsProvider {
  /** Kind of the provider, e.g. "inbox"; for logs. */
  readonly name: string;
  readonly channel: Channel;
  /** Whether a message that is sent twice with the same id reaches the phone once. */
  readonly isIdempotent: boolean;
  /** Never throws: what went wrong is a result. Takes at most its own time-out. */
  send(message: SmsMessage): Promise<SendResult>;
  /** Of a provider that makes and checks the codes itself. */
  readonly checkCode?: CheckCode;
  /** Of a provider that tells later what became of a message. */
  readonly readReceipt?: ReadReceipt;
  /** Resolves once what is being sent is sent. */
  close(): Promise<void>;
}

/**
 * Asks the provider whether this is the code that it sent. Never throws.
 *
 * @param providerMessageId what `send` gave for it
 */
export type CheckCode = (request: {
  readonly providerMessageId: string;
  readonly code: string;
}) => Promise<CodeCheckResult>;

export type CodeCheckResult =
  | { readonly kind: "right" }
  | { readonly kind: "wrong" }
  /** The provider knows of no such code any more: expired, answered, or tried too often. */
  | { readonly kind: "gone" }
  /** It could not be asked. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** The providers that make and check the codes themselves. */
export interface CodeProviders {
  /**
   * Where codes come from, by the settings of this moment.
   *
   * @param channel the only one that a message may go, if one is asked for
   */
  sources(channel: Channel | undefined): MaybePromise<SourceOf>;
  /** @returns undefined if there is no such provider, or it is not active any more */
  check(providerId: string, request: Parameters<CheckCode>[0]): Promise<CodeCheckResult | undefined>;
}

/** Understands the request by which a provider reports; undefined unless it is proved to come from there. */
export type ReadReceipt = (request: ReceiptRequest, nowMs: number) => MaybePromise<Receipt | undefined>;

/** An HTTP request as it came in. */
export interface ReceiptRequest {
  /** The whole URL as the provider was told, with its query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** What became of a message after the provider took it. */
export interface Receipt {
  /** Our id of the message. */
  readonly messageId: string;
  readonly state: ReceiptState;
  /** The carrier's reason, in plain words, without any number or code; empty if there is none. */
  readonly reason: string;
}

export const receiptStates = ["sent", "delivered", "undelivered"] as const;
export type ReceiptState = (typeof receiptStates)[number];

/** An account with a provider, with its secrets in plain. */
export type SmsAccount = { readonly id: string; readonly description: string } & (
  | { readonly kind: "inbox" }
  | { readonly kind: "http"; readonly url: string; readonly signingKeys: readonly SigningKey[] }
  | {
      readonly kind: "twilio";
      /** Account SID. */
      readonly sid: string;
      /** Auth token. */
      readonly token: string;
      /** A number in E.164, or the SID of a messaging service ("MG…"), which makes no calls. */
      readonly senderNumber: string;
      /** If it is not empty, Twilio Verify makes, sends and checks the codes. */
      readonly verifyServiceSid: string;
      readonly channel: Channel;
    }
  | {
      readonly kind: "vonage";
      readonly apiKey: string;
      readonly apiSecret: string;
      /** A number, or a name of up to 11 letters and digits. */
      readonly sender: string;
      /** Signs delivery receipts (JWT, HS256); they are refused if it is empty. */
      readonly signatureSecret: string;
    }
  | {
      readonly kind: "messagebird";
      readonly accessKey: string;
      readonly sender: string;
      /** Signs delivery receipts; they are refused if it is empty. */
      readonly signingKey: string;
    }
  | {
      readonly kind: "sns";
      /** E.g. "eu-central-1". */
      readonly region: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      /** A name of up to 11 letters and digits; empty for the account's default. */
      readonly senderId: string;
    }
);

export interface SigningKey {
  readonly key: string;
  /** Null if it never expires. */
  readonly expiresMs: number | null;
}
