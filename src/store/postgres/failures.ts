import pg from "pg";
import { StoreUnavailableError } from "../../app/store-port.ts";

/** What the server said, undefined if it did not say anything: SQLSTATE (PostgreSQL manual, appendix A). */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** Raised by ringback.commit_batch. */
export const writerReplaced = "RB001";

/**
 * Whether the connection was lost, so that a statement which was sent may have been carried out or not: the server
 * has said nothing, or that it ends the connection.
 */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return !(error instanceof TypeError);
  return /^(08|57P)/.test(state) || ["FATAL", "PANIC"].includes(severity(error));
}

/** Whether the same statement would fail on any server: bad data, a broken constraint, unknown names, too long a key. */
export function isDefect(error: unknown): boolean {
  return error instanceof TypeError || /^(22|23|42|54)/.test(sqlState(error) ?? "");
}

/**
 * Whether the statement was rolled back, and may well succeed if it is repeated: in favor of another one, or by a
 * server that takes no writes any more (25006), in whose place there may be another.
 */
export function isTransient(error: unknown): boolean {
  return /^(40|55P03|25006)/.test(sqlState(error) ?? "");
}

/** @param error of a statement that has changed nothing */
export function asUnavailable(error: unknown): Error {
  if (error instanceof StoreUnavailableError) return error;
  if (isDefect(error)) return new Error("the statement was not valid", { cause: error });
  return new StoreUnavailableError("the database cannot be reached; nothing was changed", { cause: error });
}

function severity(error: unknown): string {
  return (error instanceof pg.DatabaseError && error.severity) || "";
}
