import type { InboxMessage, InboxQuery, InboxStore } from "../../app/inbox-port.ts";

export class MemoryInbox implements InboxStore {
  readonly #messagesMax: number;
  /** By the id of the outbox message, the oldest first. */
  readonly #messages = new Map<string, InboxMessage>();
  #lastId = 0;

  constructor(messagesMax: number) {
    this.#messagesMax = messagesMax;
  }

  async append(message: Omit<InboxMessage, "id">): Promise<InboxMessage | undefined> {
    if (this.#messages.has(message.messageId)) return undefined;
    this.#lastId += 1;
    const appended = { ...message, id: this.#lastId };
    this.#messages.set(message.messageId, appended);
    const [oldest] = this.#messages.keys();
    if (this.#messages.size > this.#messagesMax && oldest !== undefined) this.#messages.delete(oldest);
    return appended;
  }

  /** @param message from another store, in its order */
  restore(message: InboxMessage): void {
    this.#messages.set(message.messageId, message);
    this.#lastId = message.id;
  }

  list({ recipient, afterId = 0, order, limit }: InboxQuery): readonly InboxMessage[] {
    const found = [...this.#messages.values()].filter(
      (message) => message.id > afterId && (recipient === undefined || message.recipient === recipient),
    );
    return (order === "newest_first" ? found.toReversed() : found).slice(0, limit);
  }

  async clear(recipient?: string): Promise<number> {
    const found = this.list({
      ...(recipient === undefined ? {} : { recipient }),
      order: "oldest_first",
      limit: Infinity,
    });
    for (const message of found) this.#messages.delete(message.messageId);
    return found.length;
  }
}
