import type { IntegerMatch } from "../../app/search.ts";
import type { RecordTable } from "./record-tables.ts";

/** What a search says in the SQL of each database. */

export function columnOf<R>(table: RecordTable<R>, field: keyof R | "id"): string {
  return field === "id" ? "id" : table.columns[field];
}

/** Undefined if the field has none. */
export function foldedColumnOf<R>(table: RecordTable<R>, field: keyof R | "id"): string | undefined {
  return field === "id" ? undefined : table.foldedColumns[field];
}

export const integerOperators: Readonly<Record<IntegerMatch, string>> = {
  equals: "=",
  greater: ">",
  greater_or_equals: ">=",
  less: "<",
  less_or_equals: "<=",
};
