import { DatabaseSync } from "node:sqlite";
import { describeSqliteError, sqliteErrorCode } from "./database.ts";

const sqliteBusy = 5;

/**
 * Keeps everybody else from opening the database as long as this process lives. The lock is an open exclusive
 * transaction on an empty database beside it: the operating system drops it with the process, so it is
 * never stale.
 * @returns what gives the lock back.
 * @throws Error if somebody holds it.
 */
export function lockFile(file: string): () => void {
  const lock = new DatabaseSync(`${file}-lock`, { open: false, timeout: 0 });
  try {
    lock.open();
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    if (lock.isOpen) lock.close();
    const reason =
      sqliteErrorCode(cause) === sqliteBusy
        ? `${file} is in use by another process: stop the server first`
        : `cannot lock ${file} with ${file}-lock: ${describeSqliteError(cause)}`;
    throw new Error(reason, { cause });
  }
  return () => lock.close();
}
