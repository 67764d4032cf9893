import { type MessageRecord, messageStates, type OutboxMessage } from "../../app/ports.ts";
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
