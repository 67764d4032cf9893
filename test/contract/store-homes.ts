import { afterAll } from "@jest/globals";
import { join } from "node:path";
import type { Store } from "../../src/app/store-port.ts";
import { silentLog } from "../../src/lib/log.ts";
import type { StoreBounds } from "../../src/store/bounds.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { createStoreFolder } from "../support/store-folder.ts";

/** A place where a store can be opened: a folder, a database server, or nothing at all. */
export interface StoreHome {
  open(bounds?: Partial<StoreBounds>): Promise<Store>;
  /** Closes what is open and removes everything. */
  remove(): Promise<void>;
}

/** An adapter of the port `Store`. */
export interface StoreAdapter {
  readonly name: string;
  /** A store that is opened again knows what the one before it knew. */
  readonly persists: boolean;
  /** Only one store at a time can be open. */
  readonly isExclusive: boolean;
  createHome(): Promise<StoreHome>;
}

export const storeAdapters: readonly StoreAdapter[] = [
  {
    name: "memory",
    persists: false,
    isExclusive: false,
    createHome: async () => ({ open: async (bounds) => openMemoryStore(bounds), remove: async () => {} }),
  },
  { name: "sqlite", persists: true, isExclusive: true, createHome: createSqliteHome },
  { name: "postgres", persists: true, isExclusive: false, createHome: createPostgresHome },
];

afterAll(stopPostgres);

async function createSqliteHome(): Promise<StoreHome> {
  const folder = await createStoreFolder();
  const opened: Store[] = [];
  return {
    async open(bounds = {}) {
      const store = await openSqliteStore({ file: join(folder.path, "new", "db"), log: silentLog, bounds });
      opened.push(store);
      return store;
    },
    async remove() {
      await Promise.all(opened.map((store) => store.close()));
      await folder.remove();
    },
  };
}

async function createPostgresHome(): Promise<StoreHome> {
  const database = await (await startPostgres()).createDatabase();
  const opened: Store[] = [];
  return {
    async open(bounds = {}) {
      const store = await openPostgresStore({ url: database.url, log: silentLog, bounds });
      opened.push(store);
      return store;
    },
    async remove() {
      await Promise.all(opened.map((store) => store.close()));
      await database.remove();
    },
  };
}
