import type { CodeVault } from "../app/code-vault.ts";
import type { ClaimedMessage, Outbox, SendResult, SmsProvider } from "../app/ports.ts";
import type { UserRepository } from "../app/user-repository.ts";
import type { UserState } from "../domain/user.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { RandomBytes } from "../lib/random.ts";
import { currentPurposeOf, type Sendable } from "./recheck.ts";
import { smsUserOf } from "./sms-user.ts";

const sendingMax = 16;
/** Longer than any provider may take: a message is claimed again only after a crash. */
const leaseMs = 30_000;
const attemptsMax = 20;
const backoffBaseMs = 500;
const backoffCapMs = 30_000;
/** A provider that fails this often in a row is left alone for a while, longer each time. */
const failuresBeforeRest = 8;
const restBaseMs = 250;
const restCapMs = 5_000;
/** How long the courier sleeps at most while something waits; waking it is only a hint. */
const pollMs = 1_000;

export interface CourierOptions {
  readonly outbox: Outbox;
  readonly users: UserRepository;
  readonly vault: CodeVault;
  readonly provider: SmsProvider;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
}

/**
 * Carries messages from the outbox to the provider, at least once: claim, look whether it is still worth
 * sending, send, record. A crash between sending and recording sends it again, with the same idempotency key.
 */
export class Courier {
  readonly #options: CourierOptions;
  readonly #sending = new Set<Promise<void>>();
  #failuresInARow = 0;
  #restUntilMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #wokenMeanwhile = false;
  #stopped = false;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** Looks for work soon. Cheap, and safe to call at any time. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#round !== undefined) {
      this.#wokenMeanwhile = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#round = this.#claimAndSend().finally(() => {
      this.#round = undefined;
      if (this.#wokenMeanwhile) {
        this.#wokenMeanwhile = false;
        this.wake();
      }
    });
  }

  /** Claims no more, and resolves once what is being sent is recorded. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
    await Promise.all(this.#sending);
  }

  async #claimAndSend(): Promise<void> {
    const { outbox, clock, log } = this.#options;
    try {
      for (;;) {
        const free = (this.#isResting() ? 1 : sendingMax) - this.#sending.size;
        if (free <= 0) return; // whichever ends next wakes the courier
        // Looking costs a read, claiming a write: nothing is claimed before something is due.
        const dueMs = await outbox.nextDueMs();
        if (dueMs === undefined) return;
        const nowMs = clock.nowMs();
        const claimAtMs = Math.max(dueMs, this.#restUntilMs);
        if (claimAtMs > nowMs) return this.#sleep(Math.min(pollMs, claimAtMs - nowMs));
        const claimed = await outbox.claim(nowMs, leaseMs, free);
        if (claimed.length === 0) return this.#sleep(pollMs); // somebody else was faster
        for (const message of claimed) this.#begin(message);
      }
    } catch (error) {
      log.error("the outbox cannot be read", { error });
      this.#sleep(pollMs);
    }
  }

  /** Whether the provider fails so steadily that one message at a time is enough to see it come back. */
  #isResting(): boolean {
    return this.#failuresInARow >= failuresBeforeRest;
  }

  #noteOutcome({ kind }: SendResult): void {
    this.#failuresInARow = kind === "retry" ? this.#failuresInARow + 1 : 0;
    const restMs = this.#isResting() ? restBaseMs * 2 ** (this.#failuresInARow - failuresBeforeRest) : 0;
    this.#restUntilMs = this.#options.clock.nowMs() + Math.min(restMs, restCapMs);
  }

  #sleep(ms: number): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.wake(), ms).unref();
  }

  #begin(message: ClaimedMessage): void {
    const sending = this.#carry(message)
      .catch((error: unknown) => {
        // It stays claimed: after the lease it is tried again.
        this.#options.log.error("a message could not be recorded", { messageId: message.id, error });
      })
      .finally(() => {
        this.#sending.delete(sending);
        this.wake();
      });
    this.#sending.add(sending);
  }

  async #carry(message: ClaimedMessage): Promise<void> {
    const { outbox, users, clock } = this.#options;
    const found = await users.findAfterTurns(message.userId);
    const sendable = currentPurposeOf(message, found?.user, clock.nowMs());
    if (sendable.kind === "obsolete" || found === undefined) {
      const reason = sendable.kind === "obsolete" ? sendable.reason : "the user is gone";
      await outbox.settle({ messageId: message.id, outcome: "skipped", reason });
      return;
    }
    const result = await this.#send(message, found.user);
    this.#noteOutcome(result);
    switch (result.kind) {
      case "sent":
        return this.#recordSent(message, sendable);
      case "retry":
        return this.#retryLater(message, result);
      case "rejected":
        return this.#giveUp(message, result.reason);
    }
  }

  async #send(message: ClaimedMessage, user: UserState): Promise<SendResult> {
    const { vault, provider, log } = this.#options;
    const { id, purpose, recipient, createdMs, expiresMs } = message;
    let content: { readonly text: string; readonly code: string };
    try {
      content = JSON.parse(vault.open(id, message.sealed)) as typeof content; // sealed by us, and authentic
    } catch (error) {
      log.error("a message cannot be opened; was its master key removed?", { messageId: id, error });
      return { kind: "rejected", reason: "its text cannot be decrypted" };
    }
    return provider.send({ id, purpose, recipient, createdMs, expiresMs, ...content, user: smsUserOf(user) });
  }

  async #recordSent(message: ClaimedMessage, { sentEvent }: Sendable): Promise<void> {
    const { outbox, users, log, provider } = this.#options;
    const settle = { messageId: message.id, outcome: "sent", reason: "" } as const;
    let isRecorded = false;
    await users.execute(
      message.userId,
      (user) => {
        isRecorded = user !== undefined && user.status !== "removed";
        return { events: isRecorded ? [sentEvent] : [] };
      },
      () => ({ settle }),
    );
    if (!isRecorded) await outbox.settle(settle);
    log.info("message sent", { messageId: message.id, provider: provider.name, attempt: message.attempt });
  }

  async #retryLater(message: ClaimedMessage, result: Extract<SendResult, { kind: "retry" }>): Promise<void> {
    const { outbox, clock, randomBytes, log } = this.#options;
    const waitMs = Math.max(
      backoffMs(message.attempt, backoffBaseMs, backoffCapMs, randomBytes),
      result.retryAfterMs ?? 0,
    );
    const dueMs = clock.nowMs() + waitMs;
    if (message.attempt >= attemptsMax)
      return this.#giveUp(message, `${attemptsMax} attempts: ${result.reason}`);
    if (message.expiresMs !== null && dueMs >= message.expiresMs) {
      return this.#giveUp(message, `the code expires before the next attempt: ${result.reason}`);
    }
    log.warn("message not sent yet", {
      messageId: message.id,
      attempt: message.attempt,
      reason: result.reason,
      waitMs,
    });
    await outbox.retry(message.id, dueMs, result.reason);
  }

  async #giveUp(message: ClaimedMessage, reason: string): Promise<void> {
    this.#options.log.error("message given up", { messageId: message.id, attempt: message.attempt, reason });
    await this.#options.outbox.settle({ messageId: message.id, outcome: "dead", reason });
  }
}
