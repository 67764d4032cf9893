import { parentPort, workerData } from "node:worker_threads";
import type { Found } from "../../app/search.ts";
import { openForReading } from "./database.ts";
import { Reads } from "./reads.ts";
import { RecordSearch } from "./record-search.ts";
import type { SearchSql } from "./search-sql.ts";
import type { Sent, ThreadOptions } from "./thread.ts";

export type SearchAnswer = { readonly found: Found } | { readonly failure: string };

if (parentPort === null) throw new Error("this file is the program of a worker thread");
const port = parentPort;
const { file }: ThreadOptions = workerData;
const reader = openForReading(file);
const reads = new Reads(reader);
const records = new RecordSearch(reader);

port.on("message", (request: Sent<SearchSql>) => {
  if (request === "close") {
    reader.close();
    port.close();
  } else {
    void reads
      .ask(() => records.search(request))
      .then(
        (found) => port.postMessage({ found } satisfies SearchAnswer),
        (error: unknown) => port.postMessage({ failure: String(error) } satisfies SearchAnswer),
      );
  }
});
