import { parentPort } from "node:worker_threads";
import type { Operation } from "../../src/store/sqlite/batch-writer.ts";

/**
 * A writing thread that writes nothing. It answers each `clearInbox` with the size of its batch, except where
 * the recipient tells it to end, to fail or to stay silent.
 */
parentPort?.on("message", (batch: readonly Operation[] | "close") => {
  if (batch === "close") process.exit();
  const recipients = new Set(batch.map(([, recipient]) => recipient));
  if (recipients.has("end")) process.exit(1);
  if (recipients.has("throw")) throw new Error("out of luck");
  if (recipients.has("silence")) return;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have an origin
  parentPort?.postMessage(batch.map(() => ({ value: batch.length })));
});
