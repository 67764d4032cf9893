import {
  type ClaimedMessage,
  type KeptMessage,
  type MessageRecord,
  messageStates,
  type OutboxMessage,
  type Settlement,
  type WaitingMessage,
} from "../../app/ports.ts";
import { channels } from "../../app/sms-port.ts";
import { smsEncodings } from "../../domain/sms-segments.ts";
import { integer, integerOrNull, oneOf, purpose, text, textOrNull, type Row } from "./columns.ts";
import { storedJson } from "./stored-text.ts";

/** A settlement by the columns of the outbox, as JSON. */
export function settlementColumns(settlement: Settlement): string {
  const { messageId, outcome, reason, settledMs, attempts, providerId, providerMessageId } = settlement;
  return storedJson({
    message_id: messageId,
    outcome,
    reason,
    settled_ms: settledMs,
    attempts: JSON.stringify(attempts),
    provider_id: providerId,
    provider_message_id: providerMessageId,
    encoding: settlement.encoding,
    segments: settlement.segments,
  });
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

/** A row of the outbox that is not settled. */
export function waitingOf(row: Row): WaitingMessage {
  return {
    id: text(row["message_id"]),
    number: integer(row["number"]),
    dueMs: integer(row["due_ms"]),
    sealed: text(row["sealed"]),
  };
}

/** A row of the outbox with all that is kept of its message. */
export function keptMessageOf(row: Row): KeptMessage {
  const record = recordOf(row);
  if (record.state !== "queued") return record;
  const { sealed, dueMs } = waitingOf(row);
  return { ...record, waiting: { sealed, dueMs, attempt: integer(row["attempt"]) } };
}

/** The row of a message that came from another store. */
export function keptMessageColumns({ waiting, ...message }: KeptMessage): object {
  const isSettled = waiting === undefined;
  return {
    number: message.number,
    message_id: message.id,
    user_id: message.userId,
    session_id: message.sessionId,
    purpose: message.purpose,
    recipient: message.recipient,
    channel: message.channel,
    created_ms: message.createdMs,
    expires_ms: message.expiresMs,
    sealed: waiting?.sealed,
    due_ms: waiting?.dueMs ?? message.createdMs,
    is_leased: false,
    attempt: waiting?.attempt ?? 0,
    attempts: JSON.stringify(message.attempts),
    outcome: isSettled ? message.state : null,
    reason: isSettled ? message.reason : null,
    settled_ms: message.settledMs,
    provider_id: message.providerId,
    provider_message_id: message.providerMessageId,
    encoding: message.encoding,
    segments: message.segments,
    receipt_ms: message.receiptMs,
  };
}
