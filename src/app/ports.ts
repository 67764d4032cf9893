import type { Channel } from "../domain/channel.ts";
import type { CodePurpose } from "../domain/decision.ts";
import type { SmsEncoding } from "../domain/sms-segments.ts";
import type { MaybePromise } from "../lib/maybe-promise.ts";
import type { InboxMessage, InboxStore } from "./inbox-port.ts";
import type { Receipt, SendResult } from "./sms-port.ts";
import type {
  Found,
  Search,
  SearchRecords,
  SearchType,
  SessionRecord,
  TextEquality,
  UserRecord,
} from "./search.ts";

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
  readonly takeKeys?: readonly UniqueKey[] | undefined;
  readonly freeKeys?: readonly UniqueKey[] | undefined;
  /**
   * The change of the search record: only changed fields; all fields if there was none; null removes it.
   */
  readonly record?: Partial<UserRecord> | Partial<SessionRecord> | null | undefined;
}

/** One decision, written as a whole or not at all. */
export interface Commit extends AggregateWrite {
  /** Time of all its events. */
  readonly atMs: number;
  /** Further aggregates, each another one, in the same transaction. */
  readonly also?: readonly AggregateWrite[] | undefined;
  /** Goes to the outbox. */
  readonly message?: OutboxMessage | undefined;
  /** If set, the commit is refused when a message to its recipient was created less than this ago. */
  readonly messagePauseMs?: number | undefined;
  /** Settles the outbox message that these events tell of. */
  readonly settle?: Settlement | undefined;
  /** The answer to the call, kept to be given again. If there is one with its key, the commit is refused. */
  readonly answer?: KeptAnswer | undefined;
}

/** The answer to a call, for whoever repeats the call. */
export interface KeptAnswer {
  /** Hash of what the call is known by again. */
  readonly key: string;
  /** Encrypted. */
  readonly sealed: string;
  /** It is forgotten then. */
  readonly expiresMs: number;
}

export type CommitOutcome =
  | { readonly kind: "committed" }
  /** Somebody else wrote first: load again, decide again. */
  | { readonly kind: "sequence_taken" }
  | { readonly kind: "key_taken"; readonly key: UniqueKey }
  | { readonly kind: "paused"; readonly untilMs: number }
  | { readonly kind: "outbox_full" }
  | { readonly kind: "answered" }
  | { readonly kind: "answers_full" };

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
  /** The ids of aggregates whose records have this text, at most `limit` of them, in no order. It waits for no search. */
  findByText<T extends SearchType>(
    type: T,
    equality: TextEquality<SearchRecords[T]>,
    limit: number,
  ): MaybePromise<readonly string[]>;
  /** The ids of a page of aggregates whose records are like this. */
  search<T extends SearchType>(type: T, search: Search<SearchRecords[T]>): MaybePromise<Found>;
  /**
   * Durable once it resolves to `committed`; nothing was written with any other outcome.
   * @throws StoreUnavailableError
   */
  commit(commit: Commit): Promise<CommitOutcome>;
  /** The kept answer with this key, sealed. */
  findAnswer(key: string, nowMs: number): MaybePromise<string | undefined>;
  /** Events in the order of commits, after `afterPosition`, at most `limit`. */
  history(afterPosition: number, limit: number): MaybePromise<readonly HistoryEvent[]>;
  /**
   * Makes the rows of all aggregates anew, all of them or none. Only while no command runs.
   *
   * @returns how many there are
   * @throws whatever `rowsOf` throws
   */
  rebuild(rowsOf: RowsOf): Promise<number>;
  /** All that is kept, as it is at one moment: kind by kind as in `keptKinds`, each in its order. */
  dump(): AsyncIterable<KeptItem>;
  /**
   * Fills an empty store with what another one gave, and makes the rows, all of it or nothing. Only while no command
   * runs.
   *
   * @returns how many rows there are
   * @throws Error if the store is not empty, or whatever the items or `rowsOf` throw
   */
  restore(items: AsyncIterable<KeptItem>, rowsOf: RowsOf): Promise<number>;
  readonly outbox: Outbox;
  readonly inbox: InboxStore;
  /** Whether a database elsewhere would take a write now; a store that is part of the server leaves it out. */
  isReady?(): Promise<boolean>;
  /** Resolves once everything that was begun is finished. Nothing works afterwards. */
  close(): Promise<void>;
}

/**
 * Makes rows from events. The events of an aggregate come one after the other, in the order of their sequences, so that
 * nobody need keep more than one aggregate in memory.
 */
export type RowsOf = (events: AsyncIterable<HistoryEvent>) => AsyncIterable<StoredRow>;

/** What a store keeps, by kind. The rows are not among it: they are made from the events. */
export interface Kept {
  readonly event: HistoryEvent;
  readonly message: KeptMessage;
  readonly inboxMessage: InboxMessage;
  readonly answer: KeptAnswer;
}

export const keptKinds = ["event", "message", "inboxMessage", "answer"] as const;
export type KeptKind = (typeof keptKinds)[number];
export type KeptItem = { [K in KeptKind]: { readonly kind: K; readonly value: Kept[K] } }[KeptKind];

/** A message with all that is kept of it. A claim is not: to others it is due when its lease ends. */
export interface KeptMessage extends MessageRecord {
  /** While it waits. */
  readonly waiting?: {
    readonly sealed: string;
    readonly dueMs: number;
    /** How often it was claimed. */
    readonly attempt: number;
  };
}

// --------------------------------------------------------------------------------------- outbox

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

/** What waits to be sent, and where it stands among the others. */
export interface WaitingMessage extends Pick<MessageRecord, "id" | "number"> {
  readonly dueMs: number;
  readonly sealed: string;
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

export const outboxPendingMax = 100_000;
export const listedMessagesMax = 100_000;
/** At 24 hours each, about 11 a second. */
export const keptAnswersMax = 1_000_000;
