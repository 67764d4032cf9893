import { parentPort, workerData } from "node:worker_threads";
import { describeSqliteError, openForCheckpoints, sqliteErrorCode } from "./database.ts";
import type { Sent, ThreadOptions } from "./thread.ts";

if (parentPort === null) throw new Error("this file is the program of a worker thread");
const port = parentPort;
const { file }: ThreadOptions = workerData;
const database = openForCheckpoints(file);
// Passive: it waits for nobody, and nobody waits for it.
const checkpoint = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");

// Answered by why it could not be made, or by undefined.
port.on("message", (request: Sent<"checkpoint">) => {
  if (request === "close") {
    database.close();
    port.close();
  } else {
    port.postMessage(failureOf(() => checkpoint.get()));
  }
});

/** In SQLite's words, e.g. that the disk is full. */
function failureOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (sqliteErrorCode(error) === undefined) throw error;
    return describeSqliteError(error);
  }
}
