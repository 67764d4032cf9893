import { foldCase } from "../../app/search.ts";

/** A `RecordTable` whatever its records. */
interface Table {
  readonly columns: Readonly<Record<string, string>>;
  readonly foldedColumns: Readonly<Partial<Record<string, string>>>;
  readonly stateFields: readonly string[];
}

/** A change of a record by its columns: those in `states`, and those in the table of the records. */
export interface ColumnChanges {
  readonly ofState: Readonly<Record<string, string | number>>;
  readonly ofRecord: Readonly<Record<string, string | number>>;
}

/** @throws TypeError if records of this table have no such field, or not with such a value */
export function columnChanges(table: Table, changes: object): ColumnChanges {
  const ofState: Record<string, string | number> = {};
  const ofRecord: Record<string, string | number> = {};
  for (const [field, value] of Object.entries(changes)) {
    const column = table.columns[field];
    if (column === undefined) throw new TypeError(`a record with a field ${field}`);
    const cells = table.stateFields.includes(field) ? ofState : ofRecord;
    if (typeof value === "number") cells[column] = value;
    else if (typeof value === "string") {
      const text = value.toWellFormed();
      cells[column] = text;
      const folded = table.foldedColumns[field];
      if (folded !== undefined) cells[folded] = foldCase(text);
    } else throw new TypeError(`a record whose ${field} is neither text nor number`);
  }
  return { ofState, ofRecord };
}
