import type { DatabaseSync } from "node:sqlite";
import type { InboxMessage } from "../../app/inbox-port.ts";
import type { HistoryEvent, KeptAnswer, KeptItem, KeptMessage, RowsOf } from "../../app/store-port.ts";
import { notEmptyMessage } from "../bounds.ts";
import { answerOf, eventOf, inboxMessageOf, keptMessageOf } from "../sql/rows.ts";
import { prepareAggregateWrites } from "./aggregate-writes.ts";
import { openForReading, openForWriting } from "./database.ts";

/** All that is kept, in one transaction that reads. */
export async function* dump(file: string): AsyncGenerator<KeptItem> {
  const database = openForReading(file);
  try {
    database.exec("BEGIN");
    for (const row of database.prepare("SELECT * FROM events ORDER BY position").iterate()) {
      yield { kind: "event", value: eventOf(row) };
    }
    for (const row of database.prepare("SELECT * FROM outbox ORDER BY number").iterate()) {
      yield { kind: "message", value: keptMessageOf(row) };
    }
    for (const row of database.prepare("SELECT * FROM inbox_messages ORDER BY id").iterate()) {
      yield { kind: "inboxMessage", value: inboxMessageOf(row) };
    }
    for (const row of database.prepare("SELECT * FROM answers ORDER BY number").iterate()) {
      yield { kind: "answer", value: answerOf(row) };
    }
  } finally {
    database.close();
  }
}

/** Writes all of it. @throws Error if something is kept already */
export function restore(file: string, items: AsyncIterable<KeptItem>, rowsOf: RowsOf): Promise<number> {
  return inTransaction(file, async (database) => {
    requireEmpty(database);
    const insert = prepareInserts(database);
    for await (const { kind, value } of items) {
      if (kind === "event") insert.event(value);
      else if (kind === "message") insert.message(value);
      else if (kind === "inboxMessage") insert.inboxMessage(value);
      else insert.answer(value);
    }
    return replaceRows(database, rowsOf);
  });
}

/** Puts what is made of the events in the place of all rows. */
export function rebuild(file: string, rowsOf: RowsOf): Promise<number> {
  return inTransaction(file, (database) => replaceRows(database, rowsOf));
}

/** A connection and a transaction of its own. */
async function inTransaction<T>(file: string, work: (database: DatabaseSync) => Promise<T>): Promise<T> {
  const database = openForWriting(file);
  try {
    database.exec("BEGIN IMMEDIATE");
    const result = await work(database);
    database.exec("COMMIT");
    return result;
  } finally {
    // What is not committed is rolled back by this.
    database.close();
  }
}

async function replaceRows(database: DatabaseSync, rowsOf: RowsOf): Promise<number> {
  const { removeRows, insertRow } = prepareAggregateWrites(database);
  removeRows();
  let count = 0;
  for await (const row of rowsOf(eventsByAggregate(database))) {
    insertRow(row);
    count += 1;
  }
  return count;
}

/** SQLite sorts them on the disk, where they are more than it has memory for. */
async function* eventsByAggregate(database: DatabaseSync): AsyncGenerator<HistoryEvent> {
  const select = database.prepare("SELECT * FROM events ORDER BY aggregate_type, aggregate_id, sequence");
  for (const row of select.iterate()) yield eventOf(row);
}

function requireEmpty(database: DatabaseSync): void {
  for (const table of ["events", "outbox", "inbox_messages", "answers"]) {
    if (database.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() !== undefined) {
      throw new Error(notEmptyMessage);
    }
  }
}

interface Inserts {
  event(event: HistoryEvent): void;
  message(message: KeptMessage): void;
  inboxMessage(message: InboxMessage): void;
  answer(answer: KeptAnswer): void;
}

function prepareInserts(database: DatabaseSync): Inserts {
  const insertEvent = database.prepare(
    `INSERT INTO events (position, aggregate_type, aggregate_id, sequence, at_ms, type, data)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertMessage = database.prepare(
    `INSERT INTO outbox
       (number, message_id, user_id, session_id, purpose, recipient, channel, created_ms, expires_ms, sealed, due_ms,
        attempt, attempts, outcome, reason, settled_ms, provider_id, provider_message_id, encoding, segments,
        receipt_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertInboxMessage = database.prepare(
    `INSERT INTO inbox_messages
       (id, message_id, user_id, purpose, recipient, text, code, created_ms, expires_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertAnswer = database.prepare("INSERT INTO answers (key, sealed, expires_ms) VALUES (?, ?, ?)");
  return {
    event({ position, aggregate: { type, id }, sequence, atMs, type: eventType, data }) {
      insertEvent.run(position, type, id, sequence, atMs, eventType, JSON.stringify(data));
    },
    message({ waiting, ...message }) {
      const { number, id, userId, purpose, recipient, createdMs, expiresMs, attempts } = message;
      insertMessage.run(
        number,
        id,
        userId,
        message.sessionId ?? null,
        purpose,
        recipient,
        message.channel ?? null,
        createdMs,
        expiresMs,
        waiting?.sealed ?? null,
        waiting?.dueMs ?? createdMs,
        waiting?.attempt ?? 0,
        JSON.stringify(attempts),
        waiting === undefined ? message.state : null,
        waiting === undefined ? message.reason : null,
        message.settledMs ?? null,
        message.providerId ?? null,
        message.providerMessageId ?? null,
        message.encoding ?? null,
        message.segments ?? null,
        message.receiptMs ?? null,
      );
    },
    inboxMessage({ id, messageId, userId, purpose, recipient, text: sms, code, createdMs, expiresMs }) {
      insertInboxMessage.run(id, messageId, userId, purpose, recipient, sms, code, createdMs, expiresMs);
    },
    answer({ key, sealed, expiresMs }) {
      insertAnswer.run(key, sealed, expiresMs);
    },
  };
}
