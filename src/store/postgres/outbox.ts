import { listedMessagesMax, type MessageQuery, type Outbox } from "../../app/outbox-port.ts";
import { pruneStepMessages, settledKeptMs } from "../bounds.ts";
import { integerOrNull } from "../sql/columns.ts";
import { claimedOf, recordOf, waitingOf } from "../sql/rows.ts";
import type { Database, Query } from "./database.ts";
import { settlementColumns } from "./outbox-columns.ts";
import { statements } from "./statements.ts";
import { toStored } from "./stored-text.ts";

/** Every write may be repeated: a claim that was lost on its way ends with its lease. */
export function createOutbox(database: Database): Outbox {
  return {
    async claim(nowMs, leaseMs, limit) {
      const values = [nowMs, leaseMs, limit, nowMs - settledKeptMs, pruneStepMessages];
      const { rows } = await database.repeat({ ...statements.claim, values });
      return rows.map(claimedOf);
    },
    async begin({ id, attempt }, attempts) {
      const values = [toStored(id), attempt, JSON.stringify(attempts)];
      return (await database.repeat({ ...statements.beginAttempt, values })).rowCount === 1;
    },
    async retry({ id, attempt }, dueMs, attempts) {
      const values = [toStored(id), attempt, JSON.stringify(attempts), dueMs];
      await database.repeat({ ...statements.retry, values });
    },
    async settle(settlement) {
      await database.repeat({ ...statements.settle, values: [settlementColumns(settlement)] });
    },
    async noteReceipt({ messageId, providerId, state, reason, atMs }) {
      const values = [toStored(messageId), toStored(providerId), state, toStored(reason), atMs];
      return (await database.repeat({ ...statements.noteReceipt, values })).rowCount === 1;
    },
    async find(messageId) {
      const { rows } = await database.repeat({ ...statements.findMessage, values: [toStored(messageId)] });
      return rows[0] && recordOf(rows[0]);
    },
    async list(query) {
      const sql = listSql(query);
      // The messages to one recipient are few, and what is sent again waits for them.
      const { rows } = await (query.recipient === undefined ? database.list(sql) : database.repeat(sql));
      return rows.map(recordOf);
    },
    async waiting(after, limit) {
      const values = [after?.dueMs ?? 0, after?.number ?? 0, limit];
      return (await database.repeat({ ...statements.waiting, values })).rows.map(waitingOf);
    },
    async reseal({ id, sealed: before }, sealed) {
      const values = [toStored(id), before, sealed];
      return (await database.repeat({ ...statements.reseal, values })).rowCount === 1;
    },
    async nextDueMs() {
      const { rows } = await database.repeat({ ...statements.nextDue, values: [] });
      return integerOrNull(rows[0]?.["due_ms"] ?? null) ?? undefined;
    },
  };
}

/** Only the conditions that there are, so that the planner knows which index fits. */
function listSql({ userId, recipient, state, beforeNumber, limit }: MessageQuery): Query {
  const values: unknown[] = [limit];
  const where = ["TRUE"];
  const add = (column: string, value: string | number, operator = "="): void => {
    where.push(`${column} ${operator} $${values.push(typeof value === "string" ? toStored(value) : value)}`);
  };
  if (userId !== undefined) add("user_id", userId);
  if (recipient !== undefined) add("recipient", recipient);
  if (state === "queued") where.push("outcome IS NULL");
  else if (state !== undefined) where.push(`outcome = '${state}'`);
  if (beforeNumber !== undefined) add("number", beforeNumber, "<");
  const hasIndex = recipient !== undefined || ["queued", "dead", "undelivered"].includes(state ?? "");
  const newest = `number > (SELECT coalesce(max(number), 0) - ${listedMessagesMax} FROM ringback.outbox)`;
  if (!hasIndex) where.push(newest);
  return {
    text: `SELECT * FROM ringback.outbox WHERE ${where.join(" AND ")} ORDER BY number DESC LIMIT $1`,
    values,
  };
}
