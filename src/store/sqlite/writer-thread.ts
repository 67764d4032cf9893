import { parentPort, workerData } from "node:worker_threads";
import { type Answer, BatchWriter, type Operation, type WriterOptions } from "./batch-writer.ts";
import type { Sent } from "./thread.ts";

if (parentPort === null) throw new Error("this file is the program of a worker thread");
const port = parentPort;
const options: WriterOptions = workerData;
const writer = new BatchWriter(options);

port.on("message", (request: Sent<readonly Operation[]>) => {
  if (request === "close") {
    writer.close();
    port.close();
  } else {
    port.postMessage(writer.write(request) satisfies readonly Answer[]);
  }
});
