import { DatabaseSync } from "node:sqlite";
import { foldCase } from "../../app/search.ts";
import { errorMessage } from "../../lib/error-message.ts";
import { integer, text } from "../sql/columns.ts";
import { readMigrations } from "../sql/migrations.ts";

/** "Ring" in ASCII. It tells our files from the databases of other programs (`PRAGMA application_id`). */
const applicationId = 0x52696e67;

/** Then the log of writes begins anew. Beside a long read, such as a backup, it cannot: of what it grows to, twice this stays. */
const logBytesMax = 128 * 1024 * 1024;

/** How long a connection waits for another program that looks into the file, e.g. the sqlite3 shell. */
const busyTimeoutMs = 5000;

/**
 * Creates the database or brings it to the newest version.
 * @throws Error in plain words if the file is none of ours, is newer than this program, or cannot be used.
 */
export function prepareDatabase(file: string): void {
  try {
    using database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    // Of a file that is made now. A commit writes whole pages, and changes a few hundred bytes in each; a user has room on one
    // of these, and not on a smaller one.
    database.exec("PRAGMA page_size = 2048");
    const version = pragma(database, "user_version");
    const owner = pragma(database, "application_id");
    const isEmpty = database.prepare("SELECT 1 FROM sqlite_schema").get() === undefined;
    if (owner !== applicationId && !(isEmpty && owner === 0 && version === 0)) {
      throw new Error("it is a database of another program");
    }
    registerFold(database);
    const migrations = readMigrations(new URL("migrations/", import.meta.url));
    if (version > migrations.length) {
      throw new Error(
        `its version is ${version}, and this program knows versions up to ${migrations.length}: use a newer release`,
      );
    }
    // Readers and the writer do not wait for each other. The mode is a property of the file.
    const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
    if (mode !== "wal") throw new Error(`its folder does not support write-ahead logging (mode ${mode})`);
    for (const [index, { sql }] of migrations.entries()) {
      if (index < version) continue;
      database.exec(
        `BEGIN IMMEDIATE; ${sql}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${index + 1}; COMMIT`,
      );
    }
    // The file has one process at a time, so whoever had claimed a message is gone: it is due at once.
    database.exec("UPDATE outbox SET due_ms = created_ms, is_leased = 0 WHERE is_leased = 1");
  } catch (cause) {
    const reason = sqliteErrorCode(cause) === undefined ? errorMessage(cause) : describeSqliteError(cause);
    throw new Error(`cannot open the database ${file}: ${reason}`, { cause });
  }
}

/** The one connection that writes. */
export function openForWriting(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  database.exec(`
    -- An acknowledged commit is on the disk: fsync of the log at each one.
    PRAGMA synchronous = FULL;
    -- While the rest of the log is copied nothing is written: for a few milliseconds, tens of them where calls are as many as
    -- can be, and hundreds where nobody copies it meanwhile (checkpoints.ts). With half as much log that is twice as often.
    PRAGMA wal_autocheckpoint = ${logBytesMax / pragma(database, "page_size")};
    PRAGMA journal_size_limit = ${2 * logBytesMax};
    -- 8 MiB. A full batch changes a good part of what the default of 2 MiB holds; but a commit looks through
    -- the cache, and with 32 MiB that takes longer than the reads that it saves.
    PRAGMA cache_size = -8192;
    -- What is erased is overwritten where that costs no further page.
    PRAGMA secure_delete = FAST;
  `);
  return database;
}

/**
 * Whether more than one connection may make checkpoints: before 3.51.3 SQLite could lose what was committed at the same
 * moment (https://sqlite.org/wal.html#walresetbug).
 */
export function maySeveralMakeCheckpoints(sqliteVersion: string): boolean {
  return sqliteVersion.localeCompare("3.51.3", "en", { numeric: true }) >= 0;
}

/** A connection that only makes checkpoints. */
export function openForCheckpoints(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: busyTimeoutMs });
}

/** A connection that only reads, and sees nothing but what is durable. */
export function openForReading(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
  registerFold(database);
  return database;
}

/** Gives SQL the function `fold`: its own `lower` knows the letters of ASCII only. */
function registerFold(database: DatabaseSync): void {
  database.function("fold", { deterministic: true }, (value) => foldCase(text(value)));
}

/** The value of a pragma that holds a number. */
export function pragma(database: DatabaseSync, name: string): number {
  return integer(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/** SQLite's extended result code (https://sqlite.org/rescode.html); undefined if it is no error of SQLite. */
export function sqliteErrorCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode : undefined;
}

const sqliteReadOnly = 8;
const sqliteCannotOpen = 14;

export function describeSqliteError(error: unknown): string {
  const code = sqliteErrorCode(error);
  const described = `${errorMessage(error)} (SQLite ${code})`;
  const primary = (code ?? 0) & 0xff;
  if (primary !== sqliteReadOnly && primary !== sqliteCannotOpen) return described;
  return `${described}: this account must be able to write the file, and to add files to its folder`;
}
