import type { DatabaseSync } from "node:sqlite";
import type {
  AggregateRef,
  ClaimedMessage,
  Commit,
  CommitOutcome,
  InboxMessage,
  OutboxMessage,
  Settlement,
} from "../../app/ports.ts";
import { pruneStepMessages, settledKeptMs, type StoreBounds } from "../bounds.ts";
import {
  type AggregateWrites,
  prepareAggregateWrites,
  type StateRow,
  type WrittenAggregate,
  type WrittenRow,
} from "./aggregate-writes.ts";
import { type AnswerWrites, prepareAnswerWrites } from "./answer-writes.ts";
import { integer, integerOrNull, purpose, text, textOrNull, type Row } from "./columns.ts";

/** A commit whose JSON is written out. */
export interface WrittenCommit extends Omit<Commit, "events" | "state" | "also">, WrittenAggregate {
  readonly also?: readonly WrittenAggregate[];
}

/** All that is ever written. Each runs inside a transaction that its caller opened. */
export interface Writes {
  commit(commit: WrittenCommit): CommitOutcome;
  replaceRows(rows: readonly WrittenRow[]): void;
  claim(nowMs: number, leaseMs: number, limit: number): readonly ClaimedMessage[];
  retry(messageId: string, dueMs: number, reason: string): void;
  settle(settlement: Settlement): void;
  appendToInbox(message: Omit<InboxMessage, "id">): InboxMessage | undefined;
  clearInbox(recipient: string | undefined): number;
}

/**
 * Prepares the statements on the connection that writes. What it counts in memory is right as long as each
 * transaction is committed: after a rollback, open a new connection.
 */
export function prepareWrites(database: DatabaseSync, bounds: StoreBounds): Writes {
  const outbox = prepareOutboxWrites(database, bounds.outboxPendingMax);
  const aggregates = prepareAggregateWrites(database);
  return {
    commit: prepareCommit(aggregates, outbox, prepareAnswerWrites(database, bounds.keptAnswersMax)),
    replaceRows: (rows) => aggregates.replaceRows(rows),
    claim: outbox.claim,
    retry: outbox.retry,
    settle: outbox.settle,
    ...prepareInboxWrites(database, bounds.inboxMessagesMax),
  };
}

function prepareCommit(
  aggregates: AggregateWrites,
  outbox: OutboxWrites,
  answers: AnswerWrites,
): Writes["commit"] {
  function refusal(
    commit: WrittenCommit,
    writes: readonly WrittenAggregate[],
    rows: readonly (StateRow | undefined)[],
  ): CommitOutcome | undefined {
    const { answer, atMs, message, messagePauseMs } = commit;
    const answered = answer && answers.refusal(answer, atMs);
    if (answered !== undefined) return answered;
    for (const [index, { expectedSequence }] of writes.entries()) {
      if ((rows[index]?.sequence ?? 0) !== expectedSequence) return { kind: "sequence_taken" };
    }
    const takers = new Map<string, string>();
    for (const { aggregate, takeKeys = [] } of writes) {
      for (const key of takeKeys) {
        const name = `${key.kind}/${key.key}`;
        const holder = aggregates.holderOf(key) ?? takers.get(name);
        if (holder !== undefined && holder !== aggregate.id) return { kind: "key_taken", key };
        takers.set(name, aggregate.id);
      }
    }
    return message && outbox.refusal(message, messagePauseMs);
  }

  // Everything that can refuse is asked before the first write, so that a refused commit leaves no trace in
  // the transaction that it shares with others. (What it finds past its time, it may drop.)
  return (commit) => {
    const { also = [], atMs, message, settle, answer } = commit;
    const writes = [commit, ...also];
    if (new Set(writes.map(({ aggregate }) => aggregateName(aggregate))).size < writes.length) {
      throw new Error("a commit writes to one aggregate twice");
    }
    const rows = writes.map(({ aggregate }) => aggregates.find(aggregate));
    const refused = refusal(commit, writes, rows);
    if (refused !== undefined) return refused;
    for (const [index, write] of writes.entries()) aggregates.write(write, rows[index], atMs);
    if (message !== undefined) outbox.add(message);
    if (settle !== undefined) outbox.settle(settle);
    if (answer !== undefined) answers.add(answer);
    return { kind: "committed" };
  };
}

function aggregateName({ type, id }: AggregateRef): string {
  return `${type}/${id}`;
}

interface OutboxWrites extends Pick<Writes, "claim" | "retry" | "settle"> {
  refusal(message: OutboxMessage, pauseMs: number | undefined): CommitOutcome | undefined;
  add(message: OutboxMessage): void;
}

function prepareOutboxWrites(database: DatabaseSync, pendingMax: number): OutboxWrites {
  let pending = count(database, "outbox WHERE outcome IS NULL");
  const newest = database.prepare("SELECT max(created_ms) AS newest_ms FROM outbox WHERE recipient = ?");
  const insert = database.prepare(
    `INSERT INTO outbox
       (message_id, user_id, session_id, purpose, recipient, created_ms, expires_ms, sealed, due_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const selectDue = database.prepare(
    "SELECT * FROM outbox WHERE outcome IS NULL AND due_ms <= ? ORDER BY due_ms, number LIMIT ?",
  );
  const lease = database.prepare("UPDATE outbox SET due_ms = ?, attempt = ? WHERE number = ?");
  const retry = database.prepare(
    "UPDATE outbox SET due_ms = ?, reason = ? WHERE message_id = ? AND outcome IS NULL",
  );
  const settle = database.prepare(
    "UPDATE outbox SET outcome = ?, reason = ?, sealed = NULL WHERE message_id = ? AND outcome IS NULL",
  );
  // Only the front of the table is looked at, so that a step stays small: records behind messages that have
  // waited for as long go when those are settled.
  const prune = database.prepare(
    `DELETE FROM outbox WHERE outcome IS NOT NULL AND created_ms < ?
     AND number IN (SELECT number FROM outbox ORDER BY number LIMIT ${pruneStepMessages})`,
  );
  return {
    refusal({ recipient, createdMs }, pauseMs = 0) {
      if (pauseMs > 0) {
        const newestMs = integerOrNull(newest.get(recipient)?.["newest_ms"]);
        const untilMs = (newestMs ?? -Infinity) + pauseMs;
        if (createdMs < untilMs) return { kind: "paused", untilMs };
      }
      return pending >= pendingMax ? { kind: "outbox_full" } : undefined;
    },
    add(message) {
      const { id, userId, sessionId = null, recipient, createdMs, expiresMs, sealed } = message;
      insert.run(id, userId, sessionId, message.purpose, recipient, createdMs, expiresMs, sealed, createdMs);
      pending += 1;
    },
    claim(nowMs, leaseMs, limit) {
      prune.run(nowMs - settledKeptMs);
      return selectDue.all(nowMs, limit).map((row) => {
        const attempt = integer(row["attempt"]) + 1;
        lease.run(nowMs + leaseMs, attempt, integer(row["number"]));
        return claimedMessage(row, attempt);
      });
    },
    retry(messageId, dueMs, reason) {
      retry.run(dueMs, reason, messageId);
    },
    settle({ messageId, outcome, reason }) {
      pending -= Number(settle.run(outcome, reason, messageId).changes);
    },
  };
}

function claimedMessage(row: Row, attempt: number): ClaimedMessage {
  const sessionId = textOrNull(row["session_id"]);
  return {
    id: text(row["message_id"]),
    userId: text(row["user_id"]),
    ...(sessionId === null ? {} : { sessionId }),
    purpose: purpose(row["purpose"]),
    recipient: text(row["recipient"]),
    createdMs: integer(row["created_ms"]),
    expiresMs: integerOrNull(row["expires_ms"]),
    sealed: text(row["sealed"]),
    attempt,
  };
}

function prepareInboxWrites(
  database: DatabaseSync,
  messagesMax: number,
): Pick<Writes, "appendToInbox" | "clearInbox"> {
  let kept = count(database, "inbox_messages");
  const insert = database.prepare(
    `INSERT INTO inbox_messages
       (message_id, user_id, purpose, recipient, text, code, created_ms, expires_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const deleteOldest = database.prepare(
    "DELETE FROM inbox_messages WHERE id IN (SELECT id FROM inbox_messages ORDER BY id LIMIT ?)",
  );
  const deleteAll = database.prepare("DELETE FROM inbox_messages");
  const deleteRecipient = database.prepare("DELETE FROM inbox_messages WHERE recipient = ?");
  return {
    appendToInbox(message) {
      const { messageId, userId, recipient, code, createdMs, expiresMs } = message;
      const inserted = insert.run(
        messageId,
        userId,
        message.purpose,
        recipient,
        message.text,
        code,
        createdMs,
        expiresMs,
      );
      if (inserted.changes === 0) return undefined;
      kept += 1;
      if (kept > messagesMax) kept -= Number(deleteOldest.run(kept - messagesMax).changes);
      return { ...message, id: Number(inserted.lastInsertRowid) };
    },
    clearInbox(recipient) {
      const deleted = recipient === undefined ? deleteAll.run() : deleteRecipient.run(recipient);
      kept -= Number(deleted.changes);
      return Number(deleted.changes);
    },
  };
}

function count(database: DatabaseSync, rows: string): number {
  return integer(database.prepare(`SELECT count(*) AS rows FROM ${rows}`).get()?.["rows"]);
}
