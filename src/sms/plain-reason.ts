const lengthMax = 200;

/**
 * What somebody else gives as a reason, fit to be stored and shown: one line of at most 200 characters, without
 * anything that could be a phone number or a code, and without half a letter, which clients do not read. A code of
 * letters alone cannot be told from a word.
 */
export function plainReason(text: string): string {
  return text
    .slice(0, 2 * lengthMax)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .replace(/\+?\p{Nd}[\p{Nd}\p{Pd} ()./]{2,}\p{Nd}/gu, "…")
    .replace(/\b(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{4,}\b/giu, "…")
    .trim()
    .slice(0, lengthMax)
    .toWellFormed();
}
