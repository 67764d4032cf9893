import type { DatabaseSync } from "node:sqlite";
import type {
  Attempt,
  Claim,
  ClaimedMessage,
  NotedReceipt,
  OutboxMessage,
  Settlement,
} from "../../app/outbox-port.ts";
import type { CommitOutcome } from "../../app/store-port.ts";
import { pruneStepMessages, settledKeptMs } from "../bounds.ts";
import { integer, integerOrNull } from "../sql/columns.ts";
import { claimedOf } from "../sql/rows.ts";
import { count } from "./count.ts";

/** What the writing thread does for the courier. */
export interface OutboxOperations {
  claim(nowMs: number, leaseMs: number, limit: number): readonly ClaimedMessage[];
  begin(claim: Claim, attempts: readonly Attempt[]): boolean;
  retry(claim: Claim, dueMs: number, attempts: readonly Attempt[]): void;
  settle(settlement: Settlement): void;
  noteReceipt(receipt: NotedReceipt): boolean;
  /** @param before what must be there */
  reseal(messageId: string, before: string, sealed: string): boolean;
}

export interface OutboxWrites {
  refusal(message: OutboxMessage, pauseMs: number | undefined): CommitOutcome | undefined;
  add(message: OutboxMessage): void;
  readonly operations: OutboxOperations;
}

/** Counts what waits in memory; see `prepareWrites`. */
export function prepareOutboxWrites(database: DatabaseSync, pendingMax: number): OutboxWrites {
  let pending = count(database, "outbox WHERE outcome IS NULL");
  const newest = database.prepare("SELECT max(created_ms) AS newest_ms FROM outbox WHERE recipient = ?");
  const reseal = database.prepare("UPDATE outbox SET sealed = ? WHERE message_id = ? AND sealed = ?");
  const insert = database.prepare(
    `INSERT INTO outbox
       (message_id, user_id, session_id, purpose, recipient, channel, created_ms, expires_ms, sealed, due_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
    add({ id, userId, sessionId, purpose, recipient, channel, createdMs, expiresMs, sealed }) {
      const whom = [id, userId, sessionId ?? null, purpose, recipient, channel ?? null] as const;
      insert.run(...whom, createdMs, expiresMs, sealed, createdMs);
      pending += 1;
    },
    operations: {
      claim: prepareClaim(database),
      ...prepareGiveBack(database),
      settle: prepareSettle(database, (settled) => (pending -= settled)),
      noteReceipt: prepareReceipt(database),
      reseal: (messageId, before, sealed) => reseal.run(sealed, messageId, before).changes === 1,
    },
  };
}

function prepareClaim(database: DatabaseSync): OutboxOperations["claim"] {
  // Only the front of the table is looked at, so that a step stays small: records behind messages that have
  // waited for as long go when those are settled.
  const prune = database.prepare(
    `DELETE FROM outbox WHERE outcome IS NOT NULL AND created_ms < ?
     AND number IN (SELECT number FROM outbox ORDER BY number LIMIT ${pruneStepMessages})`,
  );
  const selectDue = database.prepare(
    `SELECT * FROM outbox WHERE outcome IS NULL AND due_ms <= :now AND NOT EXISTS (
       SELECT 1 FROM outbox AS other
       WHERE other.is_leased = 1 AND other.user_id = outbox.user_id AND other.due_ms > :now
     ) ORDER BY due_ms, number LIMIT :limit`,
  );
  const lease = database.prepare(
    "UPDATE outbox SET due_ms = ?, is_leased = 1, attempt = attempt + 1 WHERE number = ?",
  );
  return (nowMs, leaseMs, limit) => {
    prune.run(nowMs - settledKeptMs);
    const users = new Set<string>();
    const claimed: ClaimedMessage[] = [];
    for (const row of selectDue.all({ now: nowMs, limit })) {
      const message = claimedOf(row);
      if (users.has(message.userId)) continue;
      users.add(message.userId);
      lease.run(nowMs + leaseMs, integer(row["number"]));
      claimed.push({ ...message, attempt: message.attempt + 1 });
    }
    return claimed;
  };
}

function prepareGiveBack(database: DatabaseSync): Pick<OutboxOperations, "begin" | "retry"> {
  const isClaimed = "message_id = ? AND attempt = ? AND is_leased = 1 AND outcome IS NULL";
  const begin = database.prepare(`UPDATE outbox SET attempts = ? WHERE ${isClaimed}`);
  const retry = database.prepare(
    `UPDATE outbox SET attempts = ?, due_ms = ?, is_leased = 0 WHERE ${isClaimed}`,
  );
  return {
    begin: ({ id, attempt }, attempts) => begin.run(JSON.stringify(attempts), id, attempt).changes === 1,
    retry({ id, attempt }, dueMs, attempts) {
      retry.run(JSON.stringify(attempts), dueMs, id, attempt);
    },
  };
}

function prepareSettle(
  database: DatabaseSync,
  onSettled: (messages: number) => void,
): OutboxOperations["settle"] {
  const settle = database.prepare(
    `UPDATE outbox SET
       outcome = ?, reason = ?, settled_ms = ?, attempts = ?, provider_id = ?, provider_message_id = ?,
       encoding = ?, segments = ?, sealed = NULL, is_leased = 0
     WHERE message_id = ? AND outcome IS NULL`,
  );
  return ({ messageId, outcome, reason, settledMs, attempts, ...rest }) => {
    const { providerId = null, providerMessageId = null, encoding = null, segments = null } = rest;
    const end = [outcome, reason, settledMs, JSON.stringify(attempts)] as const;
    const { changes } = settle.run(...end, providerId, providerMessageId, encoding, segments, messageId);
    onSettled(Number(changes));
  };
}

function prepareReceipt(database: DatabaseSync): OutboxOperations["noteReceipt"] {
  const note = database.prepare(
    `UPDATE outbox SET outcome = ?, reason = ?, receipt_ms = ?
     WHERE message_id = ? AND provider_id = ? AND outcome NOT IN ('delivered', 'undelivered')`,
  );
  return ({ messageId, providerId, state, reason, atMs }) =>
    note.run(state, reason, atMs, messageId, providerId).changes === 1;
}
