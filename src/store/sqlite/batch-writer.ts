import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoreBounds } from "../bounds.ts";
import { describeSqliteError, openForWriting, pragma, sqliteErrorCode } from "./database.ts";
import type { ThreadOptions } from "./thread.ts";
import { prepareWrites, type Writes } from "./writes.ts";

/** What the writing thread does, by name. */
export interface Operations extends Writes {
  /** Bounds the size of the database file; it never bounds it below what it is. */
  boundBytes(maxBytes: number): void;
  /** Counts anew: another connection has written. */
  recount(): void;
}

/** As it crosses to the thread; `WriteQueue.write` sees to it that name and arguments fit. */
export type Operation = readonly [name: keyof Operations, ...args: unknown[]];

export type Answer = { readonly value: unknown } | { readonly failure: Failure };

export interface Failure {
  /** Whether the store did nothing, may have done it, or the operation itself is at fault. */
  readonly kind: "unavailable" | "unknown" | "defect";
  readonly message: string;
  readonly cause: string;
}

export interface WriterOptions extends ThreadOptions {
  readonly bounds: StoreBounds;
}

/** Writes batches of operations: one batch, one transaction, one fsync. */
export class BatchWriter {
  readonly #file: string;
  readonly #bounds: StoreBounds;
  #maxBytes = Infinity;
  #session: Session | undefined;

  constructor({ file, bounds }: WriterOptions) {
    this.#file = file;
    this.#bounds = bounds;
  }

  /** Every operation has its answer, at the same index. What was answered with a value is on the disk. */
  write(batch: readonly Operation[]): readonly Answer[] {
    let isCommitting = false;
    try {
      const { begin, commit, operations } = (this.#session ??= this.#open());
      begin.run();
      const answers = batch.map(([name, ...args]) => ({
        value: Reflect.apply(operations[name], operations, args),
      }));
      isCommitting = true;
      commit.run();
      return answers;
    } catch (error) {
      // Nothing that the connection or the counters remember is trusted after a failure: the next batch
      // opens a new connection. Closing this one rolls back.
      this.close();
      if (!isDefect(error)) return batch.map(() => ({ failure: unavailable(error, isCommitting) }));
      if (batch.length > 1) return batch.flatMap((operation) => this.write([operation]));
      return [{ failure: { kind: "defect", message: "the write was not valid", cause: String(error) } }];
    }
  }

  close(): void {
    this.#session?.database.close();
    this.#session = undefined;
  }

  #open(): Session {
    const database = openForWriting(this.#file);
    try {
      boundBytes(database, this.#maxBytes);
      const operations: Operations = {
        ...prepareWrites(database, this.#bounds),
        boundBytes: (maxBytes) => {
          this.#maxBytes = maxBytes;
          boundBytes(database, maxBytes);
        },
        recount: () => void Object.assign(operations, prepareWrites(database, this.#bounds)),
      };
      return {
        database,
        begin: database.prepare("BEGIN IMMEDIATE"),
        commit: database.prepare("COMMIT"),
        operations,
      };
    } catch (error) {
      database.close();
      throw error;
    }
  }
}

interface Session {
  readonly database: DatabaseSync;
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly operations: Operations;
}

const pagesMaxOfSqlite = 4_294_967_294;

function boundBytes(database: DatabaseSync, maxBytes: number): void {
  const pagesMax = Math.floor(maxBytes / pragma(database, "page_size"));
  database.exec(`PRAGMA max_page_count = ${Math.min(Math.max(1, pagesMax), pagesMaxOfSqlite)}`);
}

const sqliteIoErrorWrite = 778;
const sqliteFull = 13;
const sqliteConstraint = 19;

/** A broken constraint, or no error of SQLite at all: the same operation would fail on any disk. */
function isDefect(error: unknown): boolean {
  const code = sqliteErrorCode(error);
  return code === undefined || (code & 0xff) === sqliteConstraint;
}

function unavailable(error: unknown, isCommitting: boolean): Failure {
  const code = sqliteErrorCode(error);
  // The mark that makes a transaction valid is the last thing written to the log. Where writing failed it is
  // not there. Where anything after it failed, such as fsync, it may be, and may count after a crash.
  const isKnown = !isCommitting || code === sqliteFull || code === sqliteIoErrorWrite;
  return {
    kind: isKnown ? "unavailable" : "unknown",
    message: isKnown
      ? "the database cannot be written; nothing was changed"
      : "the database cannot be written; whether this was written is not known",
    cause: describeSqliteError(error),
  };
}
