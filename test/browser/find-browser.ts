import { spawnSync } from "node:child_process";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const modules = fileURLToPath(new URL("../../node_modules/", import.meta.url));

/**
 * The Chromium that `RINGBACK_TEST_BROWSER` names, that of this machine, or that of npm, which is for Linux on x64 and
 * needs the machine's libnss3.
 * @throws Error if none of them starts
 */
export async function findBrowser(): Promise<string> {
  const { RINGBACK_TEST_BROWSER: named } = process.env;
  if (named !== undefined) return named;
  const found = ["chromium", "chromium-browser", "google-chrome"].find(starts) ?? (await unpackedBrowser());
  if (starts(found)) return found;
  throw new Error(
    "There is no Chromium: install it (Debian: apt-get install chromium), or name one in RINGBACK_TEST_BROWSER.",
  );
}

function starts(browser: string): boolean {
  return spawnSync(browser, ["--version"]).status === 0;
}

/** Unpacked once. What the package has to unpack it would leave it in the folder that all programs share. */
async function unpackedBrowser(): Promise<string> {
  const folder = `${modules}.cache/`;
  const browser = `${folder}chromium`;
  if (existsSync(browser)) return browser;
  const part = `${browser}-${process.pid}`;
  await mkdir(folder, { recursive: true });
  await pipeline(
    createReadStream(`${modules}@sparticuz/chromium/bin/chromium.br`),
    createBrotliDecompress(),
    createWriteStream(part, { mode: 0o755 }),
  );
  await rename(part, browser);
  return browser;
}

if (import.meta.main) console.log(await findBrowser());
