import { parentPort, workerData } from "node:worker_threads";
import { openForCheckpoints, sqliteErrorCode } from "./database.ts";

/** What the thread is sent: to make a checkpoint, answered by "done", or to end. */
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
    try {
      checkpoint.get();
    } catch (error) {
      // E.g. a full disk. The writing thread runs into it as well, and tells those who write.
      if (sqliteErrorCode(error) === undefined) throw error;
    }
    port.postMessage("done");
  }
});
