import { join } from "node:path";
import type { Store } from "../../src/app/ports.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { describeStore } from "./store-suite.ts";

describeStore(
  "memory",
  async () => ({ open: async (bounds) => openMemoryStore(bounds), remove: async () => {} }),
  { persists: false, isExclusive: false },
);

describeStore(
  "sqlite",
  async () => {
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
  },
  { persists: true, isExclusive: true },
);
