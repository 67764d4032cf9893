/** What a text takes as an SMS: 3GPP TS 23.038 (alphabets) and TS 23.040 §9.2.3.24 (concatenation). */

export interface SmsSize {
  readonly encoding: SmsEncoding;
  /** At least 1: each is paid for. */
  readonly segments: number;
}

export const smsEncodings = ["gsm7", "ucs2"] as const;
export type SmsEncoding = (typeof smsEncodings)[number];

/** TS 23.038 §6.2.1: the default alphabet; a septet each. */
const basic = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
/** TS 23.038 §6.2.1.1: an escape and another septet. */
const extension = new Set("\f^{}\\[~]|€");

/** Units of one segment: alone, and as one of several, which gives six bytes to the header. */
const capacities = {
  gsm7: { alone: 160, concatenated: 153 },
  ucs2: { alone: 70, concatenated: 67 },
} as const;

/**
 * How a text is encoded, and in how many segments.
 *
 * No segment ends within a character: neither after an escape, nor between two surrogates.
 */
export function segmentsOf(text: string): SmsSize {
  const characters = [...text];
  const septets = characters.map((each) => (basic.has(each) ? 1 : extension.has(each) ? 2 : Infinity));
  return septets.includes(Infinity)
    ? sizeOf(
        "ucs2",
        characters.map((each) => each.length),
      ) // in units of two bytes
    : sizeOf("gsm7", septets);
}

/** Each letter once that makes a text UCS-2; none in GSM-7. */
export function lettersOutsideGsm7(text: string): readonly string[] {
  return [...new Set(text)].filter((each) => !basic.has(each) && !extension.has(each));
}

/** @param widths units of each character */
function sizeOf(encoding: SmsEncoding, widths: readonly number[]): SmsSize {
  const { alone, concatenated } = capacities[encoding];
  if (widths.reduce((sum, width) => sum + width, 0) <= alone) return { encoding, segments: 1 };
  let segments = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > concatenated) {
      segments += 1;
      used = 0;
    }
    used += width;
  }
  return { encoding, segments };
}
