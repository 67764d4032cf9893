import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface StoreFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A new folder for a database. */
export async function createStoreFolder(): Promise<StoreFolder> {
  const path = await mkdtemp(join(tmpdir(), "store-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
