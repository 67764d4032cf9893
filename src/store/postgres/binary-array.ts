import { toStored } from "./stored-text.ts";

/** The type of an array's elements, by its oid in pg_type. */
const oids = { text: 25, bigint: 20, boolean: 16 } as const;
export type ElementType = keyof typeof oids;

/** A text, an integer of 64 bits, a boolean, or NULL. */
export type Cell = string | number | boolean | null;

/**
 * An array in the binary format of the protocol (array_send in PostgreSQL's arrayfuncs.c): nothing is escaped on
 * this side, and nothing parsed on the other.
 */
export function binaryArray(type: ElementType, cells: readonly Cell[]): Buffer {
  if (cells.length === 0) return header(type, 0, 0);
  const elements = cells.map((cell) => (typeof cell === "string" ? toStored(cell) : cell));
  const sizes = elements.map(sizeOf);
  const bytes = sizes.reduce((sum, size) => sum + 4 + Math.max(0, size), 0);
  const buffer = header(type, cells.length, bytes);
  let offset = headerBytes;
  for (const [index, element] of elements.entries()) {
    offset = buffer.writeInt32BE(sizes[index] ?? -1, offset);
    if (typeof element === "string") offset += buffer.write(element, offset);
    else if (typeof element === "boolean") offset = buffer.writeUInt8(element ? 1 : 0, offset);
    else if (element !== null) {
      offset = buffer.writeInt32BE(Math.floor(element / 2 ** 32), offset);
      offset = buffer.writeUInt32BE(element >>> 0, offset);
    }
  }
  return buffer;
}

/** As above, of one cell of each row. */
export function binaryColumn<R>(type: ElementType, rows: readonly R[], cellOf: (row: R) => Cell): Buffer {
  return binaryArray(type, rows.map(cellOf));
}

const headerBytes = 20;

function header(type: ElementType, length: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(length === 0 ? 12 : headerBytes + bytes);
  buffer.writeInt32BE(length === 0 ? 0 : 1, 0); // dimensions
  buffer.writeInt32BE(1, 4); // there may be NULLs
  buffer.writeInt32BE(oids[type], 8);
  if (length > 0) {
    buffer.writeInt32BE(length, 12);
    buffer.writeInt32BE(1, 16); // the first index
  }
  return buffer;
}

/** In bytes; -1 stands for NULL. */
function sizeOf(element: Cell): number {
  if (element === null) return -1;
  if (typeof element === "string") return Buffer.byteLength(element);
  return typeof element === "number" ? 8 : 1;
}
