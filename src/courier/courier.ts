import type { CodeVault } from "../app/code-vault.ts";
import type { SealedCode } from "../app/new-code.ts";
import type { Attempt, Claim, ClaimedMessage, Outbox, Settlement } from "../app/outbox-port.ts";
import type { SmsMessage } from "../app/sms-port.ts";
import type { Repository } from "../app/repository.ts";
import type { SessionRepository } from "../app/session-kind.ts";
import type { Settings } from "../app/settings.ts";
import type { RecordedEvent } from "../app/store-port.ts";
import type { UserRepository } from "../app/user-kind.ts";
import { segmentsOf } from "../domain/sms-segments.ts";
import type { UserState } from "../domain/user-state.ts";
import type { Clock } from "../lib/clock.ts";
import { FailureReport } from "../lib/failure-report.ts";
import type { Log, LogFields } from "../lib/log.ts";
import { Lru } from "../lib/lru.ts";
import type { RandomBytes } from "../lib/random.ts";
import { type LiveProvider, makesCodes, type Providers } from "./providers.ts";
import { recheck, type Recheck } from "./recheck.ts";
import { isDoubtful, Sender, type SentOutcome } from "./sending.ts";
import { smsTextOf } from "./sms-text.ts";
import { smsUserOf } from "./sms-user.ts";

const leaseMs = 30_000;
/** No provider is asked later: the rest of the lease is for the last answer, longer than any may take. */
const beginMs = 15_000;
/**
 * How long the courier sleeps at most. Waking it is only a hint: nobody does for what another server wrote, or for
 * what was written though its call heard that this is not known.
 */
const pollMs = 1_000;
/** Messages to the same recipient that are looked at for a newer code. */
const latestMax = 20;
/** What was sent and could not be recorded, kept to be recorded later. */
const unrecordedMax = 1_000;

export interface CourierOptions {
  readonly outbox: Outbox;
  readonly users: UserRepository;
  readonly sessions: SessionRepository;
  readonly settings: Settings;
  readonly vault: CodeVault;
  readonly providers: Pick<Providers, "current" | "room">;
  /** Where a provider that reports is told to; undefined if nobody listens. */
  readonly receiptUrlOf?: (providerId: string, messageId: string) => string;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
}

/** A message that is not given back or settled yet. */
interface InHand {
  claim: Claim;
}

/**
 * Carries messages from the outbox to the providers: claim, look whether it is still worth sending, send, record.
 * Docs: docs/delivery.md.
 */
export class Courier {
  readonly #options: CourierOptions;
  readonly #sending = new Set<Promise<void>>();
  /** By message. */
  readonly #inHand = new Map<string, InHand>();
  readonly #sender: Sender;
  readonly #failures: FailureReport;
  readonly #unrecorded = new Lru<string, SentOutcome>(unrecordedMax);
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #wokenMeanwhile = false;
  #stopped = false;

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#sender = new Sender(options);
    this.#failures = new FailureReport(
      (error) => options.log.error("the outbox cannot be read", { error }),
      () => options.log.info("the outbox can be read again"),
    );
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

  /** Claims no more, begins no call to a provider, and resolves once those that were begun are recorded. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
    await Promise.all(this.#sending);
  }

  async #claimAndSend(): Promise<void> {
    const { outbox, providers, clock } = this.#options;
    try {
      while (!this.#stopped) {
        const room = await providers.room();
        const free = room.messages - this.#sending.size;
        if (free <= 0) return; // whichever ends next wakes the courier
        // Looking costs a read, claiming a write: nothing is claimed before something is due.
        const dueMs = await outbox.nextDueMs();
        this.#failures.works();
        if (dueMs === undefined) return this.#sleep(pollMs);
        const nowMs = clock.nowMs();
        const claimAtMs = Math.max(dueMs, room.fromMs);
        if (claimAtMs > nowMs) return this.#sleep(Math.min(pollMs, claimAtMs - nowMs));
        const claimed = await outbox.claim(nowMs, leaseMs, free);
        if (claimed.length === 0) return this.#sleep(pollMs); // somebody else was faster, or has their user
        for (const message of claimed) {
          const inHand = this.#inHand.get(message.id);
          if (inHand === undefined) this.#begin(message, nowMs + beginMs);
          // The clock jumped, and its lease seemed to be over. It is still ours, unless somebody else had it meanwhile.
          else if (message.attempt === inHand.claim.attempt + 1) inHand.claim = message;
        }
      }
    } catch (error) {
      this.#failures.failed(error);
      this.#sleep(pollMs);
    }
  }

  #sleep(ms: number): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.wake(), ms).unref();
  }

  #begin(message: ClaimedMessage, lastBeginMs: number): void {
    const inHand: InHand = { claim: message };
    this.#inHand.set(message.id, inHand);
    const sending = this.#carry(message, inHand, lastBeginMs)
      .catch((error: unknown) => {
        // It stays claimed: after the lease somebody looks at it again.
        const what =
          this.#unrecorded.get(message.id) === undefined
            ? "a message could not be handled yet"
            : "a message was sent, but could not be recorded yet";
        this.#options.log.error(what, { messageId: message.id, error });
      })
      .finally(() => {
        if (this.#inHand.get(message.id) === inHand) this.#inHand.delete(message.id);
        this.#sending.delete(sending);
        this.wake();
      });
    this.#sending.add(sending);
  }

  async #carry(message: ClaimedMessage, inHand: InHand, lastBeginMs: number): Promise<void> {
    const { outbox, users, sessions, clock, log } = this.#options;
    const { id, userId, sessionId, recipient, attempt: claims } = message;
    const found = (await users.findAfterTurns(userId))?.state;
    const session = sessionId === undefined ? undefined : (await sessions.findAfterTurns(sessionId))?.state;
    // A message that was never given back comes before all newer ones.
    const latest = claims === 1 ? [] : await outbox.list({ recipient, limit: latestMax });
    const checked = recheck(message, found, session, latest, clock.nowMs());
    const unrecorded = this.#unrecorded.get(id);
    if (unrecorded !== undefined) return this.#recordSent(message, checked, unrecorded);
    if (checked.kind === "obsolete") {
      return outbox.settle(this.#settlement(message, { outcome: "skipped", reason: checked.reason }));
    }
    const content = this.#open(message);
    if (content === undefined) return this.#giveUp(message, "it cannot be decrypted");
    const { user, generatorId } = checked;
    const write = (by: LiveProvider): Promise<SmsMessage> => this.#write(message, user, content, by);
    // It may wait for its turn, or for others to fail, beyond the end of its code.
    const endMs = Math.min(lastBeginMs, message.expiresMs ?? Infinity);
    const mayBegin = (): boolean => !this.#stopped && clock.nowMs() < endMs;
    const begin = (attempts: readonly Attempt[]): Promise<boolean> => outbox.begin(inHand.claim, attempts);
    const outcome = await this.#sender.send({ message, write, generatorId, mayBegin, begin });
    const { attempts } = outcome;
    switch (outcome.kind) {
      case "sent":
        return this.#recordSent(message, checked, outcome);
      case "dead":
        return this.#giveUp({ ...message, attempts }, outcome.reason);
      case "waits": {
        const { dueMs, reason } = outcome;
        const waitMs = dueMs - clock.nowMs();
        const fields = { ...failureOf({ id, attempts }, reason), waitMs };
        // That providers are left alone is told once, not by each message that waits for them.
        if (attempts.length > message.attempts.length) log.warn("message not sent yet", fields);
        else log.debug("message not sent yet", fields);
        this.#inHand.delete(id); // it may be claimed again before we hear that it was given back
        return outbox.retry(inHand.claim, dueMs, attempts);
      }
      case "lost":
        log.warn("message is in other hands now", { messageId: id });
    }
  }

  /** Undefined if it cannot be decrypted. */
  #open({ id, sealed }: ClaimedMessage): SealedCode | undefined {
    const { vault, log } = this.#options;
    try {
      // Sealed by us, and authentic.
      return { origin: "", ...(JSON.parse(vault.open(id, sealed)) as Omit<SealedCode, "origin">) };
    } catch (error) {
      log.error("a message cannot be opened; was a master key removed?", { messageId: id, error });
      return undefined;
    }
  }

  /** The message for one provider: the text depends on the way that it goes. */
  async #write(
    message: ClaimedMessage,
    user: UserState,
    content: SealedCode,
    { id: providerId, provider }: LiveProvider,
  ): Promise<SmsMessage> {
    const { settings, receiptUrlOf } = this.#options;
    const { id, purpose, recipient, createdMs, expiresMs, sessionId } = message;
    const written = await smsTextOf(settings, message, user, content, provider.channel);
    const receiptUrl = provider.readReceipt && receiptUrlOf?.(providerId, id);
    return {
      id,
      purpose,
      recipient,
      createdMs,
      expiresMs,
      ...written,
      ...content,
      user: smsUserOf(user),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(receiptUrl === undefined ? {} : { receiptUrl }),
    };
  }

  async #recordSent(message: ClaimedMessage, checked: Recheck, outcome: SentOutcome): Promise<void> {
    const { outbox, users, sessions, log } = this.#options;
    const { by, providerMessageId, attempts } = outcome;
    const name = { providerId: by.id, ...(providerMessageId === undefined ? {} : { providerMessageId }) };
    const size = sizeOf(outcome);
    const settle = this.#settlement(
      { ...message, attempts },
      { outcome: "sent", reason: "", ...name, ...size },
    );
    const checkedBy = makesCodes(by) ? name : {};
    this.#unrecorded.set(message.id, outcome);
    const isRecorded =
      (checked.kind === "user" &&
        (await recordUnlessOver(users, message.userId, checked.sentEvent(checkedBy), settle))) ||
      (checked.kind === "session" &&
        (await recordUnlessOver(sessions, checked.sessionId, checked.sentEvent(checkedBy), settle)));
    if (!isRecorded) await outbox.settle(settle);
    this.#unrecorded.delete(message.id);
    log.info("message sent", {
      messageId: message.id,
      providerId: by.id,
      provider: by.provider.name,
      attempts: attempts.length,
      // What is paid for: whoever counts costs has nothing but this line, as records end after 30 days.
      segments: size.segments,
    });
  }

  async #giveUp(message: ClaimedMessage, reason: string): Promise<void> {
    this.#options.log.warn("message given up", failureOf(message, reason));
    await this.#options.outbox.settle(this.#settlement(message, { outcome: "dead", reason }));
  }

  #settlement(
    { id: messageId, attempts }: ClaimedMessage,
    end: Omit<Settlement, "messageId" | "attempts" | "settledMs">,
  ): Settlement {
    // Of one that may have been sent a receipt may tell yet that it was.
    const { providerId } = attempts.find(isDoubtful) ?? {};
    const by = providerId === undefined ? {} : { providerId };
    return { messageId, attempts, settledMs: this.#options.clock.nowMs(), ...by, ...end };
  }
}

/** What the log says of a message that was not sent; the provider is the one that was asked last. */
function failureOf({ id, attempts }: Pick<ClaimedMessage, "id" | "attempts">, reason: string): LogFields {
  return { messageId: id, providerId: attempts.at(-1)?.providerId, attempts: attempts.length, reason };
}

/** Empty where it is not our text that is read. */
function sizeOf({ text, by }: SentOutcome): Pick<Settlement, "encoding" | "segments"> {
  return by.provider.channel === "sms" && !makesCodes(by) ? segmentsOf(text) : {};
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
