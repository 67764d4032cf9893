import type { OutgoingHttpHeaders } from "node:http";
import { staticTable } from "./static-table.ts";

/**
 * Header blocks that need no header table, so that each stands for itself (HPACK, RFC 7541): what all answers have is
 * a few bytes, and encoded once.
 *
 * @param status left out in trailers
 * @param fields by lower-case name, with characters that a header may have, as those that come from `Headers` have. A
 *   frozen object is encoded once.
 */
export function encodeHeaders(status: number | undefined, fields: OutgoingHttpHeaders): Buffer {
  if (!Object.isFrozen(fields) || (status !== undefined && status !== 200)) return encode(status, fields);
  const known = encoded.get(fields);
  if (known !== undefined && known.status === status) return known.block;
  const block = encode(status, fields);
  encoded.set(fields, { status, block });
  return block;
}

const encoded = new WeakMap<
  OutgoingHttpHeaders,
  { readonly status: number | undefined; readonly block: Buffer }
>();

function encode(status: number | undefined, fields: OutgoingHttpHeaders): Buffer {
  let block = status === undefined ? "" : statusField(status);
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) block += literal(name, String(each));
  }
  return Buffer.from(block, "latin1");
}

const statusName = ":status";
const nameIndexes = new Map(staticTable.map(({ name }, index) => [name, index + 1] as const).toReversed());
const statusIndexes = new Map(
  staticTable.flatMap(({ name, value }, index) => (name === statusName ? [[value, index + 1] as const] : [])),
);

function statusField(status: number): string {
  const index = statusIndexes.get(String(status));
  return index === undefined ? literal(statusName, String(status)) : integer(index, 7, 0x80);
}

/** Section 6.2.2: for this block only. */
function literal(name: string, value: string): string {
  const index = nameIndexes.get(name) ?? 0;
  return integer(index, 4, 0x00) + (index === 0 ? text(name) : "") + text(value);
}

function text(value: string): string {
  return integer(value.length, 7, 0x00) + value;
}

/** Section 5.1. @param pattern the bits of the first octet before the integer */
function integer(value: number, prefixBits: number, pattern: number): string {
  const most = 2 ** prefixBits - 1;
  if (value < most) return String.fromCharCode(pattern | value);
  let octets = String.fromCharCode(pattern | most);
  let rest = value - most;
  for (; rest >= 0x80; rest >>>= 7) octets += String.fromCharCode((rest & 0x7f) | 0x80);
  return octets + String.fromCharCode(rest);
}
