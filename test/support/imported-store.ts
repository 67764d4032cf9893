import type { Store } from "../../src/app/store-port.ts";
import { importLines } from "../../src/app/transfer.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";

/** A store in memory with what an export holds. @param lines without their ends */
export async function importedStore(lines: readonly string[]): Promise<Store> {
  const store = openMemoryStore();
  await importLines(
    store,
    (async function* () {
      yield* lines;
    })(),
  );
  return store;
}
