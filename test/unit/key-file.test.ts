import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createKey, readKey } from "../../src/lib/key-file.ts";
import { createStoreFolder } from "../support/store-folder.ts";

describe("the file of a key", () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  let file: string;
  beforeEach(async () => {
    folder = await createStoreFolder();
    file = join(folder.path, "ringback.db.key");
  });
  afterEach(() => folder.remove());

  it("holds the key for its owner alone", async () => {
    const key = createKey(file, randomBytes);
    expect(Buffer.from(readKey(file) ?? [])).toEqual(key);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder.path)).toEqual(["ringback.db.key"]);
  });

  it("is not there where the disk takes nothing more, and is made once it does", async () => {
    const program = new URL("../../src/lib/key-file.ts", import.meta.url).href;
    const create = `
      const { createKey } = await import(${JSON.stringify(program)});
      createKey(process.argv[1], (length) => new Uint8Array(length));
    `;
    // No file may have a byte.
    const args = [
      "-c",
      'ulimit -f 0; exec "$0" --input-type=module -e "$1" "$2"',
      process.execPath,
      create,
      file,
    ];
    expect(() => execFileSync("sh", args, { stdio: "pipe" })).toThrow("EFBIG");
    expect(readKey(file)).toBeUndefined();
    createKey(file, randomBytes);
    expect(readKey(file)).toHaveLength(32);
  });
});
