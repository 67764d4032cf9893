import type { RandomBytes } from "./random.ts";

/** 2020-01-01: keeps the ids at 18 digits for decades. */
const epochMs = 1_577_836_800_000;

/**
 * An id that grows with time: 41 bits of milliseconds, 22 bits of randomness, as decimal digits. One process gives
 * none twice, and each is greater than the one before; two processes give the same in one millisecond once in four
 * million.
 */
export function newDecimalId(nowMs: number, randomBytes: RandomBytes): string {
  const [a = 0, b = 0, c = 0] = randomBytes(3);
  const random = ((a & 0x3f) << 16) | (b << 8) | c;
  const drawn = (BigInt(Math.max(0, nowMs - epochMs)) << 22n) | BigInt(random);
  lastId = drawn > lastId ? drawn : lastId + 1n;
  return String(lastId);
}

let lastId = 0n;

/** A UUID version 7 (RFC 9562 §5.7): grows with time, 74 random bits; never equal in practice. */
export function newUuid(nowMs: number, randomBytes: RandomBytes): string {
  uuid.set(randomBytes(uuid.length));
  uuid.writeUIntBE(nowMs, 0, 6);
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x70, 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  // Written into one buffer, so that the text is one piece in memory: ids are kept for long.
  let at = 0;
  for (const byte of uuid) {
    if (text[at] === dash) at += 1;
    at = text.writeUInt16BE(hexPairs[byte] ?? 0, at);
  }
  return text.toString("latin1");
}

const uuid = Buffer.alloc(16);
const text = Buffer.from("00000000-0000-0000-0000-000000000000");
const dash = "-".charCodeAt(0);
/** Both digits of a byte, as two bytes of text. */
const hexPairs = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, "0")).readUInt16BE(),
);
