import {
  type KeptMessage,
  type MessageRecord,
  messageStates,
  type OutboxMessage,
  type WaitingMessage,
} from "../../app/ports.ts";
import { channels } from "../../app/sms-port.ts";
import { smsEncodings } from "../../domain/sms-segments.ts";
import { integer, integerOrNull, oneOf, purpose, text, textOrNull, type Row } from "./columns.ts";

/** A row of the outbox as the message that it is. */
export function messageOf(row: Row): Omit<OutboxMessage, "sealed"> {
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
