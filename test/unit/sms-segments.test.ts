import { describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { segmentsOf } from "../../src/domain/sms-segments.ts";

/** 3GPP TS 23.038 §6.2.1, row by row of its table. */
const basic =
  "@Δ 0¡P¿p£_!1AQaq$Φ\"2BRbr¥Γ#3CScsèΛ¤4DTdtéΩ%5EUeuùΠ&6FVfvìΨ'7GWgwòΣ(8HXhxÇΘ)9IYiy\nΞ*:JZjzØ+;KÄkäøÆ,<LÖlö\ræ-=MÑmñÅß.>NÜnüåÉ/?O§oà";
const extension = "\f^{}\\[~]|€";

describe("the segments of a text", () => {
  it("are of GSM-7 for every letter of its two tables", () => {
    expect(new Set(basic).size).toBe(127); // and the escape
    for (const letter of basic + extension) expect(segmentsOf(letter).encoding).toBe("gsm7");
  });

  it("are of UCS-2 as soon as one letter is in neither", () => {
    for (const letter of "çáíóúãõâêôÁÍÓÚ`„“’–…\t\u00a0\u200b漢😀") {
      expect(segmentsOf(`${basic.slice(0, 69)}${letter}`)).toMatchObject({ encoding: "ucs2" });
    }
  });

  it.each([
    ["", "gsm7", 1],
    ["a".repeat(160), "gsm7", 1],
    ["a".repeat(161), "gsm7", 2],
    ["a".repeat(306), "gsm7", 2],
    ["a".repeat(307), "gsm7", 3],
    ["€".repeat(80), "gsm7", 1],
    ["€".repeat(81), "gsm7", 2],
    ["\r\n".repeat(80), "gsm7", 1],
    // 153 is odd: an escape may not be parted from its letter, and each segment loses a septet.
    ["€".repeat(152), "gsm7", 2],
    ["€".repeat(153), "gsm7", 3],
    [`a${"€".repeat(152)}`, "gsm7", 2],
    ["á".repeat(70), "ucs2", 1],
    ["á".repeat(71), "ucs2", 2],
    ["á".repeat(134), "ucs2", 2],
    ["á".repeat(135), "ucs2", 3],
    // In UCS-2 the letters of the extension take one unit.
    [`á${"€".repeat(69)}`, "ucs2", 1],
    ["😀".repeat(35), "ucs2", 1],
    ["😀".repeat(36), "ucs2", 2],
    // 67 is odd, too: 33 in each segment.
    ["😀".repeat(66), "ucs2", 2],
    ["😀".repeat(67), "ucs2", 3],
    [`á${"😀".repeat(66)}`, "ucs2", 2],
    ["\ud83d".repeat(70), "ucs2", 1],
  ])("%j: %s, %d", (text, encoding, segments) => {
    expect(segmentsOf(text)).toEqual({ encoding, segments });
  });

  it("are as many as it takes, whatever the text", () => {
    const letters = fc.constantFrom(...basic, ...extension, "á", "😀", "漢");
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 700 }), (parts) => {
        const text = parts.join("");
        const { encoding, segments } = segmentsOf(text);
        const isGsm = parts.every((part) => (basic + extension).includes(part));
        expect(encoding).toBe(isGsm ? "gsm7" : "ucs2");
        const units = isGsm
          ? parts.reduce((sum, part) => sum + (extension.includes(part) ? 2 : 1), 0)
          : text.length;
        const [alone, capacity] = isGsm ? [160, 153] : [70, 67];
        if (units <= alone) expect(segments).toBe(1);
        else {
          expect(segments).toBeGreaterThanOrEqual(Math.ceil(units / capacity));
          // At worst each segment but the last one loses a unit.
          expect(segments).toBeLessThanOrEqual(Math.ceil(units / (capacity - 1)));
        }
      }),
    );
  });
});
