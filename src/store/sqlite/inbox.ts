import type { DatabaseSync } from "node:sqlite";
import type { InboxStore } from "../../app/inbox-port.ts";
import { inboxMessageOf } from "../sql/rows.ts";
import type { WriteQueue } from "./write-queue.ts";

/** Reads on the calling thread; writes go through the queue. */
export function createInbox(reader: DatabaseSync, queue: WriteQueue): InboxStore {
  return {
    append: (message) => queue.write("appendToInbox", message),
    clear: (recipient) => queue.write("clearInbox", recipient),
    list({ recipient, afterId = 0, order, limit }) {
      const direction = order === "oldest_first" ? "ASC" : "DESC";
      const rows =
        recipient === undefined
          ? reader
              .prepare(`SELECT * FROM inbox_messages WHERE id > ? ORDER BY id ${direction} LIMIT ?`)
              .all(afterId, limit)
          : reader
              .prepare(
                `SELECT * FROM inbox_messages WHERE recipient = ? AND id > ? ORDER BY id ${direction} LIMIT ?`,
              )
              .all(recipient, afterId, limit);
      return rows.map(inboxMessageOf);
    },
  };
}
