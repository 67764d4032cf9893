import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { RandomBytes } from "./random.ts";

const keyBytes = 32;

/**
 * The key in a file, which is made, readable by its owner only, if it is not there.
 *
 * @returns 32 bytes
 * @throws Error if the file holds anything else
 */
export function loadOrCreateKey(file: string, randomBytes: RandomBytes): Uint8Array {
  const key = readKey(file) ?? createKey(file, randomBytes);
  if (key.length !== keyBytes)
    throw new Error(`${file} does not hold a key: 32 bytes in base64 were expected`);
  return key;
}

function readKey(file: string): Uint8Array | undefined {
  return existsSync(file) ? Buffer.from(readFileSync(file, "utf8").trim(), "base64") : undefined;
}

function createKey(file: string, randomBytes: RandomBytes): Uint8Array {
  const key = Buffer.from(randomBytes(keyBytes));
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, "wx", 0o600);
  try {
    writeSync(descriptor, `${key.toString("base64")}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return key;
}
