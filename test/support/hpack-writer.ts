import { connect, sensitiveHeaders } from "node:http2";
import { Duplex } from "node:stream";
import { staticTable } from "../../src/http2/static-table.ts";

/** Header blocks in every way that they may be written (HPACK, RFC 7541). */

/** An octet a character. */
export type Field = readonly [name: string, value: string];
export type Fields = Readonly<Record<string, string>> | readonly Field[];

/** How a field is written. */
export interface Manner {
  readonly form: "indexed" | "added" | "not added" | "never indexed";
  readonly namesByIndex: boolean;
  /** For name and value; both are plain if there is none. */
  readonly huffman?: Huffman | undefined;
}

export type Huffman = (text: string) => Buffer;

/** Of each field that is not indexed: without a table, plain. */
export function plainBlock(fields: Fields): Buffer {
  return Buffer.concat(entriesOf(fields).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

function entriesOf(fields: Fields): readonly Field[] {
  return isList(fields) ? fields : Object.entries(fields);
}

function isList(fields: Fields): fields is readonly Field[] {
  return Array.isArray(fields);
}

/** Writes blocks for one connection. */
export class HpackWriter {
  /** The newest is the first. */
  readonly #table: Field[] = [];
  #bytesMax = 4_096;

  /** A field, by its index if it is to be, and can be. */
  field([name, value]: Field, { form, namesByIndex, huffman }: Manner): Buffer {
    const known = [...staticTable.map((each) => [each.name, each.value] as const), ...this.#table];
    if (form === "indexed") {
      const index = known.findLastIndex((each) => each[0] === name && each[1] === value) + 1;
      if (index > 0) return integer(index, 7, 0x80);
    }
    const nameIndex = namesByIndex ? known.findLastIndex((each) => each[0] === name) + 1 : 0;
    const isAdded = form === "indexed" || form === "added";
    const [prefixBits, pattern] = isAdded ? [6, 0x40] : [4, form === "not added" ? 0x00 : 0x10];
    if (isAdded) this.#add([name, value]);
    const parts = nameIndex === 0 ? [name, value] : [value];
    return Buffer.concat([
      integer(nameIndex, prefixBits, pattern),
      ...parts.map((each) => text(each, huffman)),
    ]);
  }

  /** Only at the beginning of a block. */
  tableSize(bytes: number): Buffer {
    this.#bytesMax = bytes;
    this.#evict();
    return integer(bytes, 5, 0x20);
  }

  #add(field: Field): void {
    this.#table.unshift(field);
    this.#evict();
  }

  #evict(): void {
    const bytes = () => this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (bytes() > this.#bytesMax) this.#table.pop();
  }
}

/** Section 5.1. @param pattern the bits of the first octet before the integer */
export function integer(value: number, prefixBits: number, pattern: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.of(pattern | value);
  const octets = [pattern | most];
  let rest = value - most;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) octets.push((rest % 0x80) | 0x80);
  return Buffer.of(...octets, rest);
}

/** Section 5.2. */
export function text(value: string, huffman?: Huffman): Buffer {
  const octets = huffman === undefined ? Buffer.from(value, "latin1") : huffman(value);
  return Buffer.concat([integer(octets.byteLength, 7, huffman === undefined ? 0 : 0x80), octets]);
}

/** The code as Node's own HTTP/2 writes it, octet by octet: so that it is not the one that is to be tested. */
export async function huffmanOfNode(): Promise<Huffman> {
  const [letter, letters] = ["a", 48];
  const codeOfLetter = "00011";
  const codes: string[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const wire = new Duplex({
    read() {},
    write(bytes: Buffer, _encoding, next) {
      for (let at = 0; at + 9 <= bytes.byteLength;) {
        const end = at + 9 + bytes.readUIntBE(at, 3);
        if (bytes.subarray(at, at + 3).toString() === "PRI") at += 24;
        else {
          if (bytes[at + 3] === 1) codes.push(codeIn(bytes.subarray(at + 9, end)));
          at = end;
        }
      }
      if (codes.length === 256) resolve();
      next();
    },
  });
  const session = connect("http://localhost", {
    createConnection: () => wire,
    peerMaxConcurrentStreams: 256,
  });
  for (let octet = 0; octet < 256; octet++) {
    const value = String.fromCharCode(octet) + letter.repeat(letters);
    session.request({ ":path": "/", x: value, [sensitiveHeaders]: ["x"] }).on("error", () => {});
  }
  await done;
  session.destroy();
  // Node takes it for the end of a text.
  codes[0] = "1111111111000";
  return (value) => {
    const bits = Array.from(value, (each) => codes[each.charCodeAt(0)] ?? "").join("");
    const octets = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1").match(/.{8}/g) ?? [];
    return Buffer.from(octets.map((each) => Number.parseInt(each, 2)));
  };

  /** The last text of a block, which is in the code: an octet, and the letters. */
  function codeIn(block: Buffer): string {
    const length = [34, 33, 32, 31].find((each) => block.at(-each - 1) === (0x80 | each)) ?? 0;
    const bits = Array.from(block.subarray(-length), (each) => each.toString(2).padStart(8, "0")).join("");
    const padded = bits.lastIndexOf("0") + "11".length + 1;
    return bits.slice(0, padded - codeOfLetter.length * letters);
  }
}
