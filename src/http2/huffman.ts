/**
 * Texts in Huffman code (RFC 7541 section 5.2).
 *
 * The code of appendix B is canonical: codes of one length follow each other in the order of their octets, and longer
 * ones follow shorter ones. So the lengths say all of it.
 */
const codeBits = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];

/** What the next eight bits say: an octet, of whose code these are the last bits; or a table for the bits behind them. */
type Branch = { readonly octet: number; readonly bits: number } | Table;
type Table = (Branch | undefined)[];

const root = tableOf(codeBits);
const codeBitsMin = Math.min(...codeBits);

function tableOf(lengths: readonly number[]): Table {
  const table: Table = [];
  const inOrder = [...lengths.entries()].toSorted(([a, x], [b, y]) => x - y || a - b);
  let code = 0;
  let codeLength = 0;
  for (const [octet, length] of inOrder) {
    code <<= length - codeLength;
    codeLength = length;
    place(table, octet, code, length);
    code += 1;
  }
  return table;
}

function place(table: Table, octet: number, code: number, bits: number): void {
  if (bits > 8) {
    const index = (code >>> (bits - 8)) & 0xff;
    const next = (table[index] ??= []);
    if (Array.isArray(next)) place(next, octet, code, bits - 8);
    return;
  }
  // Whatever follows in the eight bits belongs to the next code.
  const free = 8 - bits;
  const first = (code << free) & 0xff;
  for (let index = first; index < first + 2 ** free; index++) table[index] = { octet, bits };
}

/** @returns the text, an octet a character; undefined if this is no Huffman code */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  const octets = Buffer.allocUnsafe(Math.floor(((end - start) * 8) / codeBitsMin));
  let length = 0;
  let table = root;
  /** Its last bits, fewer than 16, are those that were not looked at yet. */
  let window = 0;
  let open = 0;
  for (let at = start; at < end; at++) {
    window = ((window << 8) | (bytes[at] ?? 0)) & 0xffff;
    for (open += 8; open >= 8;) {
      const branch = table[(window >>> (open - 8)) & 0xff];
      if (branch === undefined) return undefined;
      take(branch);
    }
  }
  // What is left is filled up with ones, which must not make a code of it.
  while (open > 0) {
    const branch = table[((window << (8 - open)) | (0xff >>> open)) & 0xff];
    if (branch === undefined || Array.isArray(branch) || branch.bits > open) break;
    take(branch);
  }
  const ones = 2 ** open - 1;
  return table === root && (window & ones) === ones ? octets.toString("latin1", 0, length) : undefined;

  function take(branch: Branch): void {
    if (Array.isArray(branch)) {
      table = branch;
      open -= 8;
      return;
    }
    octets[length] = branch.octet;
    length += 1;
    open -= branch.bits;
    table = root;
  }
}
