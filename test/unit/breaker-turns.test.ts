import { beforeEach, describe, expect, it } from "@jest/globals";
import { Breaker } from "../../src/courier/breaker.ts";

/** When messages come again that their provider has no time for. */

const restMs = 250;
const callsAtOnce = 16;
const hourMs = 3_600_000;

let nowMs: number;
let breaker: Breaker;
beforeEach(() => {
  nowMs = 1_000_000;
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
    nowMs -= hourMs;
    expect(turns(1)[0]).toBeLessThanOrEqual(restMs);
  });

  it("none waits any more once calls go well", async () => {
    turns(10_000);
    nowMs += restMs;
    await breaker.run(async () => ({ kind: "sent" }));
    expect(turns(3)).toEqual([0, 0, 0]);
  });
});

describe("of a provider that is busy", () => {
  let endCalls: () => void;

  /** As many calls as it takes, and as many that wait as make it busy. */
  async function beginCalls(result: { readonly kind: string } | undefined): Promise<void> {
    const end = Promise.withResolvers<void>();
    const calls = Array.from({ length: 2 * callsAtOnce }, () =>
      breaker.run(async () => (await end.promise, result)),
    );
    endCalls = end.resolve;
    void Promise.all(calls);
  }

  async function callsOf(tookMs: number, result: { readonly kind: string } | undefined): Promise<void> {
    for (let round = 1; round <= 10; round += 1) {
      const end = Promise.withResolvers<void>();
      const calls = Array.from({ length: callsAtOnce }, () =>
        breaker.run(async () => (await end.promise, result)),
      );
      nowMs += tookMs;
      end.resolve();
      await Promise.all(calls);
    }
  }

  /** How far it is from the first of many messages to the last. */
  function spanMs(messages: number): number {
    const afterMs = turns(messages);
    return Math.max(...afterMs) - Math.min(...afterMs);
  }

  it("they come at the pace at which it takes them", async () => {
    await callsOf(1_600, { kind: "sent" });
    await beginCalls({ kind: "sent" });
    const span = spanMs(100);
    expect(span).toBeGreaterThan(9_000);
    expect(span).toBeLessThan(11_000);
    endCalls();
  });

  it("calls that were not made after all say nothing of it", async () => {
    await callsOf(1_600, { kind: "sent" });
    await callsOf(0, undefined);
    await beginCalls({ kind: "sent" });
    expect(spanMs(100)).toBeGreaterThan(9_000);
    endCalls();
  });

  it.each([
    ["back", -hourMs, 0],
    ["ahead", hourMs, 3_000],
  ])("a clock that was set %s during a call spoils it little", async (_name, jumpMs, spanMax) => {
    await breaker.run(async () => ((nowMs += jumpMs), { kind: "sent" }));
    await beginCalls({ kind: "sent" });
    const span = spanMs(20);
    expect(span).toBeGreaterThanOrEqual(0);
    expect(span).toBeLessThanOrEqual(spanMax);
    endCalls();
  });
});
