const lengthMax = 200;

/**
 * What somebody else gives as a reason, fit to be stored and shown: one line of at most 200 characters, without
 * anything that could be a phone number or a code, and without half a letter, which clients do not read.
 */
export function plainReason(text: string): string {
  return text
    .slice(0, 2 * lengthMax)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .replace(/\+?\p{Nd}[\p{Nd}\p{Pd} ()./]{2,}\p{Nd}/gu, "…")
    .trim()
    .slice(0, lengthMax)
    .toWellFormed();
}
