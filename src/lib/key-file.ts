import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { RandomBytes } from "./random.ts";

const keyBytes = 32;

/**
 * @returns 32 bytes; undefined if there is no such file
 * @throws Error if the file holds anything else
 */
export function readKey(file: string): Uint8Array | undefined {
  if (!existsSync(file)) return undefined;
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "base64");
  if (key.length !== keyBytes)
    throw new Error(`${file} does not hold a key: 32 bytes in base64 were expected`);
  return key;
}

/** Makes a key, and a file that holds it, readable by its owner only. @throws Error if the file is there */
export function createKey(file: string, randomBytes: RandomBytes): Uint8Array {
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
