import { foldCase } from "../../app/search.ts";
import { phoneField } from "./record-tables.ts";

/** A `RecordTable` whatever its records. */
export interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly foldedColumns: Readonly<Partial<Record<string, string>>>;
}

/** A change of a record by its columns. */
export interface ColumnChanges {
  /** `phone` and `phone_folded` of the row in `states`; undefined if they stay. */
  readonly phone: readonly [string, string] | undefined;
  /** What changes in the table of the records. */
  readonly ofRecord: Readonly<Record<string, string | number>>;
}

/** @throws TypeError if records of this table have no such field, or not with such a value */
export function columnChanges(table: Table, changes: object): ColumnChanges {
  let phone: ColumnChanges["phone"];
  const ofRecord: Record<string, string | number> = {};
  for (const [field, value] of Object.entries(changes)) {
    const column = table.columns[field];
    if (column === undefined) throw new TypeError(`a record with a field ${field}`);
    if (typeof value === "number") ofRecord[column] = value;
    else if (typeof value === "string") {
      const text = value.toWellFormed();
      const folded = table.foldedColumns[field];
      if (field === phoneField) phone = [text, foldCase(text)];
      else {
        ofRecord[column] = text;
        if (folded !== undefined) ofRecord[folded] = foldCase(text);
      }
    } else throw new TypeError(`a record whose ${field} is neither text nor number`);
  }
  return { phone, ofRecord };
}
