import type { InboxMessage } from "../../app/inbox-port.ts";
import {
  type ClaimedMessage,
  type MessageRecord,
  messageStates,
  type OutboxMessage,
  type WaitingMessage,
} from "../../app/outbox-port.ts";
import type { HistoryEvent, KeptAnswer, KeptMessage } from "../../app/store-port.ts";
import { channels } from "../../domain/channel.ts";
import { smsEncodings } from "../../domain/sms-segments.ts";
import {
  aggregateType,
  integer,
  integerOrNull,
  oneOf,
  purpose,
  text,
  textOrNull,
  type Row,
} from "./columns.ts";

/** What the rows of a database say: its tables have the same columns in each. */

/** A row of the history as the event that it is. */
export function eventOf(row: Row): HistoryEvent {
  return {
    position: integer(row["position"]),
    aggregate: { type: aggregateType(row["aggregate_type"]), id: text(row["aggregate_id"]) },
    sequence: integer(row["sequence"]),
    atMs: integer(row["at_ms"]),
    type: text(row["type"]),
    data: JSON.parse(text(row["data"])),
  };
}

/** A row of the outbox as the message that it is. */
function messageOf(row: Row): Omit<OutboxMessage, "sealed"> {
  const sessionId = textOrNull(row["session_id"]);
  const channel = oneOf(channels, row["channel"]);
  return {
    id: text(row["message_id"]),
    userId: text(row["user_id"]),
    ...(sessionId === null ? {} : { sessionId }),
    purpose: purpose(row["purpose"]),
    recipient: text(row["recipient"]),
    ...(channel === undefined ? {} : { channel }),
    createdMs: integer(row["created_ms"]),
    expiresMs: integerOrNull(row["expires_ms"]),
  };
}

/** A row of the outbox that was claimed just now. */
export function claimedOf(row: Row): ClaimedMessage {
  const attempts = JSON.parse(text(row["attempts"]));
  return { ...messageOf(row), sealed: text(row["sealed"]), attempt: integer(row["attempt"]), attempts };
}

/** A row of the outbox as the record of its delivery. */
export function recordOf(row: Row): MessageRecord {
  const encoding = oneOf(smsEncodings, row["encoding"]);
  const settledMs = integerOrNull(row["settled_ms"]);
  const receiptMs = integerOrNull(row["receipt_ms"]);
  const segments = integerOrNull(row["segments"]);
  const providerId = textOrNull(row["provider_id"]);
  const providerMessageId = textOrNull(row["provider_message_id"]);
  return {
    ...messageOf(row),
    number: integer(row["number"]),
    state: oneOf(messageStates, row["outcome"]) ?? "queued",
    reason: textOrNull(row["reason"]) ?? "",
    attempts: JSON.parse(text(row["attempts"])),
    ...(settledMs === null ? {} : { settledMs }),
    ...(receiptMs === null ? {} : { receiptMs }),
    ...(providerId === null ? {} : { providerId }),
    ...(providerMessageId === null ? {} : { providerMessageId }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(segments === null ? {} : { segments }),
  };
}

/** A row of the outbox with all that is kept of its message. */
export function keptMessageOf(row: Row): KeptMessage {
  const record = recordOf(row);
  if (record.state !== "queued") return record;
  const { sealed, dueMs } = waitingOf(row);
  return { ...record, waiting: { sealed, dueMs, attempt: integer(row["attempt"]) } };
}

/** A row of the outbox that is not settled. */
export function waitingOf(row: Row): WaitingMessage {
  return {
    id: text(row["message_id"]),
    number: integer(row["number"]),
    dueMs: integer(row["due_ms"]),
    sealed: text(row["sealed"]),
  };
}

export function inboxMessageOf(row: Row): InboxMessage {
  return {
    id: integer(row["id"]),
    messageId: text(row["message_id"]),
    userId: text(row["user_id"]),
    purpose: purpose(row["purpose"]),
    recipient: text(row["recipient"]),
    text: text(row["text"]),
    code: text(row["code"]),
    createdMs: integer(row["created_ms"]),
    expiresMs: integerOrNull(row["expires_ms"]),
  };
}

export function answerOf(row: Row): KeptAnswer {
  return { key: text(row["key"]), sealed: text(row["sealed"]), expiresMs: integer(row["expires_ms"]) };
}
