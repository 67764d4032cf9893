import { ConnectionError, errorCode } from "./frames.ts";
import { decodeHuffman } from "./huffman.ts";
import { type HeaderField, headerField } from "./header-field.ts";
import { staticTable } from "./static-table.ts";

/** Of the dynamic table (RFC 9113 section 6.5.2), of which we never ask for more or less. */
const tableBytesMax = 4_096;
/** What a field counts beyond its characters (RFC 7541 section 4.1). */
const fieldOverheadBytes = 32;
/** No integer of a header block has a reason to have more octets behind its first. */
const integerOctetsMax = 4;

/** Reads the header blocks of one connection, in their order (HPACK, RFC 7541). */
export class HeaderDecoder {
  readonly #listBytesMax: number;
  /** The newest is the last. */
  readonly #table: HeaderField[] = [];
  #tableBytes = 0;
  #tableBytesMax = tableBytesMax;
  #block = noBlock;
  #at = 0;

  /** @param listBytesMax of the fields of one block (RFC 9113 section 6.5.2) */
  constructor(listBytesMax: number) {
    this.#listBytesMax = listBytesMax;
  }

  /**
   * @returns undefined if there is more in it than it may hold
   * @throws ConnectionError if it cannot be understood: what comes behind it could not be either
   */
  decode(block: Buffer): HeaderField[] | undefined {
    this.#block = block;
    this.#at = 0;
    const fields: HeaderField[] = [];
    let bytes = 0;
    while (this.#at < block.byteLength) {
      const field = this.#next(bytes === 0);
      if (field === undefined) continue;
      bytes += sizeOf(field);
      if (bytes <= this.#listBytesMax) fields.push(field);
    }
    // A connection that waits must not hold on to all that was read together with it.
    this.#block = noBlock;
    return bytes <= this.#listBytesMax ? fields : undefined;
  }

  /** @returns undefined where the size of the table is told instead of a field */
  #next(isFirst: boolean): HeaderField | undefined {
    const first = this.#octet();
    if ((first & 0x80) !== 0) return this.#fieldAt(this.#integer(first, 7));
    if ((first & 0xc0) === 0x40) {
      const field = this.#literal(this.#integer(first, 6));
      this.#add(field);
      return field;
    }
    if ((first & 0xe0) === 0x20) {
      const size = this.#integer(first, 5);
      if (!isFirst || size > tableBytesMax) throw malformed("the size of the header table");
      this.#tableBytesMax = size;
      this.#evict();
      return undefined;
    }
    return this.#literal(this.#integer(first, 4));
  }

  #literal(nameIndex: number): HeaderField {
    if (nameIndex === 0) return headerField(this.#text(), this.#text());
    const { name, isNameWellFormed } = this.#fieldAt(nameIndex);
    return headerField(name, this.#text(), isNameWellFormed);
  }

  #fieldAt(index: number): HeaderField {
    const field =
      index <= staticTable.length
        ? staticTable[index - 1]
        : this.#table[this.#table.length - (index - staticTable.length)];
    if (field === undefined) throw malformed("an index");
    return field;
  }

  #add(field: HeaderField): void {
    this.#table.push(field);
    this.#tableBytes += sizeOf(field);
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#tableBytesMax) {
      const oldest = this.#table.shift();
      if (oldest === undefined) return;
      this.#tableBytes -= sizeOf(oldest);
    }
  }

  #octet(): number {
    const octet = this.#block[this.#at];
    if (octet === undefined) throw malformed("its end");
    this.#at += 1;
    return octet;
  }

  /** Section 5.1. @param first the octet that it begins in, with the last bits of it */
  #integer(first: number, prefixBits: number): number {
    const most = 2 ** prefixBits - 1;
    let value = first & most;
    if (value < most) return value;
    for (let octets = 0; octets < integerOctetsMax; octets++) {
      const octet = this.#octet();
      value += (octet & 0x7f) * 0x80 ** octets;
      if ((octet & 0x80) === 0) return value;
    }
    throw malformed("an integer");
  }

  /** Section 5.2; an octet a character. */
  #text(): string {
    const first = this.#octet();
    const length = this.#integer(first, 7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#block.byteLength) throw malformed("its end");
    this.#at = end;
    if ((first & 0x80) === 0) return this.#block.toString("latin1", start, end);
    const text = decodeHuffman(this.#block, start, end);
    if (text === undefined) throw malformed("a text in Huffman code");
    return text;
  }
}

const noBlock: Buffer = Buffer.alloc(0);

function sizeOf({ name, value }: HeaderField): number {
  return name.length + value.length + fieldOverheadBytes;
}

function malformed(what: string): ConnectionError {
  return new ConnectionError(errorCode.compressionError, `a header block is malformed: ${what}`);
}
