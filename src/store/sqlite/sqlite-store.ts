import { closeSync, openSync } from "node:fs";
import { mkdir, realpath, stat } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { InboxStore } from "../../app/inbox-port.ts";
import type { Outbox } from "../../app/outbox-port.ts";
import type { Found, Search, SearchRecords, SearchType, TextEquality } from "../../app/search.ts";
import type {
  AggregateRef,
  Commit,
  CommitOutcome,
  HistoryEvent,
  KeptItem,
  RowsOf,
  Store,
  StoredState,
  UniqueKey,
} from "../../app/store-port.ts";
import { errorMessage } from "../../lib/error-message.ts";
import type { Log } from "../../lib/log.ts";
import { storeBounds, type StoreBounds } from "../bounds.ts";
import type { WriterOptions } from "./batch-writer.ts";
import { integer, text } from "../sql/columns.ts";
import { Checkpoints } from "./checkpoints.ts";
import { maySeveralMakeCheckpoints, openForReading, prepareDatabase } from "./database.ts";
import { eventOf } from "../sql/rows.ts";
import { lockFile } from "./file-lock.ts";
import { createInbox } from "./inbox.ts";
import { dump, rebuild, restore } from "./kept.ts";
import { createOutbox } from "./outbox.ts";
import { Reads } from "./reads.ts";
import { RecordSearch } from "./record-search.ts";
import { sentCommit } from "./sent-commit.ts";
import { recordTables } from "../sql/record-tables.ts";
import { findSql, searchSql } from "./search-sql.ts";
import { Searches } from "./searches.ts";
import type { ThreadOptions } from "./thread.ts";
import { WriteQueue } from "./write-queue.ts";

export interface SqliteStoreOptions {
  /** The database file. It and its folder are created if they are missing. */
  readonly file: string;
  readonly log: Log;
  readonly bounds?: Partial<StoreBounds>;
}

/**
 * Opens the store of a single server: one file, for one process at a time.
 * @throws Error in plain words if the file cannot be used.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { log } = options;
  await createFolder(dirname(options.file)).catch((cause: unknown) => {
    throw new Error(`cannot create the folder of the database ${options.file}: ${errorMessage(cause)}`, {
      cause,
    });
  });
  // One file has one lock, by whatever link it is named.
  const file = await realpath(options.file).catch(() => createFile(options.file));
  if (await isFolder(file)) {
    const example = join(file, "ringback.db");
    throw new Error(
      `cannot open the database ${file}: it is a folder: name a file in it, such as ${example}`,
    );
  }
  const unlock = lockFile(file);
  let queue: WriteQueue | undefined;
  try {
    prepareDatabase(file);
    const workerData: WriterOptions = { file, bounds: { ...storeBounds, ...options.bounds } };
    const checkpoints = new Checkpoints(
      () => startThread("checkpoint-thread", "store-checkpoints", { file }),
      log,
    );
    const searches = new Searches(() => startThread("search-thread", "store-searches", { file }), log);
    queue = new WriteQueue(
      () => startThread("writer-thread", "store-writer", workerData),
      log,
      maySeveralMakeCheckpoints(process.versions["sqlite"] ?? "")
        ? (operations) => checkpoints.written(operations)
        : () => {},
    );
    // The first answer tells that the thread can write.
    await queue.write("boundBytes", Infinity);
    return new SqliteStore(file, openForReading(file), queue, checkpoints, searches, unlock);
  } catch (error) {
    await queue?.end();
    unlock();
    throw error;
  }
}

/**
 * Creates a folder and those above it, if they are missing. Node's own `recursive` never ends where the system says
 * of a folder in a folder that is there that there is no such folder, as /proc does.
 */
async function createFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  if (dirname(path) !== path) await createFolder(dirname(path));
  await mkdir(path, { mode: 0o700 }).catch(async (error: unknown) => {
    if (!(await isFolder(path))) throw error; // else another process was faster
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/**
 * For its owner alone, and so are those that SQLite puts beside it. What is in the way, opening it tells.
 *
 * @param file that is not there; a link to it may be
 * @returns where it is
 */
async function createFile(file: string): Promise<string> {
  try {
    closeSync(openSync(file, "a", 0o600));
    return await realpath(file);
  } catch {
    return file;
  }
}

/** @param program a file beside this one, in TypeScript when run from the sources */
function startThread(program: string, name: string, workerData: ThreadOptions): Worker {
  const url = new URL(`./${program}${extname(import.meta.url)}`, import.meta.url);
  return new Worker(url, { name, workerData });
}

/** Writes and searches go to threads of their own; reads are point reads on the calling thread. */
export class SqliteStore implements Store {
  readonly outbox: Outbox;
  readonly inbox: InboxStore;
  readonly #file: string;
  readonly #reader: DatabaseSync;
  readonly #reads: Reads;
  readonly #queue: WriteQueue;
  readonly #checkpoints: Checkpoints;
  readonly #searches: Searches;
  readonly #unlock: () => void;
  readonly #selectState: StatementSync;
  readonly #selectKey: StatementSync;
  readonly #selectAnswer: StatementSync;
  readonly #selectEvents: StatementSync;
  readonly #records: RecordSearch;
  #closed: Promise<void> | undefined;

  constructor(
    file: string,
    reader: DatabaseSync,
    queue: WriteQueue,
    checkpoints: Checkpoints,
    searches: Searches,
    unlock: () => void,
  ) {
    this.#file = file;
    this.#reader = reader;
    this.#reads = new Reads(reader);
    this.#queue = queue;
    this.#checkpoints = checkpoints;
    this.#searches = searches;
    this.#unlock = unlock;
    this.outbox = createOutbox(reader, queue, searches);
    this.inbox = createInbox(reader, queue);
    this.#selectState = reader.prepare(
      "SELECT sequence, state FROM states WHERE aggregate_type = ? AND aggregate_id = ?",
    );
    this.#selectKey = reader.prepare("SELECT aggregate_id FROM unique_keys WHERE kind = ? AND key = ?");
    this.#selectAnswer = reader.prepare("SELECT sealed FROM answers WHERE key = ? AND expires_ms > ?");
    this.#selectEvents = reader.prepare("SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?");
    this.#records = new RecordSearch(reader);
  }

  load({ type, id }: AggregateRef): Promise<StoredState | undefined> {
    return this.#reads.ask(() => {
      const row = this.#selectState.get(type, id);
      return row && { sequence: integer(row["sequence"]), state: JSON.parse(text(row["state"])) };
    });
  }

  findByKey({ kind, key }: UniqueKey): Promise<string | undefined> {
    return this.#reads.ask(() => {
      const row = this.#selectKey.get(kind, key);
      return row && text(row["aggregate_id"]);
    });
  }

  findAnswer(key: string, nowMs: number): Promise<string | undefined> {
    return this.#reads.ask(() => {
      const row = this.#selectAnswer.get(key, nowMs);
      return row && text(row["sealed"]);
    });
  }

  findByText<T extends SearchType>(
    type: T,
    equality: TextEquality<SearchRecords[T]>,
    limit: number,
  ): Promise<readonly string[]> {
    return this.#reads.ask(() => this.#records.find(findSql(recordTables[type], equality, limit)));
  }

  search<T extends SearchType>(type: T, search: Search<SearchRecords[T]>): Promise<Found> {
    return this.#searches.records(searchSql(recordTables[type], search));
  }

  commit(commit: Commit): Promise<CommitOutcome> {
    return this.#queue.write("commit", sentCommit(commit));
  }

  history(afterPosition: number, limit: number): readonly HistoryEvent[] {
    return this.#selectEvents.all(afterPosition, limit).map(eventOf);
  }

  rebuild(rowsOf: RowsOf): Promise<number> {
    return rebuild(this.#file, rowsOf);
  }

  dump(): AsyncIterable<KeptItem> {
    return dump(this.#file);
  }

  async restore(items: AsyncIterable<KeptItem>, rowsOf: RowsOf): Promise<number> {
    const rows = await restore(this.#file, items, rowsOf);
    await this.#queue.write("recount");
    return rows;
  }

  /** Bounds what the database file may grow to, as a full disk would; for tests. It never shrinks. */
  boundBytes(maxBytes: number): Promise<void> {
    return this.#queue.write("boundBytes", maxBytes);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#queue.drain();
    // The writer closes last: only the last connection folds the log into the file and removes it.
    await this.#searches.end();
    this.#reader.close();
    await this.#checkpoints.end();
    await this.#queue.end();
    this.#unlock();
  }
}
