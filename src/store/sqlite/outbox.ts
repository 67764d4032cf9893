import type { DatabaseSync } from "node:sqlite";
import { listedMessagesMax, type MessageQuery, type Outbox } from "../../app/outbox-port.ts";
import { integer } from "../sql/columns.ts";
import { recordOf, waitingOf } from "../sql/rows.ts";
import type { WriteQueue } from "./write-queue.ts";

/** Reads on the calling thread; writes go through the queue. */
export function createOutbox(reader: DatabaseSync, queue: WriteQueue): Outbox {
  const selectNextDue = reader.prepare(
    "SELECT due_ms FROM outbox WHERE outcome IS NULL ORDER BY due_ms LIMIT 1",
  );
  const selectWaiting = reader.prepare(
    `SELECT message_id, number, due_ms, sealed FROM outbox
     WHERE outcome IS NULL AND (due_ms, number) > (?, ?) ORDER BY due_ms, number LIMIT ?`,
  );
  const selectOne = reader.prepare("SELECT * FROM outbox WHERE message_id = ?");
  return {
    claim: (nowMs, leaseMs, limit) => queue.write("claim", nowMs, leaseMs, limit),
    begin: ({ id, attempt }, attempts) => queue.write("begin", { id, attempt }, attempts),
    retry: ({ id, attempt }, dueMs, attempts) => queue.write("retry", { id, attempt }, dueMs, attempts),
    settle: (settlement) => queue.write("settle", settlement),
    noteReceipt: (receipt) => queue.write("noteReceipt", receipt),
    find(messageId) {
      const row = selectOne.get(messageId);
      return row && recordOf(row);
    },
    list(query) {
      const { userId = null, recipient = null, beforeNumber = Number.MAX_SAFE_INTEGER, limit } = query;
      return reader.prepare(listSql(query)).all({ userId, recipient, beforeNumber, limit }).map(recordOf);
    },
    waiting: (after, limit) => selectWaiting.all(after?.dueMs ?? 0, after?.number ?? 0, limit).map(waitingOf),
    reseal: ({ id, sealed }, replacement) => queue.write("reseal", id, sealed, replacement),
    nextDueMs() {
      const row = selectNextDue.get();
      return row && integer(row["due_ms"]);
    },
  };
}

/** The state is written out, for only then SQLite knows which index fits. */
function listSql({ recipient, state }: MessageQuery): string {
  const outcome = state === "queued" ? "outcome IS NULL" : `outcome = '${state}'`;
  const where = `number < :beforeNumber AND (:userId IS NULL OR user_id = :userId)
    AND (:recipient IS NULL OR recipient = :recipient) AND ${state === undefined ? "TRUE" : outcome}
    ORDER BY number DESC LIMIT :limit`;
  if (recipient !== undefined) {
    return `SELECT * FROM outbox INDEXED BY outbox_newest WHERE recipient = :recipient AND ${where}`;
  }
  if (state === "dead" || state === "undelivered") {
    return `SELECT * FROM outbox INDEXED BY outbox_failed WHERE ${where}`;
  }
  if (state === "queued") return `SELECT * FROM outbox INDEXED BY outbox_due WHERE ${where}`;
  const newest = `number > (SELECT coalesce(max(number), 0) - ${listedMessagesMax} FROM outbox)`;
  return `SELECT * FROM outbox WHERE ${newest} AND ${where}`;
}
