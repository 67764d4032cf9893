import type { DatabaseSync, StatementSync } from "node:sqlite";
import { foldCase } from "../../app/search.ts";
import { Lru } from "../../lib/lru.ts";
import type { Row } from "./columns.ts";

/** Writes the record of the aggregate whose state row has that number; null removes it. */
export type WriteRecord = (number: number, id: string, record: object | null) => void;

/** A `RecordTable` whatever its records. */
interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly foldedColumns: Readonly<Partial<Record<string, string>>>;
}

interface Column {
  readonly field: string;
  readonly name: string;
  /** The one with the same text, folded. */
  readonly foldedName: string | undefined;
}

/** A value on its way to a column. */
interface Cell {
  readonly column: string;
  readonly value: string | number;
}

/** Each set of columns that change together has a statement of its own. */
const updatesMax = 64;

export function prepareRecordWrites(database: DatabaseSync, table: Table): WriteRecord {
  const columns: readonly Column[] = Object.entries(table.columns).map(([field, name]) => ({
    field,
    name,
    foldedName: table.foldedColumns[field],
  }));
  const names = columns.map(({ name }) => name);
  const inserted = columns.flatMap(({ name, foldedName }) =>
    foldedName === undefined ? [name] : [name, foldedName],
  );
  const select = database.prepare(`SELECT ${names.join(", ")} FROM ${table.name} WHERE number = ?`);
  const insert = database.prepare(
    `INSERT INTO ${table.name} (number, id, ${inserted.join(", ")})
     VALUES (?, ?, ${inserted.map(() => "?").join(", ")})`,
  );
  const remove = database.prepare(`DELETE FROM ${table.name} WHERE number = ?`);
  const updates = new Lru<string, StatementSync>(updatesMax);

  // Only columns with a new value are named: SQLite writes to each index with a column that is.
  function update(number: number, changed: readonly Cell[]): void {
    const changes = changed.map(({ column }) => `${column} = ?`).join(", ");
    let statement = updates.get(changes);
    if (statement === undefined) {
      statement = database.prepare(`UPDATE ${table.name} SET ${changes} WHERE number = ?`);
      updates.set(changes, statement);
    }
    statement.run(...changed.map(({ value }) => value), number);
  }

  return (number, id, record) => {
    if (record === null) {
      remove.run(number);
      return;
    }
    const present = select.get(number);
    const changed = changedCells(columns, record, present ?? {});
    if (present === undefined) insert.run(number, id, ...changed.map(({ value }) => value));
    else if (changed.length > 0) update(number, changed);
  };
}

/** @throws TypeError if the record is not of this table */
function changedCells(columns: readonly Column[], record: object, present: Row): readonly Cell[] {
  const changed: Cell[] = [];
  for (const { field, name, foldedName } of columns) {
    const value: unknown = Reflect.get(record, field);
    if (typeof value !== "string" && typeof value !== "number") {
      throw new TypeError(`a record without ${field}`);
    }
    if (present[name] === value) continue;
    changed.push({ column: name, value });
    if (foldedName !== undefined) changed.push({ column: foldedName, value: foldCase(String(value)) });
  }
  return changed;
}
