import type { Found, Search, SearchRecords, SearchType, TextEquality } from "../../app/search.ts";
import {
  StoreUnavailableError,
  type AggregateRef,
  type AggregateType,
  type AggregateWrite,
  type Commit,
  type CommitOutcome,
  type HistoryEvent,
  type KeptItem,
  type RowsOf,
  type Store,
  type StoredRow,
  type StoredState,
  type UniqueKey,
} from "../../app/store-port.ts";
import { notEmptyMessage, storeBounds, type StoreBounds } from "../bounds.ts";
import { aggregateName, hasRecord, keyName, keyRefusal, writesOf } from "../commit.ts";
import { EventLog } from "./event-log.ts";
import { MemoryAnswers } from "./memory-answers.ts";
import { MemoryInbox } from "./memory-inbox.ts";
import { MemoryOutbox } from "./memory-outbox.ts";
import { MemoryRecords } from "./memory-records.ts";

const dumpedAtOnce = 1_000;

/** A store that forgets everything when the process ends: for tests, demos and as a yardstick. */
export function openMemoryStore(bounds: Partial<StoreBounds> = {}): Store {
  return new MemoryStore({ ...storeBounds, ...bounds });
}

class MemoryStore implements Store {
  readonly isInMemory = true;
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

  findByText<T extends SearchType>(
    type: T,
    equality: TextEquality<SearchRecords[T]>,
    limit: number,
  ): readonly string[] {
    const where = { kind: "text", match: "equals", ...equality } as const;
    return this.#records[type].search({ where, sortBy: "id", order: "ascending", offset: 0, limit }).ids;
  }

  search<T extends SearchType>(type: T, search: Search<SearchRecords[T]>): Found {
    return this.#records[type].search(search);
  }

  findAnswer(key: string, nowMs: number): string | undefined {
    return this.#answers.find(key, nowMs);
  }

  async commit(commit: Commit): Promise<CommitOutcome> {
    if (this.#isClosed) throw new StoreUnavailableError("the store is closed");
    const writes = writesOf(commit);
    const { atMs, message, settle, answer } = commit;
    const refusal =
      (answer && this.#answers.refusal(answer, atMs)) ?? this.#refusal(writes) ?? this.outbox.refusal(commit);
    if (refusal !== undefined) return refusal;
    // First: it may throw.
    if (message !== undefined) this.outbox.add(message);
    if (answer !== undefined) this.#answers.add(answer);
    if (settle !== undefined) this.outbox.end(settle);
    for (const write of writes) this.#write(write, atMs);
    return { kind: "committed" };
  }

  history(afterPosition: number, limit: number): readonly HistoryEvent[] {
    return this.#events.read(afterPosition, limit);
  }

  async rebuild(rowsOf: RowsOf): Promise<number> {
    const rows = await Array.fromAsync(rowsOf(byAggregate(this.#events.read(0, Infinity))));
    this.#replaceRows(rows);
    return rows.length;
  }

  #replaceRows(rows: readonly StoredRow[]): void {
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

  async *dump(): AsyncGenerator<KeptItem> {
    const { length } = this.#events;
    const messages = this.outbox.kept();
    const answers = this.#answers.kept();
    const inboxMessages = this.inbox.list({ order: "oldest_first", limit: Infinity });
    let position = 0;
    for (let left = length; left > 0; left -= dumpedAtOnce) {
      for (const event of this.#events.read(position, Math.min(left, dumpedAtOnce))) {
        yield { kind: "event", value: event };
        position = event.position;
      }
    }
    for (const message of messages) yield { kind: "message", value: message };
    for (const message of inboxMessages) yield { kind: "inboxMessage", value: message };
    for (const answer of answers) yield { kind: "answer", value: answer };
  }

  async restore(items: AsyncIterable<KeptItem>, rowsOf: RowsOf): Promise<number> {
    const restored = await Array.fromAsync(items);
    const events = restored.flatMap(({ kind, value }) => (kind === "event" ? [value] : []));
    const rows = await Array.fromAsync(rowsOf(byAggregate(events)));
    if (!(await this.dump().next()).done) throw new Error(notEmptyMessage);
    for (const { kind, value } of restored) {
      if (kind === "event") {
        const { position, aggregate, sequence, atMs, type, data } = value;
        this.#events.append({ aggregate, sequence, atMs, events: [{ type, data }] }, position);
      } else if (kind === "message") this.outbox.restore(value);
      else if (kind === "inboxMessage") this.inbox.restore(value);
      else this.#answers.add(value);
    }
    this.#replaceRows(rows);
    return rows.length;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #refusal(writes: readonly AggregateWrite[]): CommitOutcome | undefined {
    for (const { aggregate, expectedSequence } of writes) {
      if ((this.load(aggregate)?.sequence ?? 0) !== expectedSequence) return { kind: "sequence_taken" };
    }
    return keyRefusal(writes, (key) => this.findByKey(key));
  }

  #write(write: AggregateWrite, atMs: number): void {
    const { aggregate, events, state, record, freeKeys = [], takeKeys = [] } = write;
    const sequence = write.expectedSequence + events.length;
    this.#events.append({ aggregate, sequence: write.expectedSequence + 1, atMs, events });
    this.#states[aggregate.type].set(aggregate.id, { sequence, state });
    this.#writeRecord(aggregate, record, atMs);
    for (const key of freeKeys) {
      if (this.findByKey(key) === aggregate.id) this.#keyHolders.delete(keyName(key));
    }
    for (const key of takeKeys) this.#keyHolders.set(keyName(key), aggregate.id);
  }

  #writeRecord({ type, id }: AggregateRef, record: AggregateWrite["record"], atMs: number): void {
    if (hasRecord(type)) this.#records[type].write(id, record, atMs);
  }
}

/** @param events in the order of their positions */
async function* byAggregate(events: readonly HistoryEvent[]): AsyncGenerator<HistoryEvent> {
  for (const each of Map.groupBy(events, ({ aggregate }) => aggregateName(aggregate)).values()) yield* each;
}
