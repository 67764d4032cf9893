import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { plainReason } from "../../src/sms/plain-reason.ts";

describe("a reason that somebody else gives", () => {
  it.each([
    ["unknown subscriber", "unknown subscriber"],
    ["error 404", "error 404"],
    ["To +41 79 123-45-67 is\r\n barred", "To … is barred"],
    ["(079) 123 45 67", "(…"],
    ["to 41/79/123/45/67", "to …"],
    ["to 079‑123‑45‑67", "to …"],
    ["K7Q2ZX is your code, or was it 4a7b?", "… is your code, or was it …?"],
    ["no MX3 for SMS", "no MX3 for SMS"],
    ["٠٧٩١٢٣٤٥٦٧", "…"],
    ["\u202e\u0000 \u001b[31m", "[31m"],
    ["x".repeat(1_000), "x".repeat(200)],
  ])("%j", (text, reason) => {
    expect(plainReason(text)).toBe(reason);
  });

  it("is one short line without numbers, whatever it is", () => {
    const noise = fc.array(
      fc.oneof(fc.string({ unit: "binary" }), fc.nat().map(String), fc.constantFrom(" ", "-", "\n")),
    );
    fc.assert(
      fc.property(noise, (parts) => {
        const reason = plainReason(parts.join(""));
        expect(reason.length).toBeLessThanOrEqual(200);
        expect(reason).not.toMatch(/[\p{Cc}\p{Cf}]|\p{Nd}{4}/u);
        expect(reason.isWellFormed()).toBe(true);
      }),
    );
  });
});
