import { parentPort, workerData } from "node:worker_threads";
import type { MessageQuery, MessageRecord } from "../../app/outbox-port.ts";
import type { Found } from "../../app/search.ts";
import { openForReading } from "./database.ts";
import { listMessages } from "./message-list.ts";
import { Reads } from "./reads.ts";
import { RecordSearch } from "./record-search.ts";
import type { SearchSql } from "./search-sql.ts";
import type { Sent, ThreadOptions } from "./thread.ts";

/** What is looked for: records, or messages. */
export type SearchRequest = { readonly records: SearchSql } | { readonly messages: MessageQuery };

/** What was asked for, or why it is not there. */
export interface SearchAnswer {
  readonly records?: Found;
  readonly messages?: readonly MessageRecord[];
  readonly failure?: string;
}

if (parentPort === null) throw new Error("this file is the program of a worker thread");
const port = parentPort;
const { file }: ThreadOptions = workerData;
const reader = openForReading(file);
const reads = new Reads(reader);
const records = new RecordSearch(reader);

function answerTo(request: SearchRequest): SearchAnswer {
  return "records" in request
    ? { records: records.search(request.records) }
    : { messages: listMessages(reader, request.messages) };
}

port.on("message", (request: Sent<SearchRequest>) => {
  if (request === "close") {
    reader.close();
    port.close();
  } else {
    void reads
      .ask(() => answerTo(request))
      .catch((error: unknown): SearchAnswer => ({ failure: String(error) }))
      .then((answer) => port.postMessage(answer));
  }
});
