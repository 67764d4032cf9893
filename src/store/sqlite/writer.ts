import { parentPort, workerData } from "node:worker_threads";
import type { StoreBounds } from "../bounds.ts";
import { BatchWriter, type Operation } from "./batch-writer.ts";

/** What the thread is started with. */
export interface WriterData {
  readonly file: string;
  readonly bounds: StoreBounds;
}

/** What the thread is sent: a batch, answered by `readonly Answer[]`, or the request to end. */
export type WriterRequest = readonly Operation[] | "close";

if (parentPort === null) throw new Error("this file is the program of a worker thread");
const port = parentPort;
const { file, bounds }: WriterData = workerData;
const writer = new BatchWriter(file, bounds);

port.on("message", (request: WriterRequest) => {
  if (request === "close") {
    writer.close();
    port.close();
  } else {
    port.postMessage(writer.write(request));
  }
});
