import type { DatabaseSync } from "node:sqlite";
import { listedMessagesMax, type MessageQuery, type MessageRecord } from "../../app/outbox-port.ts";
import { recordOf } from "../sql/rows.ts";

/** The newest first. It may look through as many messages as there are with a state. */
export function listMessages(reader: DatabaseSync, query: MessageQuery): readonly MessageRecord[] {
  const { userId = null, recipient = null, beforeNumber = Number.MAX_SAFE_INTEGER, limit } = query;
  return reader.prepare(listSql(query)).all({ userId, recipient, beforeNumber, limit }).map(recordOf);
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
