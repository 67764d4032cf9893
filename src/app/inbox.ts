import { DomainError, refusal } from "../domain/errors.ts";
import { chain, type MaybePromise } from "../lib/maybe-promise.ts";
import type { InboxMessage, InboxStore } from "./inbox-port.ts";
import type { Settings } from "./settings.ts";
import type { SmsMessage } from "./sms-port.ts";

const waitersMax = 1_000;
const waitMsMax = 60_000;
const readAtOnce = 1_000;
/** How often a store is looked at that other servers write to, too. */
const lookAgainMs = 500;

const nothingYet = refusal("deadline_exceeded", "INBOX-w6Nt0", "Errors.Inbox.NothingYet");
const notActive = refusal("failed_precondition", "INBOX-n1Ac3", "Errors.Inbox.NotActive");
const tooMany = refusal("resource_exhausted", "INBOX-t0Wm4", "Errors.Caller.Busy");

/** Is told the number that a message was to. */
type Listener = (recipient: string) => void;

export interface InboxOptions {
  /** Whether there may be messages here; if not, every question is refused rather than answered "none". */
  readonly isInUse: () => MaybePromise<boolean>;
  /** Whether other servers write to the store, too. */
  readonly isShared: boolean;
}

/** Whether the settings have an inbox. Also one that is not active any more: what it took is still there. */
export function hasInboxProvider(settings: Settings): MaybePromise<boolean> {
  return chain(settings.find("instance"), (found) =>
    Object.values(found?.state.smsProviders ?? {}).some(({ value }) => value.kind === "inbox"),
  );
}

/** The messages of the embedded provider: kept, listed, waited for. */
export class Inbox {
  readonly #store: InboxStore;
  readonly #options: InboxOptions;
  readonly #listeners = new Set<Listener>();

  constructor(store: InboxStore, options: InboxOptions) {
    this.#store = store;
    this.#options = options;
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
    if (kept !== undefined) for (const listener of this.#listeners) listener(recipient);
  }

  /** The newest first. */
  async list(recipient: string | undefined, limit: number): Promise<readonly InboxMessage[]> {
    await this.#requireInUse();
    return this.#store.list({ ...to(recipient), order: "newest_first", limit });
  }

  /** @returns how many there were */
  async clear(recipient: string | undefined): Promise<number> {
    await this.#requireInUse();
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
    await this.#requireInUse();
    if (this.#listeners.size >= waitersMax) throw new DomainError(tooMany);
    let news = Promise.withResolvers<void>();
    const wake = (): void => news.resolve();
    const listener: Listener = (arrivedFor) => {
      if (recipient === undefined || recipient === arrivedFor) wake();
    };
    this.#listeners.add(listener);
    signal.addEventListener("abort", wake);
    try {
      let lastId = afterId ?? (await this.#newestId());
      while (!signal.aborted) {
        // Before looking: nothing can arrive unseen in between.
        news = Promise.withResolvers();
        const query = {
          ...to(recipient),
          afterId: lastId,
          order: "oldest_first",
          limit: readAtOnce,
        } as const;
        const messages = await this.#store.list(query);
        for (const message of messages) {
          lastId = message.id;
          yield message;
        }
        if (messages.length === readAtOnce || signal.aborted) continue;
        const timer = this.#options.isShared ? setTimeout(wake, lookAgainMs) : undefined;
        await news.promise;
        clearTimeout(timer);
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener("abort", wake);
    }
  }

  async #newestId(): Promise<number> {
    const [newest] = await this.#store.list({ order: "newest_first", limit: 1 });
    return newest?.id ?? 0;
  }

  async #requireInUse(): Promise<void> {
    if (!(await this.#options.isInUse())) throw new DomainError(notActive);
  }
}

function to(recipient: string | undefined): { readonly recipient?: string } {
  return recipient === undefined ? {} : { recipient };
}
