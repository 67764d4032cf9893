import { DomainError, refusal } from "../domain/errors.ts";
import type { InboxMessage, InboxStore } from "./inbox-port.ts";
import type { SmsMessage } from "./sms-port.ts";

const waitersMax = 1_000;
const waitMsMax = 60_000;
const unreadMax = 1_000;

const nothingYet = refusal("deadline_exceeded", "INBOX-w6Nt0", "Errors.Inbox.NothingYet");
const notActive = refusal("failed_precondition", "INBOX-n1Ac3", "Errors.Inbox.NotActive");
const tooMany = refusal("resource_exhausted", "INBOX-t0Wm4", "Errors.Caller.Busy");

type Listener = (message: InboxMessage) => void;

/** The messages of the embedded provider: kept, listed, waited for. */
export class Inbox {
  readonly #store: InboxStore;
  readonly #isActive: boolean;
  readonly #listeners = new Set<Listener>();

  /** @param isActive whether messages go here; if not, every question is refused rather than answered "none" */
  constructor(store: InboxStore, isActive: boolean) {
    this.#store = store;
    this.#isActive = isActive;
  }

  /** Keeps a message. The same one again changes nothing. */
  async deliver(message: SmsMessage): Promise<void> {
    const { id: messageId, purpose, recipient, text, code, createdMs, expiresMs, user } = message;
    const kept = await this.#store.append({
      messageId,
      userId: user.id,
      purpose,
      recipient,
      text,
      code,
      createdMs,
      expiresMs,
    });
    if (kept !== undefined) for (const listener of this.#listeners) listener(kept);
  }

  /** The newest first. */
  async list(recipient: string | undefined, limit: number): Promise<readonly InboxMessage[]> {
    this.#requireActive();
    return this.#store.list({ ...to(recipient), order: "newest_first", limit });
  }

  /** @returns how many there were */
  async clear(recipient: string | undefined): Promise<number> {
    this.#requireActive();
    return this.#store.clear(recipient);
  }

  /**
   * The oldest message to a number after `afterId`, as soon as there is one.
   *
   * @throws DomainError deadline_exceeded after 60 s; the signal's reason if it is aborted before
   */
  async wait(recipient: string, afterId: number, signal: AbortSignal): Promise<InboxMessage> {
    const over = AbortSignal.timeout(waitMsMax);
    const ended = AbortSignal.any([signal, over]);
    for await (const message of this.#messages(recipient, afterId, ended)) return message;
    if (signal.aborted) throw signal.reason;
    throw new DomainError(nothingYet);
  }

  /** Every message that arrives from now on; ends when the signal is aborted. */
  watch(recipient: string | undefined, signal: AbortSignal): AsyncIterable<InboxMessage> {
    return this.#messages(recipient, undefined, signal);
  }

  async *#messages(
    recipient: string | undefined,
    afterId: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<InboxMessage, void, undefined> {
    this.#requireActive();
    if (this.#listeners.size >= waitersMax) throw new DomainError(tooMany);
    const unread: InboxMessage[] = [];
    let wake = (): void => {};
    let overflow = false;
    const listener: Listener = (message) => {
      if (recipient !== undefined && message.recipient !== recipient) return;
      if (unread.length < unreadMax) unread.push(message);
      else overflow = true;
      wake();
    };
    const onAbort = (): void => wake();
    // Listening begins before looking: nothing can arrive unseen in between.
    this.#listeners.add(listener);
    signal.addEventListener("abort", onAbort);
    try {
      let lastId = afterId ?? 0;
      if (afterId !== undefined) {
        const query = { ...to(recipient), afterId, order: "oldest_first", limit: unreadMax } as const;
        for (const message of await this.#store.list(query)) {
          lastId = message.id;
          yield message;
        }
      }
      while (!signal.aborted) {
        const next = unread.shift();
        if (next !== undefined) {
          if (next.id > lastId) yield next;
        } else if (overflow) {
          throw new DomainError(tooMany);
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (signal.aborted || unread.length > 0) resolve();
          });
        }
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener("abort", onAbort);
    }
  }

  #requireActive(): void {
    if (!this.#isActive) throw new DomainError(notActive);
  }
}

function to(recipient: string | undefined): { readonly recipient?: string } {
  return recipient === undefined ? {} : { recipient };
}
