import type { Channel } from "../domain/channel.ts";
import type { CodePurpose } from "../domain/codes.ts";
import type { SmsEncoding } from "../domain/sms-segments.ts";
import type { MaybePromise } from "../lib/maybe-promise.ts";
import type { Receipt, SendResult } from "./sms-port.ts";

/** The messages that are to be sent, and what became of them, as the store keeps them. */

/** An SMS that is to be sent. Its id is the id of the challenge, and the idempotency key. */
export interface OutboxMessage {
  readonly id: string;
  readonly userId: string;
  /** Where its code was made for a session. */
  readonly sessionId?: string;
  readonly purpose: CodePurpose;
  /** E.164. */
  readonly recipient: string;
  /** The only way that it may go, if its reader asked for one. */
  readonly channel?: Channel;
  readonly createdMs: number;
  /** After this time it is not worth sending; null if never. */
  readonly expiresMs: number | null;
  /** What must be sent, encrypted; erased when the message is settled. */
  readonly sealed: string;
}

/** One request to one provider to send a message. */
export interface Attempt {
  readonly providerId: string;
  readonly startedMs: number;
  /** Left out until its end is known. */
  readonly outcome?: SendResult["kind"];
  readonly endedMs?: number;
  /** Why it was not sent, in plain words, without any number or code. */
  readonly reason?: string;
  /** How long the provider asked to be left alone with this message. */
  readonly retryAfterMs?: number;
}

/** The right to send a message. It ends with its lease, or when the message is claimed again. */
export interface Claim {
  /** Id of the message. */
  readonly id: string;
  /** Counts the claims of the message; 1 for the first. */
  readonly attempt: number;
}

export interface ClaimedMessage extends OutboxMessage, Claim {
  /** What is known of earlier attempts, the oldest first. */
  readonly attempts: readonly Attempt[];
}

/** The end of a message: handed to a provider, not to be sent any more, or given up. */
export interface Settlement {
  readonly messageId: string;
  readonly outcome: "sent" | "skipped" | "dead";
  /** A short reason in plain words, without any number or code. */
  readonly reason: string;
  readonly settledMs: number;
  readonly attempts: readonly Attempt[];
  /** Who sent it, or may have. */
  readonly providerId?: string;
  /** What that provider calls it. */
  readonly providerMessageId?: string;
  readonly encoding?: SmsEncoding;
  readonly segments?: number;
}

export const messageStates = ["queued", "sent", "delivered", "undelivered", "skipped", "dead"] as const;
export type MessageState = (typeof messageStates)[number];

/** What is known of a message, for as long as it waits and for 30 days after it was created. */
export interface MessageRecord
  extends
    Omit<OutboxMessage, "sealed">,
    Pick<Settlement, "attempts" | "providerId" | "providerMessageId" | "encoding" | "segments"> {
  /** Grows with every message. */
  readonly number: number;
  readonly state: MessageState;
  /** Of its state; empty if there is none. */
  readonly reason: string;
  /** Left out while it waits. */
  readonly settledMs?: number;
  /** When its provider reported last. */
  readonly receiptMs?: number;
}

/** What waits to be sent, and where it stands among the others. */
export interface WaitingMessage extends Pick<MessageRecord, "id" | "number"> {
  readonly dueMs: number;
  readonly sealed: string;
}

/** What a provider reported, which one it was, and when. */
export interface NotedReceipt extends Receipt {
  readonly providerId: string;
  readonly atMs: number;
}

/** All conditions hold at once. */
export interface MessageQuery {
  readonly userId?: string;
  /** E.164. */
  readonly recipient?: string;
  readonly state?: MessageState;
  /** Only messages that are older than this one. */
  readonly beforeNumber?: number;
  readonly limit: number;
}

export interface Outbox {
  /**
   * Takes up to `limit` messages that are due, the oldest first, for `leaseMs`: nobody else gets them until
   * then, nor any other message of the same user, so that their order is kept.
   */
  claim(nowMs: number, leaseMs: number, limit: number): Promise<readonly ClaimedMessage[]>;
  /**
   * Notes, before a provider is asked, that it is about to be.
   *
   * @param attempts all there were, and the one that begins
   * @returns false if the claim has ended: the message is somebody else's
   */
  begin(claim: Claim, attempts: readonly Attempt[]): Promise<boolean>;
  /** Gives a message back, to be claimed again at `dueMs`; does nothing if the claim has ended. */
  retry(claim: Claim, dueMs: number, attempts: readonly Attempt[]): Promise<void>;
  /** Ends a message for which no event is written. */
  settle(settlement: Settlement): Promise<void>;
  /**
   * Takes what a provider reports of a message that it sent, or may have. "delivered" and "undelivered" are final.
   *
   * @returns false if it is none of this provider's, or its end is known
   */
  noteReceipt(receipt: NotedReceipt): Promise<boolean>;
  find(messageId: string): MaybePromise<MessageRecord | undefined>;
  /**
   * The newest first. Unless it asks for a recipient, it need not look beyond the newest `listedMessagesMax`; for those
   * that wait or failed, stores with an index do.
   */
  list(query: MessageQuery): MaybePromise<readonly MessageRecord[]>;
  /** Messages that wait, in the order in which they are due. */
  waiting(after: WaitingMessage | undefined, limit: number): MaybePromise<readonly WaitingMessage[]>;
  /**
   * Puts another encryption of the same content in the place of `message.sealed`.
   * @returns false if it is not there any more
   */
  reseal(message: Pick<WaitingMessage, "id" | "sealed">, sealed: string): Promise<boolean>;
  /** When the next message will be due; undefined if none waits. */
  nextDueMs(): MaybePromise<number | undefined>;
}

export const listedMessagesMax = 100_000;
