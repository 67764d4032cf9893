import { foldCase } from "../../app/search.ts";
import type { AggregateType, AggregateWrite } from "../../app/store-port.ts";
import { hasRecord } from "../commit.ts";
import { phoneField, recordTables } from "./record-tables.ts";

/** A `RecordTable` whatever its records. */
export interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly foldedColumns: Readonly<Partial<Record<string, string>>>;
}

/** A change of a record by its columns. */
export interface ColumnChanges {
  /** `phone` of the row in `states`; undefined if it stays, null if they are not found by one. */
  readonly phone: string | null | undefined;
  /** The row in the table of the records; undefined if it stays, null if it goes. */
  readonly ofRecord: Readonly<Record<string, string | number>> | null | undefined;
}

const none: ColumnChanges = { phone: undefined, ofRecord: undefined };

/** @throws TypeError if records of this type have no such field, or not with such a value */
export function columnChanges(type: AggregateType, record: AggregateWrite["record"]): ColumnChanges {
  if (record === undefined || !hasRecord(type)) return none;
  const table: Table = recordTables[type];
  if (record === null) return { phone: phoneField in table.columns ? null : undefined, ofRecord: null };
  let phone: ColumnChanges["phone"];
  let ofRecord: Record<string, string | number> | undefined;
  for (const [field, value] of Object.entries(record)) {
    const column = table.columns[field];
    if (column === undefined) throw new TypeError(`a record with a field ${field}`);
    if (typeof value === "number") (ofRecord ??= {})[column] = value;
    else if (typeof value === "string") {
      const text = value.toWellFormed();
      const folded = table.foldedColumns[field];
      if (field === phoneField) phone = text;
      else {
        (ofRecord ??= {})[column] = text;
        if (folded !== undefined) ofRecord[folded] = foldCase(text);
      }
    } else throw new TypeError(`a record whose ${field} is neither text nor number`);
  }
  return { phone, ofRecord };
}
