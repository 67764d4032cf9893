import type { Clock } from "../../src/lib/clock.ts";

/** A clock that stands still until it is moved. */
export interface TestClock extends Clock {
  ms: number;
}

export function createTestClock(ms = 1_800_000_000_000): TestClock {
  return {
    ms,
    nowMs() {
      return this.ms;
    },
  };
}
