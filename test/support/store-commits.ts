import type { InboxMessage } from "../../src/app/inbox-port.ts";
import type { OutboxMessage, Settlement } from "../../src/app/outbox-port.ts";
import type { Commit } from "../../src/app/store-port.ts";

/** A commit for the user `id`, with one event unless told otherwise. */
export function userCommit(id: string, expectedSequence: number, change: Partial<Commit> = {}): Commit {
  const events = change.events ?? [{ type: "user.changed.v1", data: { by: "somebody" } }];
  return {
    aggregate: { type: "user", id },
    expectedSequence,
    atMs: 1_000,
    events,
    state: { id, sequence: expectedSequence + events.length },
    ...change,
  };
}

export function outboxMessage(id: string, change: Partial<OutboxMessage> = {}): OutboxMessage {
  return {
    id,
    userId: "user of " + id,
    purpose: "verify_phone",
    recipient: "+41790000001",
    createdMs: 1_000,
    expiresMs: 600_000,
    sealed: "sealed " + id,
    ...change,
  };
}

/** The end of a message that was sent, unless told otherwise. */
export function settlement(messageId: string, change: Partial<Settlement> = {}): Settlement {
  return { messageId, outcome: "sent", reason: "", settledMs: 2_000, attempts: [], ...change };
}

export function inboxMessage(
  messageId: string,
  change: Partial<InboxMessage> = {},
): Omit<InboxMessage, "id"> {
  return {
    messageId,
    userId: "1",
    purpose: "verify_otp_sms",
    recipient: "+41790000001",
    text: "Your code is 123456",
    code: "123456",
    createdMs: 1_000,
    expiresMs: null,
    ...change,
  };
}
