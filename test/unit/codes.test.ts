import { randomBytes } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { alphabetOf, drawCode } from "../../src/domain/codes.ts";
import { CodeVault } from "../../src/app/code-vault.ts";

const generator = fc.record({
  length: fc.integer({ min: 0, max: 40 }),
  lowerLetters: fc.boolean(),
  upperLetters: fc.boolean(),
  digits: fc.boolean(),
  symbols: fc.boolean(),
  ttlMs: fc.constant(null),
});

const binding = fc.record({
  userId: fc.string(),
  purpose: fc.constantFrom("verify_phone", "verify_otp_sms"),
  number: fc.string(),
  challengeId: fc.string(),
});

describe("drawing a code", () => {
  it("gives the asked length over the asked alphabet, and nothing where the alphabet is empty", () => {
    fc.assert(
      fc.property(generator, (made) => {
        const code = drawCode(made, randomBytes);
        const alphabet = alphabetOf(made);
        expect(code).toHaveLength(alphabet === "" ? 0 : made.length);
        for (const character of code) expect(alphabet).toContain(character);
      }),
    );
  });

  it("has all 27 symbols of the contract, and each character once", () => {
    const all = {
      lowerLetters: true,
      upperLetters: true,
      digits: true,
      symbols: true,
      length: 1,
      ttlMs: null,
    };
    expect(new Set(alphabetOf(all)).size).toBe(26 + 26 + 10 + 27);
  });

  it("is uniform: every byte that would favor a character is drawn again", () => {
    // All 256 bytes, in order: without rejection the first characters would come once more than the last.
    const digits = { lowerLetters: false, upperLetters: false, digits: true, symbols: false, ttlMs: null };
    let next = 0;
    const counting = (size: number) => Uint8Array.from({ length: size }, () => next++ % 256);
    const code = drawCode({ ...digits, length: 5_000 }, counting);
    const counts = new Map<string, number>();
    for (const digit of code) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
  });
});

describe("the vault", () => {
  const key = () => Uint8Array.from(randomBytes(32));

  it("accepts a code for its own binding only", () => {
    const vault = new CodeVault([key()], randomBytes);
    fc.assert(
      fc.property(binding, binding, fc.string(), fc.string(), (one, other, code, wrong) => {
        const signed = vault.sign(one, code);
        expect(vault.verify(one, code, signed)).toBe(true);
        expect(vault.verify(one, wrong, signed)).toBe(wrong === code);
        const isSame = JSON.stringify(Object.values(one)) === JSON.stringify(Object.values(other));
        expect(vault.verify(other, code, signed)).toBe(isSame);
        // One part does not run into the next.
        const [first = "", ...rest] = one.challengeId;
        const moved = { ...one, number: one.number + first, challengeId: rest.join("") };
        expect(vault.verify(moved, code, signed)).toBe(first === "");
      }),
    );
  });

  it("opens what it sealed, for the same message, unchanged, with former keys too", () => {
    const [former, current] = [key(), key()];
    const before = new CodeVault([former], randomBytes);
    const after = new CodeVault([current, former], randomBytes);
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), (id, text, position) => {
        const sealed = before.seal(id, text);
        expect(after.open(id, sealed)).toBe(text);
        expect(() => after.open(`${id}x`, sealed)).toThrow();
        const [keyId = "", body = ""] = sealed.split(".");
        const bytes = Buffer.from(body, "base64url");
        const at = position % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
        expect(() => after.open(id, `${keyId}.${bytes.toString("base64url")}`)).toThrow();
      }),
    );
    expect(() => new CodeVault([current], randomBytes).open("m", before.seal("m", "text"))).toThrow(
      /needs the master key/,
    );
  });
});
