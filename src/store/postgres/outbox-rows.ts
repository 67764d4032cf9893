import {
  type ClaimedMessage,
  type MessageRecord,
  messageStates,
  type OutboxMessage,
  type Settlement,
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
