/**
 * Ringback as it is run, in profile safe.
 *
 * Arguments: RINGBACK_STORE, and how many users a store in memory begins with; a file has its users already.
 */
import type { Store } from "../../src/app/store-port.ts";
import { build } from "../../src/build.ts";
import { readConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { adminToken, fill, masterKey } from "../users.ts";
import { reportTo } from "./control.ts";

const [storeText = "memory:", users = "0"] = process.argv.slice(2);
const config = readConfig({
  RINGBACK_STORE: storeText,
  RINGBACK_PORT: "0",
  RINGBACK_ADMIN_TOKEN: adminToken,
  RINGBACK_MASTER_KEY: masterKey.toString("base64"),
});

async function filledMemoryStore(): Promise<Store> {
  const store = openMemoryStore();
  await fill(store, Number(users));
  return store;
}

/** The load counts the errors; of what they were, the first lines are enough. */
let linesLeft = 5;
function writeFirst(line: string): void {
  linesLeft -= 1;
  if (linesLeft >= 0) process.stderr.write(line);
}

const overrides = config.store.kind === "memory" ? { store: await filledMemoryStore() } : {};
const server = await build(config, { log: createLog("error", writeFirst), ...overrides });
reportTo({ http1: server.port, http2: server.port }, () => server.shutdown(0));
