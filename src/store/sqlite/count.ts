import type { DatabaseSync } from "node:sqlite";
import { integer } from "../sql/columns.ts";

/** @param rows a table, or a table and a condition */
export function count(database: DatabaseSync, rows: string): number {
  return integer(database.prepare(`SELECT count(*) AS rows FROM ${rows}`).get()?.["rows"]);
}
