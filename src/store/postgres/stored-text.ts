/**
 * Texts as PostgreSQL can keep them: it has no U+0000. U+0000 to U+0003 stand there as sequences that begin with
 * U+0001 and go on with U+0002 and U+0003, none of which stands for itself. So texts that differ still do, in the
 * same order, and one begins with, ends with or contains another if it did before.
 */
const rare = /[\u0000-\u0003]/; // oxlint-disable-line no-control-regex -- it is about them
const eachRare = new RegExp(rare, "g");
const sequences = ["\u0001\u0002\u0002", "\u0001\u0002\u0003", "\u0001\u0003\u0002", "\u0001\u0003\u0003"];
const eachSequence = /\u0001[\u0002\u0003]{2}/g; // oxlint-disable-line no-control-regex -- as above

export function toStored(text: string): string {
  return rare.test(text) ? text.replace(eachRare, (each) => sequences[each.charCodeAt(0)] ?? "") : text;
}

export function fromStored(stored: string): string {
  return rare.test(stored)
    ? stored.replace(eachSequence, (each) => String.fromCharCode(sequences.indexOf(each)))
    : stored;
}

/** JSON that the server takes apart into columns: its texts are stored ones. */
export function storedJson(columns: object): string {
  return JSON.stringify(columns, (_, value: unknown) =>
    typeof value === "string" ? toStored(value.toWellFormed()) : value,
  );
}
