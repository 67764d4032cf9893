import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { type Answer, BatchWriter, type Operation, type WriterOptions } from "./batch-writer.ts";
import type { Sent } from "./thread.ts";

if (parentPort === null) throw new Error("this file is the program of a worker thread");
const port = parentPort;
const options: WriterOptions = workerData;
const writer = new BatchWriter(options);
yieldToCalls();

port.on("message", (request: Sent<readonly Operation[]>) => {
  if (request === "close") {
    writer.close();
    port.close();
  } else {
    port.postMessage(writer.write(request) satisfies readonly Answer[]);
  }
});

/**
 * Where this thread and the one that serves calls want the same core, this one gets a quarter of it. Otherwise each batch
 * interrupts the calls that would have been in it (docs/performance.md). Only Linux knows priorities of threads
 * (setpriority(2)), and a sandbox may forbid to set them: then it goes without.
 */
function yieldToCalls(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(5);
  } catch {
    // Nothing is lost but time.
  }
}
