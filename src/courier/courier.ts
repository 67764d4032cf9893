import type { CodeVault } from "../app/code-vault.ts";
import type { SealedCode } from "../app/context.ts";
import type {
  ClaimedMessage,
  Outbox,
  RecordedEvent,
  SendResult,
  Settlement,
  SmsProvider,
} from "../app/ports.ts";
import type { Repository } from "../app/repository.ts";
import type { SessionRepository } from "../app/sessions.ts";
import type { Settings } from "../app/settings.ts";
import type { UserRepository } from "../app/users.ts";
import type { UserState } from "../domain/user.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { RandomBytes } from "../lib/random.ts";
import type { ActiveProvider } from "./active-provider.ts";
import { recheck, type Recheck } from "./recheck.ts";
import { smsTextOf } from "./sms-text.ts";
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
  readonly sessions: SessionRepository;
  readonly settings: Settings;
  readonly vault: CodeVault;
  readonly provider: Pick<ActiveProvider, "get">;
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
    const { outbox, users, sessions, clock } = this.#options;
    const user = (await users.findAfterTurns(message.userId))?.state;
    const session =
      message.sessionId === undefined ? undefined : await sessions.findAfterTurns(message.sessionId);
    const checked = recheck(message, user, session?.state, clock.nowMs());
    if (user === undefined || checked.kind === "obsolete") {
      const reason = checked.kind === "obsolete" ? checked.reason : "";
      await outbox.settle({ messageId: message.id, outcome: "skipped", reason, ...this.#end(message) });
      return;
    }
    const { result, provider } = await this.#send(message, user);
    this.#noteOutcome(result);
    switch (result.kind) {
      case "sent":
        return this.#recordSent(message, checked, provider);
      case "retry":
      case "unknown":
        return this.#retryLater(message, result);
      case "rejected":
        return this.#giveUp(message, result.reason);
    }
  }

  /** @returns also the name of the provider */
  async #send(
    message: ClaimedMessage,
    user: UserState,
  ): Promise<{ readonly result: SendResult; readonly provider: string }> {
    const { vault, settings, log } = this.#options;
    const { id, purpose, recipient, createdMs, expiresMs, sessionId } = message;
    let content: SealedCode;
    let provider: SmsProvider;
    try {
      // Sealed by us, and authentic.
      content = { origin: "", ...(JSON.parse(vault.open(id, message.sealed)) as Omit<SealedCode, "origin">) };
      provider = await this.#options.provider.get();
    } catch (error) {
      log.error("a message cannot be opened; was a master key removed?", { messageId: id, error });
      return { result: { kind: "rejected", reason: "it cannot be decrypted" }, provider: "none" };
    }
    const text = await smsTextOf(settings, message, user, content);
    const { code, origin } = content;
    const sms = { id, purpose, recipient, createdMs, expiresMs, text, code, origin, user: smsUserOf(user) };
    const result = await provider.send({ ...sms, ...(sessionId === undefined ? {} : { sessionId }) });
    return { result, provider: provider.name };
  }

  async #recordSent(
    message: ClaimedMessage,
    checked: Exclude<Recheck, { kind: "obsolete" }>,
    provider: string,
  ): Promise<void> {
    const { outbox, users, sessions, log } = this.#options;
    const settle: Settlement = { messageId: message.id, outcome: "sent", reason: "", ...this.#end(message) };
    const isRecorded =
      checked.kind === "user"
        ? await recordUnlessOver(users, message.userId, checked.sentEvent, settle)
        : await recordUnlessOver(sessions, checked.sessionId, checked.sentEvent, settle);
    if (!isRecorded) await outbox.settle(settle);
    log.info("message sent", { messageId: message.id, provider, attempt: message.attempt });
  }

  async #retryLater(
    message: ClaimedMessage,
    result: Extract<SendResult, { kind: "retry" | "unknown" }>,
  ): Promise<void> {
    const { outbox, clock, randomBytes, log } = this.#options;
    const waitMs = Math.max(
      backoffMs(message.attempt, backoffBaseMs, backoffCapMs, randomBytes),
      (result.kind === "retry" && result.retryAfterMs) || 0,
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
    await outbox.retry(message, dueMs, message.attempts);
  }

  #end({ attempts }: ClaimedMessage): Pick<Settlement, "settledMs" | "attempts"> {
    return { settledMs: this.#options.clock.nowMs(), attempts };
  }

  async #giveUp(message: ClaimedMessage, reason: string): Promise<void> {
    this.#options.log.error("message given up", { messageId: message.id, attempt: message.attempt, reason });
    await this.#options.outbox.settle({
      messageId: message.id,
      outcome: "dead",
      reason,
      ...this.#end(message),
    });
  }
}

/** @returns false if it is gone meanwhile, so that nothing can be told of it any more */
async function recordUnlessOver<
  S extends { readonly status: string; readonly changedMs: number },
  E extends RecordedEvent,
>(repository: Repository<S, E>, id: string, event: E, settle: Settlement): Promise<boolean> {
  let isThere = false;
  await repository.execute(
    id,
    (state) => {
      isThere = state !== undefined && state.status !== "removed" && state.status !== "terminated";
      return { events: isThere ? [event] : [] };
    },
    () => ({ settle }),
  );
  return isThere;
}
