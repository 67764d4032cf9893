import type { InboxStore } from "../../app/inbox-port.ts";
import { integer } from "../sql/columns.ts";
import { inboxMessageOf } from "../sql/rows.ts";
import type { Database } from "./database.ts";
import { statements } from "./statements.ts";
import { toStored } from "./stored-text.ts";

/** Every write may be repeated: a message is appended once. */
export function createInbox(database: Database, messagesMax: number): InboxStore {
  return {
    async append(message) {
      const { messageId, userId, recipient, code, createdMs, expiresMs } = message;
      const texts = [messageId, userId, message.purpose, recipient, message.text, code].map(toStored);
      const values = [...texts, createdMs, expiresMs, messagesMax];
      const { rows } = await database.repeat({ ...statements.appendToInbox, values });
      return rows[0] && { ...message, id: integer(rows[0]["id"]) };
    },
    async list({ recipient, afterId = 0, order, limit }) {
      const to = recipient === undefined ? null : toStored(recipient);
      const values = [afterId, to, limit];
      const statement = order === "newest_first" ? statements.listInboxNewestFirst : statements.listInbox;
      return (await database.repeat({ ...statement, values })).rows.map(inboxMessageOf);
    },
    async clear(recipient) {
      const values = [recipient === undefined ? null : toStored(recipient)];
      return (await database.repeat({ ...statements.clearInbox, values })).rowCount ?? 0;
    },
  };
}
