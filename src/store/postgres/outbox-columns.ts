import type { Settlement } from "../../app/outbox-port.ts";
import type { KeptMessage } from "../../app/store-port.ts";
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
