import type { SmsEncoding } from "../domain/sms-segments.ts";
import type { MaybePromise } from "../lib/maybe-promise.ts";
import type { Found, Search, SearchRecords, SearchType, SessionRecord, UserRecord } from "./search.ts";

/**
 * The narrow interfaces that the use cases need from the outside. Adapters implement them; nothing here
 * knows which.
 */

// ---------------------------------------------------------------------------------------- store

/** What an event, a state row and a turn belong to. */
export interface AggregateRef {
  readonly type: AggregateType;
  readonly id: string;
}

export const aggregateTypes = ["user", "session", "organization", "instance"] as const;
export type AggregateType = (typeof aggregateTypes)[number];

/** What happened: a stored, versioned fact. `data` is plain JSON. */
export interface RecordedEvent {
  readonly type: string;
  readonly data: object;
}

/** A state row: the fold of all events of one aggregate. */
export interface StoredState {
  /** Number of the last event; 1 is the first. */
  readonly sequence: number;
  /** Plain JSON. Nobody changes it in place. */
  readonly state: object;
}

/** Everything that is stored of an aggregate besides its events. */
export interface StoredRow extends StoredState {
  readonly aggregate: AggregateRef;
  /** Where its last event is in the history. */
  readonly lastPosition: number;
  /** Time of that event. */
  readonly changedMs: number;
  readonly keys: readonly UniqueKey[];
  readonly record: UserRecord | SessionRecord | null;
}

/** A name that belongs to one aggregate at a time, e.g. a user name or the hash of an access token. */
export interface UniqueKey {
  readonly kind: "user_name" | "access_token";
  readonly key: string;
}

/** What a decision writes to one aggregate. */
export interface AggregateWrite {
  readonly aggregate: AggregateRef;
  /** Sequence that the decision was based on; 0 where there was no aggregate. */
  readonly expectedSequence: number;
  /** At least one; numbered from `expectedSequence + 1`. */
  readonly events: readonly RecordedEvent[];
  /** The state after these events. */
  readonly state: object;
  readonly takeKeys?: readonly UniqueKey[];
  readonly freeKeys?: readonly UniqueKey[];
  /**
   * What changes in what the aggregate is found by, of its type: all of it where it was found by nothing; null if
   * it is found by nothing from now on.
   */
  readonly record?: Partial<UserRecord> | Partial<SessionRecord> | null;
}

/** One decision, written as a whole or not at all. */
export interface Commit extends AggregateWrite {
  /** Time of all its events. */
  readonly atMs: number;
  /** Further aggregates, each another one, in the same transaction. */
  readonly also?: readonly AggregateWrite[];
  /** Goes to the outbox. */
  readonly message?: OutboxMessage;
  /** If set, the commit is refused when a message to its recipient was created less than this ago. */
  readonly messagePauseMs?: number;
  /** Settles the outbox message that these events tell of. */
  readonly settle?: Settlement;
}

export type CommitOutcome =
  | { readonly kind: "committed" }
  /** Somebody else wrote first: load again, decide again. */
  | { readonly kind: "sequence_taken" }
  | { readonly kind: "key_taken"; readonly key: UniqueKey }
  | { readonly kind: "paused"; readonly untilMs: number }
  | { readonly kind: "outbox_full" };

/** The store could not do it: disk full, I/O error, connection lost. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
  /** Whether nothing was written for certain, or the write may turn out to be there. */
  readonly outcome: "nothing" | "unknown";

  constructor(message: string, options: ErrorOptions & { readonly outcome?: "nothing" | "unknown" } = {}) {
    super(message, options);
    this.outcome = options.outcome ?? "nothing";
  }
}

export interface HistoryEvent extends RecordedEvent {
  /** Grows with every event of the store, in the order of commits. */
  readonly position: number;
  readonly aggregate: AggregateRef;
  readonly sequence: number;
  readonly atMs: number;
}

export interface Store {
  /** Set where others write to it, too: what was loaded once may be old. */
  readonly isShared?: true;
  /**
   * The last durable state. One point read, never a replay.
   *
   * @param known what the caller has of it: is given back if it is the last
   */
  load(aggregate: AggregateRef, known?: StoredState): MaybePromise<StoredState | undefined>;
  /** The id of the aggregate that holds the key. */
  findByKey(key: UniqueKey): MaybePromise<string | undefined>;
  /** The ids of a page of aggregates whose records are like this. */
  search<T extends SearchType>(type: T, search: Search<SearchRecords[T]>): MaybePromise<Found>;
  /**
   * Durable once it resolves to `committed`; nothing was written with any other outcome.
   * @throws StoreUnavailableError
   */
  commit(commit: Commit): Promise<CommitOutcome>;
  /** Events in the order of commits, after `afterPosition`, at most `limit`. */
  history(afterPosition: number, limit: number): MaybePromise<readonly HistoryEvent[]>;
  /** Puts these in the place of the rows of all aggregates. The history stays. Only while no command runs. */
  replaceRows(rows: readonly StoredRow[]): Promise<void>;
  readonly outbox: Outbox;
  readonly inbox: InboxStore;
  /** Whether it would take a write now; one that is left out always does. */
  isReady?(): Promise<boolean>;
  /** Resolves once everything that was begun is finished. Nothing works afterwards. */
  close(): Promise<void>;
}

// --------------------------------------------------------------------------------------- outbox

export const messagePurposes = ["verify_phone", "verify_otp_sms", "otp_sms"] as const;
export type MessagePurpose = (typeof messagePurposes)[number];

/** An SMS that is to be sent. Its id is the id of the challenge, and the idempotency key. */
export interface OutboxMessage {
  readonly id: string;
  readonly userId: string;
  /** Where its code was made for a session. */
  readonly sessionId?: string;
  readonly purpose: MessagePurpose;
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
  /** Who sent it. */
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
   * Takes what a provider reports of a message that it sent. "delivered" and "undelivered" are final.
   *
   * @returns false if it is none of this provider's, or its end is known
   */
  noteReceipt(receipt: Receipt & { readonly providerId: string; readonly atMs: number }): Promise<boolean>;
  find(messageId: string): MaybePromise<MessageRecord | undefined>;
  /** The newest first. Unless it asks for a recipient, it looks at the newest `listedMessagesMax` only. */
  list(query: MessageQuery): MaybePromise<readonly MessageRecord[]>;
  /** When the next message will be due; undefined if none waits. */
  nextDueMs(): MaybePromise<number | undefined>;
}

// ---------------------------------------------------------------------------------------- inbox

/** A message as the embedded provider `inbox` keeps it. */
export interface InboxMessage {
  /** Grows with every message. */
  readonly id: number;
  /** Id of the outbox message. */
  readonly messageId: string;
  readonly userId: string;
  readonly purpose: MessagePurpose;
  readonly recipient: string;
  readonly text: string;
  readonly code: string;
  readonly createdMs: number;
  readonly expiresMs: number | null;
}

export interface InboxQuery {
  /** E.164; all numbers if left out. */
  readonly recipient?: string;
  readonly afterId?: number;
  readonly order: "oldest_first" | "newest_first";
  readonly limit: number;
}

/** Keeps the newest `inboxMessagesMax` messages. */
export interface InboxStore {
  /** Undefined if a message with this `messageId` is there already. */
  append(message: Omit<InboxMessage, "id">): Promise<InboxMessage | undefined>;
  list(query: InboxQuery): MaybePromise<readonly InboxMessage[]>;
  /** @returns how many were removed. */
  clear(recipient?: string): Promise<number>;
}

export const inboxMessagesMax = 10_000;
export const outboxPendingMax = 100_000;
export const listedMessagesMax = 100_000;

// ------------------------------------------------------------------------------------------ sms

/** What a provider gets to send. */
export interface SmsMessage {
  /** Idempotency key. */
  readonly id: string;
  readonly purpose: MessagePurpose;
  /** E.164. */
  readonly recipient: string;
  readonly text: string;
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

export const channels = ["sms", "whatsapp", "voice"] as const;
/** The way to the phone. */
export type Channel = (typeof channels)[number];

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
  /** E.164. */
  readonly recipient: string;
  readonly code: string;
}) => Promise<CodeCheckResult>;

export type CodeCheckResult =
  | { readonly kind: "right" }
  | { readonly kind: "wrong" }
  /** The provider knows of no such code any more: expired, answered, or tried too often. */
  | { readonly kind: "gone" }
  /** It could not be asked. */
  | { readonly kind: "unavailable"; readonly reason: string };

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
      /** A number in E.164, or the SID of a messaging service ("MG…"). */
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

// ------------------------------------------------------------------------------------------ auth

/** Who calls. */
export interface Caller {
  readonly userId: string;
  /** The organization of the user. */
  readonly organizationId: string;
  /** BCP 47, or empty. */
  readonly preferredLanguage: string;
  /** Whether the caller has any role at all. */
  readonly hasRoles: boolean;
  /** Whether a role of the caller gives the permission in that organization (anywhere if left out). */
  may(permission: Permission, organizationId?: string): boolean;
  /** Whether a role of the caller gives the permission in every organization, and for the instance itself. */
  mayEverywhere(permission: Permission): boolean;
}

export const permissions = [
  "user.read",
  "user.write",
  "user.delete",
  "user.credential.write",
  "session.read",
  "session.write",
  "session.delete",
  "policy.read",
  "policy.write",
  "policy.delete",
  "iam.policy.read",
  "iam.policy.write",
  "iam.policy.delete",
  "iam.read",
  "iam.write",
] as const;
export type Permission = (typeof permissions)[number];

/** Signs short-lived tokens for users. */
export interface TokenMinter {
  mint(request: {
    readonly userId: string;
    readonly lifetimeSeconds: number;
    readonly nowMs: number;
  }): Promise<{ readonly token: string; readonly expireMs: number }>;
}
