import { parentPort, workerData } from "node:worker_threads";
import { BatchWriter, type Operation, type WriterOptions } from "./batch-writer.ts";

/** What the thread is sent: a batch, answered by `readonly Answer[]`, or the request to end. */
export type WriterRequest = readonly Operation[] | "close";

if (parentPort === null) throw new Error("this file is the program of a worker thread");
const port = parentPort;
const options: WriterOptions = workerData;
const writer = new BatchWriter(options);

port.on("message", (request: WriterRequest) => {
  if (request === "close") {
    writer.close();
    port.close();
  } else {
    port.postMessage(writer.write(request));
  }
});
