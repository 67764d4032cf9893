import type { MaybePromise } from "../lib/maybe-promise.ts";
import type { InboxMessage, InboxStore } from "./inbox-port.ts";
import type { MessageRecord, Outbox, OutboxMessage, Settlement } from "./outbox-port.ts";
import type {
  Found,
  Search,
  SearchRecords,
  SearchType,
  SessionRecord,
  TextEquality,
  UserRecord,
} from "./search.ts";

/** What the use cases need of a store. Adapters implement it; nothing here knows which. */

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
  /** Set where a state is at hand without being read: a cache in front of it would only hold it twice. */
  readonly isInMemory?: boolean;
  /**
   * The last durable state. One point read, never a replay.
   *
   * @param known what the caller has of it: is given back if it is the last
   */
  load(aggregate: AggregateRef, known?: StoredState): MaybePromise<StoredState | undefined>;
  /** The id of the aggregate that holds the key. */
  findByKey(key: UniqueKey): MaybePromise<string | undefined>;
  /**
   * The ids of aggregates whose records have this text, at most `limit` of them, in no order. It does not wait for the
   * searches that run.
   */
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

/** A message with all that is kept of it. Who has claimed it is not kept: it is due when that lease ends. */
export interface KeptMessage extends MessageRecord {
  /** While it waits. */
  readonly waiting?: {
    readonly sealed: string;
    readonly dueMs: number;
    /** How often it was claimed. */
    readonly attempt: number;
  };
}
