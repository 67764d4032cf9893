import { parentPort } from "node:worker_threads";
import type { Operation } from "../../src/store/sqlite/batch-writer.ts";

/**
 * A writing thread that writes nothing. It answers each `retry` with the size of its batch, except where the
 * id of the message tells it to end, to fail or to stay silent.
 */
parentPort?.on("message", (batch: readonly Operation[] | "close") => {
  if (batch === "close") process.exit();
  const ids = new Set(batch.map(([, id]) => id));
  if (ids.has("end")) process.exit(1);
  if (ids.has("throw")) throw new Error("out of luck");
  if (ids.has("silence")) return;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have an origin
  parentPort?.postMessage(batch.map(() => ({ value: batch.length })));
});
