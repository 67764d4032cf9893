import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder for a database, and the way to remove it. */
export async function createStoreFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "store-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
