import { describe, expect, it } from "@jest/globals";
import { newDecimalId } from "../../src/lib/id.ts";
import { secureRandomBytes } from "../../src/lib/random.ts";

const nowMs = 1_770_000_000_000;

describe("an id of decimal digits", () => {
  it("is given once, however many are made in a millisecond", () => {
    const ids = Array.from({ length: 100_000 }, () => newDecimalId(nowMs, secureRandomBytes));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("grows with time", () => {
    const laterMs = nowMs + 60_000;
    const early = newDecimalId(laterMs, () => Buffer.from([0xff, 0xff, 0xff]));
    const late = newDecimalId(laterMs + 1, () => Buffer.from([0, 0, 0]));
    expect(BigInt(late)).toBe(BigInt(early) + 1n);
    expect(late).toMatch(/^[0-9]{18}$/);
  });
});
