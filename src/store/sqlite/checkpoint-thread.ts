import { parentPort, workerData } from "node:worker_threads";
import { describeSqliteError, openForCheckpoints, sqliteErrorCode } from "./database.ts";

/** What the thread is sent: to make a checkpoint, answered by why it could not or by undefined; or to end. */
export type CheckpointRequest = "checkpoint" | "close";

/** What the thread is started with. */
export interface CheckpointOptions {
  readonly file: string;
}

if (parentPort === null) throw new Error("this file is the program of a worker thread");
const port = parentPort;
const { file }: CheckpointOptions = workerData;
const database = openForCheckpoints(file);
// Passive: it waits for nobody, and nobody waits for it.
const checkpoint = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");

port.on("message", (request: CheckpointRequest) => {
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
