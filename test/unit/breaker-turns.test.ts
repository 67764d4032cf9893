import { beforeEach, describe, expect, it } from "@jest/globals";
import { Breaker } from "../../src/courier/breaker.ts";

/** When messages come again that their provider has no time for. */

const restMs = 250;
const callsAtOnce = 16;
const yearMs = 365 * 86_400_000;

let nowMs: number;
let breaker: Breaker;
beforeEach(() => {
  nowMs = 10 * yearMs;
  breaker = new Breaker({ nowMs: () => nowMs }, () => {});
});

const turns = (count: number): readonly number[] =>
  Array.from({ length: count }, () => breaker.takeTurnMs() - nowMs);

async function failOften(): Promise<void> {
  for (let call = 1; call <= 8; call += 1) await breaker.run(async () => ({ kind: "retry" }));
}

describe("of a provider that rests", () => {
  beforeEach(failOften);

  it("a single one comes as soon as the rest is over", () => {
    nowMs += 30;
    expect(turns(1)).toEqual([restMs - 30]);
  });

  it("many come after it, 250 a second, several at once, and none more than 30 s later", () => {
    const afterMs = turns(10_000);
    expect(Math.min(...afterMs)).toBe(restMs);
    expect(afterMs).toEqual(afterMs.toSorted((one, other) => one - other));
    for (const second of [1, 10, 29]) {
      const due = afterMs.filter((ms) => ms < second * 1_000).length;
      expect(Math.abs(due - (second * 1_000 - restMs) / 4)).toBeLessThan(26);
    }
    expect(Math.max(...afterMs)).toBe(30_000);
    expect(new Set(afterMs).size).toBeLessThan(302);
  });

  it("one comes soon though the clock was set back after many", () => {
    turns(10_000);
    nowMs -= yearMs;
    expect(turns(1)[0]).toBeLessThanOrEqual(restMs);
  });

  it("each comes later than the one before whose call failed: twice as long, and no more than 5 s", async () => {
    for (const afterMs of [restMs, 500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
      expect((breaker.restsUntilMs ?? 0) - nowMs).toBe(afterMs);
      nowMs += afterMs;
      await breaker.run(async () => ({ kind: "retry" }));
    }
  });

  it("all wait on though a call goes well that began before", async () => {
    breaker = new Breaker({ nowMs: () => nowMs }, () => {});
    const early = Promise.withResolvers<{ kind: string }>();
    const answered = breaker.run(() => early.promise);
    await failOften();
    expect(turns(1)).toEqual([restMs]);
    early.resolve({ kind: "sent" });
    await answered;
    expect((breaker.restsUntilMs ?? 0) - nowMs).toBe(restMs);
  });

  it("none waits any more once calls go well", async () => {
    turns(10_000);
    nowMs += restMs;
    await breaker.run(async () => ({ kind: "sent" }));
    expect(turns(3)).toEqual([0, 0, 0]);
  });
});

describe("of a provider that is busy", () => {
  /** So many calls at once, which all end after that time. */
  async function round(calls: number, tookMs: number, result: { readonly kind: string } | undefined) {
    const end = Promise.withResolvers<void>();
    const called = Array.from({ length: calls }, () => breaker.run(async () => (await end.promise, result)));
    const turnsMeanwhile = turns(100);
    nowMs += tookMs;
    end.resolve();
    await Promise.all(called);
    return turnsMeanwhile;
  }

  async function callsOf(tookMs: number, result: { readonly kind: string } | undefined): Promise<void> {
    for (let rounds = 1; rounds <= 10; rounds += 1) await round(callsAtOnce, tookMs, result);
  }

  /** While there are as many more as make it busy. */
  async function expectPaceOf(tookMs: number): Promise<void> {
    const afterMs = await round(2 * callsAtOnce, tookMs, { kind: "sent" });
    const spanMs = Math.max(...afterMs) - Math.min(...afterMs);
    expect(spanMs / (99 * (tookMs / callsAtOnce))).toBeCloseTo(1, 1);
  }

  it("they come at the pace at which it takes them", async () => {
    await callsOf(1_600, { kind: "sent" });
    await expectPaceOf(1_600);
  });

  it("calls that were not made after all say nothing of it", async () => {
    await callsOf(1_600, { kind: "sent" });
    await callsOf(0, undefined);
    await expectPaceOf(1_600);
  });

  it.each([
    ["back", -yearMs],
    ["ahead", yearMs],
  ])("a call during which the clock was set %s spoils it little", async (_name, jumpMs) => {
    await breaker.run(async () => ((nowMs += jumpMs), { kind: "sent" }));
    await callsOf(1_600, { kind: "sent" });
    await expectPaceOf(1_600);
  });
});
