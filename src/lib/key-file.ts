import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
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

/**
 * Makes a key, and a file that holds it, readable by its owner only. Whatever ends the process or fills the disk
 * meanwhile, that file is there as a whole or not at all: half a key would keep the next start from making one.
 *
 * @param file that is not there
 */
export function createKey(file: string, randomBytes: RandomBytes): Uint8Array {
  const key = Buffer.from(randomBytes(keyBytes));
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  const unfinished = `${file}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${key.toString("base64")}\n`, { flag: "wx", mode: 0o600, flush: true });
  renameSync(unfinished, file);
  flushFolder(folder);
  return key;
}

/** Without it a power cut may take the name of a file away that was just given to it. */
function flushFolder(path: string): void {
  if (process.platform === "win32") return; // where a folder cannot be opened, and needs not
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
