import { build } from "../../src/build.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Store } from "../../src/app/store-port.ts";
import { fallbackId } from "../../src/courier/providers.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { createHttpProvider } from "../../src/sms/http.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { type CrashOrder, type CrashPoint, orderVariable } from "./crash-points.ts";
import { withParts } from "./with-parts.ts";

/** A server that kills itself at one point on the way of a message; otherwise it is the server as it is. */

const { [orderVariable]: order = "", ...environment } = process.env;
const { point, passing, provider }: CrashOrder = JSON.parse(order);
const config = readConfig(environment);
const { sms, store: storage } = config;
if (storage.kind !== "sqlite" || sms.kind === "inbox") throw new Error("it needs a file and a webhook");

let passed = 0;
function dieAt(here: CrashPoint): void {
  if (here !== point) return;
  passed += 1;
  if (passed >= passing) process.kill(process.pid, "SIGKILL");
}

/** The store of the server, which dies at its point. */
function watched(store: Store): Store {
  const { outbox } = store;
  return withParts(store, {
    commit(commit) {
      if (commit.settle?.outcome === "sent") dieAt("after the 2xx, before the record");
      return store.commit(commit);
    },
    outbox: withParts(outbox, {
      async claim(...options) {
        dieAt("before the claim");
        const claimed = await outbox.claim(...options);
        if (claimed.length > 0) dieAt("after the claim");
        return claimed;
      },
      settle(settlement) {
        if (settlement.outcome === "sent") dieAt("after the 2xx, before the record");
        return outbox.settle(settlement);
      },
    }),
  });
}

const log = createLog("warn");
const store = watched(await openSqliteStore({ file: storage.file, log }));
const { url, allowPrivate } = sms;
const signingKeys = sms.signingKeys.map((key) => ({ key, expiresMs: null }));
const webhook = createHttpProvider({
  id: fallbackId,
  description: "",
  url,
  signingKeys,
  allowPrivate,
  clock: systemClock,
});
const smsProvider = { ...webhook, isIdempotent: provider === "idempotent" };
const starting = build(config, { store, smsProvider, log });
process.on("SIGTERM", () => {
  void starting.then((ringback) => ringback.shutdown(1_000)).then(() => process.exit(0));
});
const ringback = await starting;
process.stdout.write(`Ringback answers at ${ringback.url}:\n`);
