import {
  StoreUnavailableError,
  type AggregateRef,
  type AggregateType,
  type AggregateWrite,
  type ClaimedMessage,
  type Commit,
  type CommitOutcome,
  type HistoryEvent,
  type InboxMessage,
  type InboxQuery,
  type InboxStore,
  type Outbox,
  type OutboxMessage,
  type Settlement,
  type Store,
  type StoredRow,
  type StoredState,
  type UniqueKey,
} from "../../app/ports.ts";
import type { Found, Search, SearchRecords, SearchType } from "../../app/search.ts";
import { pruneStepMessages, settledKeptMs, storeBounds, type StoreBounds } from "../bounds.ts";
import { EventLog } from "./event-log.ts";
import { MemoryAnswers } from "./memory-answers.ts";
import { MemoryRecords } from "./memory-records.ts";

/** A store that forgets everything when the process ends: for tests, demos and as a yardstick. */
export function openMemoryStore(bounds: Partial<StoreBounds> = {}): Store {
  return new MemoryStore({ ...storeBounds, ...bounds });
}

class MemoryStore implements Store {
  readonly outbox: MemoryOutbox;
  readonly inbox: MemoryInbox;
  /** By id. */
  readonly #states: Readonly<Record<AggregateType, Map<string, StoredState>>> = {
    user: new Map(),
    session: new Map(),
    organization: new Map(),
    instance: new Map(),
  };
  readonly #keyHolders = new Map<string, string>();
  readonly #events = new EventLog();
  readonly #answers: MemoryAnswers;
  readonly #records: { readonly [T in SearchType]: MemoryRecords<SearchRecords[T]> } = {
    user: new MemoryRecords(["id", "organizationId", "userName", "email", "phone"]),
    session: new MemoryRecords(["id", "userId", "creatorId"]),
  };
  #isClosed = false;

  constructor(bounds: StoreBounds) {
    this.outbox = new MemoryOutbox(bounds.outboxPendingMax);
    this.inbox = new MemoryInbox(bounds.inboxMessagesMax);
    this.#answers = new MemoryAnswers(bounds.keptAnswersMax);
  }

  load({ type, id }: AggregateRef): StoredState | undefined {
    return this.#states[type].get(id);
  }

  findByKey(key: UniqueKey): string | undefined {
    return this.#keyHolders.get(keyName(key));
  }

  search<T extends SearchType>(type: T, search: Search<SearchRecords[T]>): Found {
    return this.#records[type].search(search);
  }

  findAnswer(key: string, nowMs: number): string | undefined {
    return this.#answers.find(key, nowMs);
  }

  async commit(commit: Commit): Promise<CommitOutcome> {
    if (this.#isClosed) throw new StoreUnavailableError("the store is closed");
    const writes = commit.also === undefined ? [commit] : [commit, ...commit.also];
    if (
      writes.length > 1 &&
      new Set(writes.map(({ aggregate }) => aggregateName(aggregate))).size < writes.length
    ) {
      throw new Error("a commit writes to one aggregate twice");
    }
    const { atMs, message, settle, answer } = commit;
    const refusal =
      (answer && this.#answers.refusal(answer, atMs)) ?? this.#refusal(writes) ?? this.outbox.refusal(commit);
    if (refusal !== undefined) return refusal;
    if (answer !== undefined) this.#answers.add(answer);
    if (message !== undefined) this.outbox.add(message);
    if (settle !== undefined) this.outbox.end(settle);
    for (const write of writes) this.#write(write, atMs);
    return { kind: "committed" };
  }

  history(afterPosition: number, limit: number): readonly HistoryEvent[] {
    return this.#events.read(afterPosition, limit);
  }

  async replaceRows(rows: readonly StoredRow[]): Promise<void> {
    for (const states of Object.values(this.#states)) states.clear();
    this.#keyHolders.clear();
    this.#records.user.clear();
    this.#records.session.clear();
    for (const { aggregate, sequence, state, changedMs, keys, record } of rows) {
      this.#states[aggregate.type].set(aggregate.id, { sequence, state });
      for (const key of keys) this.#keyHolders.set(keyName(key), aggregate.id);
      this.#writeRecord(aggregate, record, changedMs);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #refusal(writes: readonly AggregateWrite[]): CommitOutcome | undefined {
    for (const { aggregate, expectedSequence } of writes) {
      if ((this.load(aggregate)?.sequence ?? 0) !== expectedSequence) return { kind: "sequence_taken" };
    }
    const takers = new Map<string, string>();
    for (const { aggregate, takeKeys = [] } of writes) {
      for (const key of takeKeys) {
        const holder = this.findByKey(key) ?? takers.get(keyName(key));
        if (holder !== undefined && holder !== aggregate.id) return { kind: "key_taken", key };
        takers.set(keyName(key), aggregate.id);
      }
    }
    return undefined;
  }

  #write(write: AggregateWrite, atMs: number): void {
    const { aggregate, events, state, record, freeKeys = [], takeKeys = [] } = write;
    let sequence = write.expectedSequence;
    for (const event of events) {
      sequence += 1;
      this.#events.append({ type: event.type, data: event.data, aggregate, sequence, atMs });
    }
    this.#states[aggregate.type].set(aggregate.id, { sequence, state });
    this.#writeRecord(aggregate, record, atMs);
    for (const key of freeKeys) {
      if (this.findByKey(key) === aggregate.id) this.#keyHolders.delete(keyName(key));
    }
    for (const key of takeKeys) this.#keyHolders.set(keyName(key), aggregate.id);
  }

  #writeRecord({ type, id }: AggregateRef, record: AggregateWrite["record"], atMs: number): void {
    if (type === "user" || type === "session") this.#records[type].write(id, record, atMs);
  }
}

function aggregateName(aggregate: AggregateRef): string {
  return `${aggregate.type}/${aggregate.id}`;
}

function keyName(key: UniqueKey): string {
  return `${key.kind}/${key.key}`;
}

/** A message that waits to be sent. `number` grows with every message. */
interface Pending {
  readonly number: number;
  readonly message: OutboxMessage;
  readonly dueMs: number;
  readonly attempt: number;
}

class MemoryOutbox implements Outbox {
  readonly #pendingMax: number;
  readonly #pending = new Map<string, Pending>();
  /** The pending messages, the one that is due first in front. */
  readonly #queue: Pending[] = [];
  /** Creation time of every message, pending or settled, the oldest message first. */
  readonly #records = new Map<string, { readonly recipient: string; readonly createdMs: number }>();
  readonly #newestMs = new Map<string, number>();
  #lastNumber = 0;

  constructor(pendingMax: number) {
    this.#pendingMax = pendingMax;
  }

  refusal({ message, messagePauseMs = 0 }: Commit): CommitOutcome | undefined {
    if (message === undefined) return undefined;
    const untilMs = (this.#newestMs.get(message.recipient) ?? -Infinity) + messagePauseMs;
    if (messagePauseMs > 0 && message.createdMs < untilMs) return { kind: "paused", untilMs };
    return this.#pending.size >= this.#pendingMax ? { kind: "outbox_full" } : undefined;
  }

  /** @throws Error if there was a message with this id already: that is a mistake of the caller. */
  add(message: OutboxMessage): void {
    const { id, recipient, createdMs } = message;
    if (this.#records.has(id)) throw new Error(`there is an outbox message ${id} already`);
    this.#records.set(id, { recipient, createdMs });
    this.#newestMs.set(recipient, Math.max(createdMs, this.#newestMs.get(recipient) ?? createdMs));
    this.#lastNumber += 1;
    this.#enqueue({ number: this.#lastNumber, message, dueMs: createdMs, attempt: 0 });
  }

  /** Ends a message; does nothing if it ended before. */
  end({ messageId }: Settlement): void {
    this.#dequeue(messageId);
  }

  async claim(nowMs: number, leaseMs: number, limit: number): Promise<readonly ClaimedMessage[]> {
    this.#prune(nowMs);
    const claimed: ClaimedMessage[] = [];
    for (const pending of this.#queue.slice(0, limit)) {
      if (pending.dueMs > nowMs) break;
      const attempt = pending.attempt + 1;
      this.#dequeue(pending.message.id);
      this.#enqueue({ ...pending, dueMs: nowMs + leaseMs, attempt });
      claimed.push({ ...pending.message, attempt });
    }
    return claimed;
  }

  async retry(messageId: string, dueMs: number): Promise<void> {
    const pending = this.#dequeue(messageId);
    if (pending !== undefined) this.#enqueue({ ...pending, dueMs });
  }

  async settle(settlement: Settlement): Promise<void> {
    this.end(settlement);
  }

  nextDueMs(): number | undefined {
    return this.#queue[0]?.dueMs;
  }

  #enqueue(pending: Pending): void {
    this.#pending.set(pending.message.id, pending);
    this.#queue.splice(this.#place(pending), 0, pending);
  }

  #dequeue(messageId: string): Pending | undefined {
    const pending = this.#pending.get(messageId);
    if (pending === undefined) return undefined;
    this.#pending.delete(messageId);
    this.#queue.splice(this.#place(pending), 1);
    return pending;
  }

  /** The index in the queue where the message is or belongs (binary search). */
  #place(pending: Pending): number {
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#queue[middle];
      if (other !== undefined && isBefore(other, pending)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #prune(nowMs: number): void {
    let looked = 0;
    for (const [id, { recipient, createdMs }] of this.#records) {
      if (looked === pruneStepMessages) return;
      looked += 1;
      if (this.#pending.has(id) || createdMs >= nowMs - settledKeptMs) continue;
      this.#records.delete(id);
      if (this.#newestMs.get(recipient) === createdMs) this.#newestMs.delete(recipient);
    }
  }
}

function isBefore(a: Pending, b: Pending): boolean {
  return a.dueMs === b.dueMs ? a.number < b.number : a.dueMs < b.dueMs;
}

class MemoryInbox implements InboxStore {
  readonly #messagesMax: number;
  /** By the id of the outbox message, the oldest first. */
  readonly #messages = new Map<string, InboxMessage>();
  #lastId = 0;

  constructor(messagesMax: number) {
    this.#messagesMax = messagesMax;
  }

  async append(message: Omit<InboxMessage, "id">): Promise<InboxMessage | undefined> {
    if (this.#messages.has(message.messageId)) return undefined;
    this.#lastId += 1;
    const appended = { ...message, id: this.#lastId };
    this.#messages.set(message.messageId, appended);
    const [oldest] = this.#messages.keys();
    if (this.#messages.size > this.#messagesMax && oldest !== undefined) this.#messages.delete(oldest);
    return appended;
  }

  list({ recipient, afterId = 0, order, limit }: InboxQuery): readonly InboxMessage[] {
    const found = [...this.#messages.values()].filter(
      (message) => message.id > afterId && (recipient === undefined || message.recipient === recipient),
    );
    return (order === "newest_first" ? found.toReversed() : found).slice(0, limit);
  }

  async clear(recipient?: string): Promise<number> {
    const found = this.list({
      ...(recipient === undefined ? {} : { recipient }),
      order: "oldest_first",
      limit: Infinity,
    });
    for (const message of found) this.#messages.delete(message.messageId);
    return found.length;
  }
}
