import type { DatabaseSync } from "node:sqlite";
import type { Outbox } from "../../app/outbox-port.ts";
import { integer } from "../sql/columns.ts";
import { recordOf, waitingOf } from "../sql/rows.ts";
import type { Searches } from "./searches.ts";
import type { WriteQueue } from "./write-queue.ts";

/** Writes go through the queue, and lists to the thread that searches; all else is read on the calling thread. */
export function createOutbox(reader: DatabaseSync, queue: WriteQueue, searches: Searches): Outbox {
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
    list: (query) => searches.messages(query),
    waiting: (after, limit) => selectWaiting.all(after?.dueMs ?? 0, after?.number ?? 0, limit).map(waitingOf),
    reseal: ({ id, sealed }, replacement) => queue.write("reseal", id, sealed, replacement),
    nextDueMs() {
      const row = selectNextDue.get();
      return row && integer(row["due_ms"]);
    },
  };
}
