import type { DatabaseSync } from "node:sqlite";
import type { InboxMessage } from "../../app/inbox-port.ts";
import { count } from "./count.ts";

/** What the writing thread does for the inbox. */
export interface InboxOperations {
  appendToInbox(message: Omit<InboxMessage, "id">): InboxMessage | undefined;
  clearInbox(recipient: string | undefined): number;
}

/** Counts what is kept in memory; see `prepareWrites`. */
export function prepareInboxWrites(database: DatabaseSync, messagesMax: number): InboxOperations {
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
