import {
  bulkhead,
  type BulkheadPolicy,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  CountBreaker,
  handleWhenResult,
  type IBackoff,
  isBulkheadRejectedError,
} from "cockatiel";
import type { Clock } from "../lib/clock.ts";
import { bindDeadline, currentDeadline } from "../lib/deadline.ts";

/** It opens when more than half of the last calls failed, of at least so many. */
const callsCounted = 20;
const callsBeforeOpen = 8;
const failedShareMax = 0.5;
/** It rests this long, twice as long after each probe that fails. */
const restBaseMs = 250;
const restCapMs = 5_000;
/**
 * Messages that find it resting come again at this distance from each other, and those that find it busy at the pace
 * at which it takes them: so many of them leave the courier time for those of other providers. None comes later than
 * that, and so they are closer together from 7,500 on.
 */
const turnMs = 4;
const turnCapMs = 30_000;
/** So that they are claimed, and put back, several at once. */
const turnsTogetherMs = 100;
/** Calls to one provider at a time. */
const callsAtOnceMax = 16;
/** Messages that wait for their turn in the hands of the courier. */
const messagesWaitingMax = 16;
/** With codes to be checked. */
const callsWaitingMax = 1_000;
/** Messages that one provider has, at most. */
export const messagesPerProvider = callsAtOnceMax + messagesWaitingMax;

/**
 * Stands before a provider: bounds the calls at a time, and leaves a provider alone that fails most of them. After
 * a rest one call is let through; if it goes well, all are.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #bulkhead: BulkheadPolicy = bulkhead(callsAtOnceMax, callsWaitingMax);
  readonly #circuit: CircuitBreakerPolicy;
  #restsUntilMs = 0;
  #lastTurnMs = 0;
  /** How long a call takes, as the last ones did. */
  #callMs = 0;
  /** The one call after a rest is under way. */
  #isProbing = false;

  /** @param onChange is told when it opens and when it closes again */
  constructor(clock: Clock, onChange: (isOpen: boolean) => void) {
    this.#clock = clock;
    // The library has a clock of its own. It lets a call through whenever it is asked to, and is asked by ours.
    const rest = (restMs: number): IBackoff<unknown> => {
      this.#restsUntilMs = clock.nowMs() + restMs;
      return { duration: -Infinity, next: () => rest(Math.min(2 * restMs, restCapMs)) };
    };
    this.#circuit = circuitBreaker(handleWhenResult(isFailure), {
      halfOpenAfter: { next: () => rest(restBaseMs) },
      breaker: new CountBreaker({
        threshold: failedShareMax,
        size: callsCounted,
        minimumNumberOfCalls: callsBeforeOpen,
      }),
    });
    let isOpen = false;
    const report = (isOpenNow: boolean): void => {
      if (isOpenNow !== isOpen) onChange(isOpenNow);
      isOpen = isOpenNow;
    };
    this.#circuit.onBreak(() => report(true)); // after each probe that fails
    this.#circuit.onReset(() => report(false));
  }

  /** Undefined while calls are let through; else when the next one is worth trying. */
  get restsUntilMs(): number | undefined {
    if (this.#circuit.state === CircuitState.Closed) return undefined;
    const nowMs = this.#clock.nowMs();
    const untilMs = unlessSetBack(this.#restsUntilMs, nowMs, restCapMs);
    return this.#isProbing ? Math.max(untilMs, nowMs + restBaseMs) : untilMs;
  }

  /** When one more message that waits for it should come again. */
  takeTurnMs(): number {
    const nowMs = this.#clock.nowMs();
    const { restsUntilMs, isBusy } = this;
    if (restsUntilMs === undefined && !isBusy) return nowMs;
    const distanceMs = restsUntilMs === undefined ? this.#callMs / callsAtOnceMax : turnMs;
    const firstMs = restsUntilMs ?? nowMs;
    const lastMs = unlessSetBack(this.#lastTurnMs, nowMs, turnCapMs);
    this.#lastTurnMs = Math.min(Math.max(firstMs, lastMs + distanceMs), nowMs + turnCapMs);
    return Math.max(firstMs, Math.floor(this.#lastTurnMs / turnsTogetherMs) * turnsTogetherMs);
  }

  /** Whether so many wait that one more is better off in the outbox, where it holds up nobody. */
  get isBusy(): boolean {
    return callsWaitingMax - this.#bulkhead.queueSlots >= messagesWaitingMax;
  }

  /**
   * @param call gives undefined if the provider was not asked after all
   * @returns what the call gives; undefined if it was not made
   */
  async run<R extends { readonly kind: string }>(call: () => Promise<R | undefined>): Promise<R | undefined> {
    try {
      // What waits is begun by the call that ends.
      return await this.#bulkhead.execute(bindDeadline(() => this.#runUnlessLeftAlone(call)));
    } catch (error) {
      if (isBulkheadRejectedError(error)) return undefined;
      throw error;
    }
  }

  async #runUnlessLeftAlone<R>(call: () => Promise<R | undefined>): Promise<R | undefined> {
    if (currentDeadline()?.isOver === true) return undefined; // nobody waits for it any more
    if ((this.restsUntilMs ?? 0) > this.#clock.nowMs()) return undefined;
    const isProbe = this.#circuit.state !== CircuitState.Closed;
    if (isProbe) this.#isProbing = true;
    try {
      const beganMs = this.#clock.nowMs();
      const result = await call();
      if (result !== undefined) this.#noteCall(this.#clock.nowMs() - beganMs);
      // The circuit only hears of an answer. A call that failed on our side must not count as one that went well, and
      // one that began before the circuit opened says nothing of whether the provider is back.
      if (result !== undefined && (isProbe || this.#circuit.state === CircuitState.Closed)) {
        await this.#circuit.execute(() => result);
      }
      return result;
    } finally {
      if (isProbe) this.#isProbing = false;
    }
  }

  #noteCall(tookMs: number): void {
    const likelyMs = Math.min(Math.max(0, tookMs), turnCapMs); // the clock may have been set meanwhile
    this.#callMs += (likelyMs - this.#callMs) / callsAtOnceMax;
  }
}

/** A time that is no later than the cap from now on. If it seems to be, the clock was set back meanwhile: now. */
function unlessSetBack(atMs: number, nowMs: number, capMs: number): number {
  return atMs > nowMs + capMs ? nowMs : atMs;
}

/** Of the provider, not of one message. */
function isFailure(result: unknown): boolean {
  const { kind, isAccountRefused } = result as { kind?: string; isAccountRefused?: boolean }; // what `run` was given
  return kind === "retry" || kind === "unknown" || kind === "unavailable" || isAccountRefused === true;
}
