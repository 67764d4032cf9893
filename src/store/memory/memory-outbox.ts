import {
  type Attempt,
  type Claim,
  type ClaimedMessage,
  listedMessagesMax,
  type MessageQuery,
  type MessageRecord,
  type NotedReceipt,
  type Outbox,
  type OutboxMessage,
  type Settlement,
  type WaitingMessage,
} from "../../app/outbox-port.ts";
import type { Commit, CommitOutcome, KeptMessage } from "../../app/store-port.ts";
import { pruneStepMessages, settledKeptMs } from "../bounds.ts";

/** A message that waits to be sent. `number` grows with every message. */
interface Pending {
  readonly number: number;
  readonly message: OutboxMessage;
  /** The end of its lease if it is claimed. */
  readonly dueMs: number;
  readonly isLeased: boolean;
  readonly attempt: number;
  readonly attempts: readonly Attempt[];
}

export class MemoryOutbox implements Outbox {
  readonly #pendingMax: number;
  readonly #pending = new Map<string, Pending>();
  /** The pending messages, the one that is due first in front. */
  readonly #queue: Pending[] = [];
  /** Of each user who has one, the end of the lease of the claimed message. */
  readonly #leases = new Map<string, number>();
  /** Every message, pending or settled, the oldest first. */
  readonly #records = new Map<string, OutboxMessage | MessageRecord>();
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
    this.#records.set(id, message);
    this.#newestMs.set(recipient, Math.max(createdMs, this.#newestMs.get(recipient) ?? createdMs));
    this.#lastNumber += 1;
    this.#enqueue({
      number: this.#lastNumber,
      message,
      dueMs: createdMs,
      isLeased: false,
      attempt: 0,
      attempts: [],
    });
  }

  /** Ends a message; does nothing if it ended before. */
  end({ messageId, outcome, ...end }: Settlement): void {
    const pending = this.#dequeue(messageId);
    if (pending !== undefined) {
      this.#records.set(messageId, { ...recordOf(pending), ...end, state: outcome });
    }
  }

  async claim(nowMs: number, leaseMs: number, limit: number): Promise<readonly ClaimedMessage[]> {
    this.#prune(nowMs);
    const due: Pending[] = [];
    const users = new Set<string>();
    for (const pending of this.#queue) {
      if (pending.dueMs > nowMs || due.length === limit) break;
      const { userId } = pending.message;
      if (users.has(userId) || (this.#leases.get(userId) ?? 0) > nowMs) continue;
      users.add(userId);
      due.push(pending);
    }
    const claimed: ClaimedMessage[] = [];
    for (const pending of due) {
      const attempt = pending.attempt + 1;
      this.#dequeue(pending.message.id);
      this.#enqueue({ ...pending, dueMs: nowMs + leaseMs, isLeased: true, attempt });
      claimed.push({ ...pending.message, attempt, attempts: pending.attempts });
    }
    return claimed;
  }

  async begin(claim: Claim, attempts: readonly Attempt[]): Promise<boolean> {
    const pending = this.#claimed(claim);
    if (pending === undefined) return false;
    this.#replace({ ...pending, attempts });
    return true;
  }

  async retry(claim: Claim, dueMs: number, attempts: readonly Attempt[]): Promise<void> {
    const pending = this.#claimed(claim);
    if (pending === undefined) return;
    this.#dequeue(claim.id);
    this.#enqueue({ ...pending, attempts, dueMs, isLeased: false });
  }

  async settle(settlement: Settlement): Promise<void> {
    this.end(settlement);
  }

  async noteReceipt({ messageId, providerId, state, reason, atMs }: NotedReceipt): Promise<boolean> {
    const record = this.find(messageId);
    if (record?.providerId !== providerId || record.state === "delivered" || record.state === "undelivered") {
      return false;
    }
    this.#records.set(messageId, { ...record, state, reason, receiptMs: atMs });
    return true;
  }

  find(messageId: string): MessageRecord | undefined {
    const pending = this.#pending.get(messageId);
    if (pending !== undefined) return recordOf(pending);
    const record = this.#records.get(messageId);
    return record !== undefined && "state" in record ? record : undefined;
  }

  list({ userId, recipient, state, beforeNumber = Infinity, limit }: MessageQuery): readonly MessageRecord[] {
    const all = this.#records.values();
    const looked =
      recipient === undefined
        ? all.toArray().slice(-listedMessagesMax)
        : all.filter((each) => each.recipient === recipient).toArray();
    return looked
      .toReversed()
      .flatMap(({ id }) => this.find(id) ?? [])
      .filter(
        (record) =>
          record.number < beforeNumber &&
          (userId === undefined || record.userId === userId) &&
          (state === undefined || record.state === state),
      )
      .slice(0, limit);
  }

  waiting(after: WaitingMessage | undefined, limit: number): readonly WaitingMessage[] {
    const start = after === undefined ? 0 : this.#place({ ...after, number: after.number + 1 });
    return this.#queue.slice(start, start + limit).map(({ message: { id, sealed }, number, dueMs }) => ({
      id,
      number,
      dueMs,
      sealed,
    }));
  }

  async reseal(
    { id, sealed: before }: Pick<WaitingMessage, "id" | "sealed">,
    sealed: string,
  ): Promise<boolean> {
    const pending = this.#pending.get(id);
    if (pending?.message.sealed !== before) return false;
    this.#replace({ ...pending, message: { ...pending.message, sealed } });
    return true;
  }

  /** Every message, the oldest first. */
  kept(): readonly KeptMessage[] {
    return [...this.#records.keys()].flatMap((id) => this.#kept(id) ?? []);
  }

  #kept(id: string): KeptMessage | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return this.find(id);
    const { message, dueMs, attempt } = pending;
    return { ...recordOf(pending), waiting: { sealed: message.sealed, dueMs, attempt } };
  }

  /** Takes a message from another store, where it was newer than those that were taken before. */
  restore({ waiting, ...record }: KeptMessage): void {
    const { id, recipient, createdMs, number } = record;
    this.#lastNumber = number;
    this.#newestMs.set(recipient, Math.max(createdMs, this.#newestMs.get(recipient) ?? createdMs));
    if (waiting === undefined) {
      this.#records.set(id, record);
      return;
    }
    const { sealed, ...due } = waiting;
    const { number: _number, state: _state, reason: _reason, attempts, ...message } = record;
    this.#records.set(id, { ...message, sealed });
    this.#enqueue({ number, message: { ...message, sealed }, ...due, isLeased: false, attempts });
  }

  nextDueMs(): number | undefined {
    return this.#queue[0]?.dueMs;
  }

  #claimed({ id, attempt }: Claim): Pending | undefined {
    const pending = this.#pending.get(id);
    return pending?.isLeased === true && pending.attempt === attempt ? pending : undefined;
  }

  /** @param pending is due when the one before it was */
  #replace(pending: Pending): void {
    this.#pending.set(pending.message.id, pending);
    this.#queue[this.#place(pending)] = pending;
  }

  #enqueue(pending: Pending): void {
    this.#pending.set(pending.message.id, pending);
    if (pending.isLeased) this.#leases.set(pending.message.userId, pending.dueMs);
    this.#queue.splice(this.#place(pending), 0, pending);
  }

  #dequeue(messageId: string): Pending | undefined {
    const pending = this.#pending.get(messageId);
    if (pending === undefined) return undefined;
    this.#pending.delete(messageId);
    const { userId } = pending.message;
    if (pending.isLeased && this.#leases.get(userId) === pending.dueMs) this.#leases.delete(userId);
    this.#queue.splice(this.#place(pending), 1);
    return pending;
  }

  /** The index in the queue where the message is or belongs (binary search). */
  #place(pending: Place): number {
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

type Place = Pick<Pending, "dueMs" | "number">;

function isBefore(a: Place, b: Place): boolean {
  return a.dueMs === b.dueMs ? a.number < b.number : a.dueMs < b.dueMs;
}

function recordOf({ number, message, attempts }: Pending): MessageRecord {
  const { sealed: _erased, ...rest } = message;
  return { ...rest, number, state: "queued", reason: "", attempts };
}
