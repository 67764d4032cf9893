import { DomainError, refusal } from "../domain/errors.ts";
import type { AppContext } from "./context.ts";
import type { MessageQuery, MessageRecord } from "./outbox-port.ts";

/** The use cases of messages: what became of them. */

const messageErrors = {
  missing: refusal("not_found", "SMS-m0Mis", "Errors.Message.NotFound"),
} as const;

export interface MessagePage {
  /** The newest first. */
  readonly messages: readonly MessageRecord[];
  /** The `beforeNumber` of the next page, if there is one. */
  readonly next: number | undefined;
}

export async function listMessages({ store }: AppContext, query: MessageQuery): Promise<MessagePage> {
  const found = await store.outbox.list({ ...query, limit: query.limit + 1 });
  const messages = found.slice(0, query.limit);
  return { messages, next: found.length > query.limit ? messages.at(-1)?.number : undefined };
}

/** @throws DomainError if there is none, or it is kept no more */
export async function getMessage({ store }: AppContext, id: string): Promise<MessageRecord> {
  const found = await store.outbox.find(id);
  if (found === undefined) throw new DomainError(messageErrors.missing);
  return found;
}
