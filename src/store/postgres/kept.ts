import type { InboxMessage } from "../../app/inbox-port.ts";
import type { HistoryEvent, KeptAnswer, KeptItem, RowsOf } from "../../app/store-port.ts";
import { notEmptyMessage } from "../bounds.ts";
import type { Row } from "../sql/columns.ts";
import { answerOf, eventOf, inboxMessageOf, keptMessageOf } from "../sql/rows.ts";
import type { Database, Query, Transaction } from "./database.ts";
import { keptMessageColumns } from "./outbox-columns.ts";
import { replaceRows } from "./replace-rows.ts";
import { type Statement, statements } from "./statements.ts";
import { storedJson } from "./stored-text.ts";

const readAtOnce = 1_000;
const writtenCharactersMin = 1024 * 1024;

/** All that is kept, in one transaction that reads: servers may go on writing meanwhile. */
export async function* dump(database: Database): AsyncGenerator<KeptItem> {
  const transaction = await database.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    for await (const row of inOrder(transaction, "events", "position")) {
      yield { kind: "event", value: eventOf(row) };
    }
    for await (const row of inOrder(transaction, "outbox", "number")) {
      yield { kind: "message", value: keptMessageOf(row) };
    }
    for await (const row of inOrder(transaction, "inbox_messages", "id")) {
      yield { kind: "inboxMessage", value: inboxMessageOf(row) };
    }
    for await (const row of inOrder(transaction, "answers", "number")) {
      yield { kind: "answer", value: answerOf(row) };
    }
    await transaction.commit();
  } finally {
    transaction.end();
  }
}

async function* inOrder(transaction: Transaction, table: string, column: string): AsyncGenerator<Row> {
  const query = `SELECT * FROM ringback.${table} WHERE ${column} > $1 ORDER BY ${column} LIMIT ${readAtOnce}`;
  for (let last: unknown = 0; ;) {
    const { rows } = await transaction.query({ text: query, values: [last] });
    yield* rows;
    if (rows.length < readAtOnce) return;
    last = rows.at(-1)?.[column];
  }
}

/** Writes all of it in one transaction. @throws Error if something is kept already */
export function restore(database: Database, items: AsyncIterable<KeptItem>, rowsOf: RowsOf): Promise<number> {
  return database.transaction(async (transaction) => {
    for await (const query of restoreSql(items)) await transaction.query(query);
    return replaceRows(transaction, rowsOf);
  });
}

const requireEmpty = `
  DO $$ BEGIN
    LOCK TABLE ringback.events, ringback.outbox, ringback.inbox_messages, ringback.answers IN EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM ringback.events) OR EXISTS (SELECT FROM ringback.outbox)
      OR EXISTS (SELECT FROM ringback.inbox_messages) OR EXISTS (SELECT FROM ringback.answers)
    THEN
      RAISE EXCEPTION '${notEmptyMessage}';
    END IF;
  END $$
`;

/** The next position, number and id come after those that there are. */
const goOn = `
  SELECT
    (SELECT setval('ringback.positions', max(position)) FROM ringback.events),
    (SELECT setval(pg_get_serial_sequence('ringback.outbox', 'number'), max(number)) FROM ringback.outbox),
    (SELECT setval(pg_get_serial_sequence('ringback.inbox_messages', 'id'), max(id)) FROM ringback.inbox_messages)
`;

async function* restoreSql(items: AsyncIterable<KeptItem>): AsyncGenerator<Query> {
  yield { text: requireEmpty, values: [] };
  const insert = inserts();
  for await (const item of items) yield* insert.add(item);
  yield* insert.rest();
  yield { text: goOn, values: [] };
}

/** Gathers what goes into one table to statements that are worth their way. */
function inserts(): {
  readonly add: (item: KeptItem) => Iterable<Query>;
  readonly rest: () => Iterable<Query>;
} {
  let kind: KeptItem["kind"] = "event";
  let gathered: string[] = [];
  let characters = 0;

  function* rest(): Generator<Query> {
    if (gathered.length > 0) yield { ...targets[kind], values: [`[${gathered.join()}]`] };
    [gathered, characters] = [[], 0];
  }

  return {
    rest,
    *add(item) {
      if (item.kind !== kind || characters >= writtenCharactersMin) yield* rest();
      kind = item.kind;
      const row = storedJson(columnsOf(item));
      gathered.push(row);
      characters += row.length;
    },
  };
}

const targets: Readonly<Record<KeptItem["kind"], Statement>> = {
  event: statements.restoreEvents,
  message: statements.restoreMessages,
  inboxMessage: statements.restoreInboxMessages,
  answer: statements.restoreAnswers,
};

function columnsOf({ kind, value }: KeptItem): object {
  if (kind === "event") return eventColumns(value);
  if (kind === "message") return keptMessageColumns(value);
  if (kind === "inboxMessage") return inboxMessageColumns(value);
  return answerColumns(value);
}

function eventColumns(event: HistoryEvent): object {
  return {
    position: event.position,
    aggregate_type: event.aggregate.type,
    aggregate_id: event.aggregate.id,
    sequence: event.sequence,
    at_ms: event.atMs,
    type: event.type,
    data: JSON.stringify(event.data),
  };
}

function inboxMessageColumns(message: InboxMessage): object {
  return {
    id: message.id,
    message_id: message.messageId,
    user_id: message.userId,
    purpose: message.purpose,
    recipient: message.recipient,
    text: message.text,
    code: message.code,
    created_ms: message.createdMs,
    expires_ms: message.expiresMs,
  };
}

function answerColumns({ key, sealed, expiresMs }: KeptAnswer): object {
  return { key, sealed, expires_ms: expiresMs };
}
