import type { OutgoingHttpHeaders } from "node:http";
import { httpDate } from "../lib/http-date.ts";
import { staticTable } from "./static-table.ts";

/**
 * Header blocks that need no header table, so that each stands for itself (HPACK, RFC 7541): what all answers have is
 * a few bytes, and encoded once a second.
 *
 * @param status of an answer, which gets a `date`, too (RFC 9110 section 6.6.1); 100; undefined for trailers
 * @param fields by lower-case name, with characters that a header may have, as those that come from `Headers` have.
 *   What a frozen object has is encoded once.
 */
export function encodeHeaders(status: number | undefined, fields: OutgoingHttpHeaders): Buffer {
  const isDated = status !== undefined && status >= 200 && fields.date === undefined;
  const date = isDated ? httpDate() : undefined;
  const known = encoded.get(fields);
  if (known !== undefined && known.status === status && known.date === date) return known.block;
  let octets = status === undefined ? "" : statusField(status);
  if (date !== undefined) octets += literal("date", date);
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) octets += literal(name, String(each));
  }
  const block = Buffer.from(octets, "latin1");
  if (Object.isFrozen(fields)) encoded.set(fields, { status, date, block });
  return block;
}

interface EncodedBlock {
  readonly status: number | undefined;
  readonly date: string | undefined;
  readonly block: Buffer;
}

/** Of frozen objects, the last one. */
const encoded = new WeakMap<OutgoingHttpHeaders, EncodedBlock>();

const statusName = ":status";
const nameIndexes = new Map(staticTable.map(({ name }, index) => [name, index + 1] as const).toReversed());
const statusIndexes = new Map(
  staticTable.flatMap(({ name, value }, index) => (name === statusName ? [[value, index + 1] as const] : [])),
);

/** Section 6.1. */
function statusField(status: number): string {
  const index = statusIndexes.get(String(status));
  return index === undefined ? literal(statusName, String(status)) : integer(index, 7, 0x80);
}

/** Section 6.2.2: for this block only. */
function literal(name: string, value: string): string {
  const index = nameIndexes.get(name) ?? 0;
  return integer(index, 4, 0x00) + (index === 0 ? text(name) : "") + text(value);
}

/** Section 5.2, as it is. @returns an octet a character */
export function text(value: string): string {
  return integer(value.length, 7, 0x00) + value;
}

/** Section 5.1. @param pattern the bits of the first octet before the integer @returns an octet a character */
export function integer(value: number, prefixBits: number, pattern: number): string {
  const most = 2 ** prefixBits - 1;
  if (value < most) return String.fromCharCode(pattern | value);
  let octets = String.fromCharCode(pattern | most);
  let rest = value - most;
  for (; rest >= 0x80; rest >>>= 7) octets += String.fromCharCode((rest & 0x7f) | 0x80);
  return octets + String.fromCharCode(rest);
}
