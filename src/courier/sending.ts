import type { Attempt, ClaimedMessage } from "../app/outbox-port.ts";
import type { SendResult, SmsMessage, SmsProvider } from "../app/sms-port.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import type { RandomBytes } from "../lib/random.ts";
import { type LiveProvider, makesCodes, type Providers } from "./providers.ts";
import { drawProviders } from "./routing.ts";

/** Requests to providers for one message, over all its rounds. */
const attemptsMax = 20;
const backoffBaseMs = 500;
const backoffCapMs = 30_000;
/** Where its provider is busy, and nothing has failed: its turn says when, once it is known how long a call takes. */
const busyCapMs = 1_000;
/** Of what a provider calls a message. No API has longer ids; a part of one would name nothing. */
const providerMessageIdMax = 200;

const whyNobody = {
  failing: "its providers fail, and are left alone for a while",
  busy: "its provider is busy with others",
} as const;

export interface SenderOptions {
  readonly providers: Pick<Providers, "current">;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

export interface SendJob {
  readonly message: ClaimedMessage;
  /** The message for one provider. */
  readonly write: (by: LiveProvider) => Promise<SmsMessage>;
  /** The provider that makes the code, and so the only one that can send it; undefined for a code of ours. */
  readonly generatorId: string | undefined;
  /** Whether a provider may still be asked: not at a stop, nor for a code that is over, nor past what the lease allows. */
  readonly mayBegin: () => boolean;
  /** Notes that one is about to be asked. @returns false if the claim has ended */
  readonly begin: (attempts: readonly Attempt[]) => Promise<boolean>;
}

/** What became of a message, with all its attempts so far. */
export type SendOutcome = { readonly attempts: readonly Attempt[] } & (
  | {
      readonly kind: "sent";
      readonly by: LiveProvider;
      readonly text: string;
      readonly providerMessageId?: string;
    }
  | { readonly kind: "waits"; readonly dueMs: number; readonly reason: string }
  | { readonly kind: "dead"; readonly reason: string }
  /** The claim ended before a provider was asked. */
  | { readonly kind: "lost" }
);

export type SentOutcome = Extract<SendOutcome, { readonly kind: "sent" }>;

/** Takes one message from provider to provider, until one of them has it or may have it. */
export class Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async send(job: SendJob): Promise<SendOutcome> {
    let attempts = job.message.attempts.map(afterCrash);
    const candidates = await this.#candidates(job, attempts);
    if (typeof candidates === "string") return { kind: "dead", reason: candidates, attempts };
    for (const live of candidates) {
      if (!job.mayBegin() || attempts.length >= attemptsMax) break;
      if (readyMs(live, attempts) > this.#options.clock.nowMs()) continue;
      const asked = await this.#ask(live, job, attempts);
      if (asked === "lost") return { kind: "lost", attempts };
      // In its own time: the next one is for when this one fails.
      if (asked === "busy") return this.#waits(job, [live], attempts, "busy");
      if (asked === undefined) continue;
      const { result } = asked;
      attempts = asked.attempts;
      if (result.kind === "sent") {
        const { providerMessageId = "" } = result;
        const isKept = providerMessageId !== "" && providerMessageId.length <= providerMessageIdMax;
        return {
          kind: "sent",
          by: live,
          text: asked.text,
          attempts,
          ...(isKept ? { providerMessageId } : {}),
        };
      }
      if (result.kind !== "unknown") continue;
      if (live.provider.isIdempotent) return this.#waits(job, [live], attempts);
      return { kind: "dead", reason: mayHaveBeenSent(result.reason), attempts };
    }
    return this.#waits(job, candidates, attempts);
  }

  /** Who may be asked, in order; why not, if nobody may. */
  async #candidates(
    { message: { recipient, channel }, generatorId }: SendJob,
    attempts: readonly Attempt[],
  ): Promise<readonly LiveProvider[] | string> {
    const { providers, randomBytes } = this.#options;
    const current = await providers.current();
    const { byId } = current;
    const doubtful = attempts.find(isDoubtful);
    if (doubtful !== undefined) {
      const live = byId.get(doubtful.providerId);
      return live?.provider.isIdempotent === true ? [live] : mayHaveBeenSent(doubtful.reason);
    }
    if (generatorId !== undefined) {
      const live = byId.get(generatorId);
      return live !== undefined && makesCodes(live) ? [live] : "the provider that makes its code is gone";
    }
    const named = drawProviders(current, recipient, randomBytes);
    if (named === undefined) return "no route leads to its country";
    const live = named.filter((each) => !makesCodes(each));
    if (live.length === 0) return "no provider of its route can be used";
    const fitting = live.filter(({ provider }) => channel === undefined || provider.channel === channel);
    return fitting.length > 0 ? fitting : `no provider of its route sends by ${channel}`;
  }

  /** Undefined if the provider is left alone for now, or the turn of the message came too late. */
  async #ask(live: LiveProvider, { write, mayBegin, begin }: SendJob, attempts: readonly Attempt[]) {
    const { clock } = this.#options;
    const { id, provider, breaker } = live;
    const sms = await write(live);
    if (breaker.isBusy) return "busy";
    let startedMs = 0;
    let isOurs = true;
    const result = await breaker.run(async () => {
      if (!mayBegin()) return undefined; // it may have waited for other calls
      startedMs = clock.nowMs();
      isOurs = await begin([...attempts, { providerId: id, startedMs }]);
      return isOurs ? await sendBy(provider, sms) : undefined;
    });
    if (result === undefined) return isOurs ? undefined : "lost";
    const attempt: Attempt = { providerId: id, startedMs, endedMs: clock.nowMs(), ...outcomeOf(result) };
    return { result, text: sms.text, attempts: [...attempts, attempt] };
  }

  /** Until somebody may be asked again, if that is worth it. */
  #waits(
    { message: { attempt: claims, expiresMs }, mayBegin }: SendJob,
    candidates: readonly LiveProvider[],
    attempts: readonly Attempt[],
    providersAre: keyof typeof whyNobody = "failing",
  ): SendOutcome {
    const { clock, randomBytes } = this.#options;
    const whyNoAttempt = mayBegin() ? whyNobody[providersAre] : "there was no time left to ask a provider";
    const reason = attempts.at(-1)?.reason ?? whyNoAttempt;
    const dead = (why: string): SendOutcome => ({
      kind: "dead",
      reason: attempts.some(isDoubtful) ? mayHaveBeenSent(why) : why,
      attempts,
    });
    const askableMs = Math.min(...candidates.map((live) => readyMs(live, attempts)));
    if (askableMs === Infinity) return dead(reason);
    if (attempts.length >= attemptsMax) return dead(`${attemptsMax} attempts: ${reason}`);
    const capMs = providersAre === "busy" ? busyCapMs : backoffCapMs;
    const backoff = backoffMs(claims, backoffBaseMs, capMs, randomBytes);
    const soonestMs = Math.max(clock.nowMs() + backoff, askableMs);
    if (expiresMs !== null && soonestMs >= expiresMs) {
      return dead(`the code expires before the next attempt: ${reason}`);
    }
    const turnsMs = candidates.map((live) => Math.max(readyMs(live, attempts), live.breaker.takeTurnMs()));
    const turnMs = Math.max(soonestMs, Math.min(...turnsMs));
    // Who would have expired by then does not wait for a turn.
    const dueMs = expiresMs !== null && turnMs >= expiresMs ? soonestMs : turnMs;
    return { kind: "waits", dueMs, reason, attempts };
  }
}

/**
 * A provider that throws against its promise must not stop the message: the next one is asked. Nothing of the
 * error's message is told, as it may hold the header that the account is proved by.
 */
async function sendBy(provider: SmsProvider, sms: SmsMessage): Promise<SendResult> {
  try {
    return await provider.send(sms);
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    return { kind: "rejected", reason: `it cannot be asked: ${name}` };
  }
}

/** An attempt whose end was not recorded is one with an unknown end. */
function afterCrash(attempt: Attempt): Attempt {
  if (attempt.outcome !== undefined) return attempt;
  return { ...attempt, outcome: "unknown", reason: "the server stopped before the answer was recorded" };
}

/** Whether it may have sent the message: nobody knows, or nobody recorded it. */
export function isDoubtful({ outcome }: Attempt): boolean {
  return outcome === undefined || outcome === "unknown";
}

function mayHaveBeenSent(reason = ""): string {
  return `it may have been sent: ${reason}`;
}

/** When the provider may be asked again with the message; infinite if never. */
function readyMs({ id, breaker }: LiveProvider, attempts: readonly Attempt[]): number {
  const last = attempts.findLast(({ providerId }) => providerId === id);
  if (last?.outcome === "rejected") return Infinity;
  const { endedMs = 0, retryAfterMs = 0 } = last ?? {};
  return Math.max(endedMs + retryAfterMs, breaker.restsUntilMs ?? 0);
}

function outcomeOf(result: SendResult): Pick<Attempt, "outcome" | "reason" | "retryAfterMs"> {
  switch (result.kind) {
    case "sent":
      return { outcome: "sent" };
    case "retry": {
      const { kind: outcome, reason, retryAfterMs } = result;
      return { outcome, reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    }
    default:
      return { outcome: result.kind, reason: result.reason };
  }
}
