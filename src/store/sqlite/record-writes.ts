import type { DatabaseSync, StatementSync } from "node:sqlite";
import { foldCase } from "../../app/search.ts";
import { Lru } from "../../lib/lru.ts";

/** Writes the record of the aggregate whose state row has that number; null removes it. */
export type WriteRecord = (number: number, id: string, record: object | null) => void;

/** A `RecordTable` whatever its records. */
interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly foldedColumns: Readonly<Partial<Record<string, string>>>;
}

interface Cell {
  readonly column: string;
  readonly value: string | number;
}

/** Each set of columns that change together has a statement of its own. */
const updatesMax = 64;

export function prepareRecordWrites(database: DatabaseSync, table: Table): WriteRecord {
  const columns = ["number", "id", ...Object.values(table.columns), ...Object.values(table.foldedColumns)];
  const select = database.prepare(`SELECT * FROM ${table.name} WHERE number = ?`);
  const insert = database.prepare(
    `INSERT INTO ${table.name} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
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
    const cells = cellsOf(table, record);
    const present = select.get(number);
    if (present === undefined) {
      insert.run(number, id, ...cells.map(({ value }) => value));
      return;
    }
    const changed = cells.filter(({ column, value }) => present[column] !== value);
    if (changed.length > 0) update(number, changed);
  };
}

/** @throws TypeError if the record is not of this table */
function cellsOf(table: Table, record: object): readonly Cell[] {
  const plain = Object.entries(table.columns).map(([field, column]) => {
    const value: unknown = Reflect.get(record, field);
    if (typeof value !== "string" && typeof value !== "number") {
      throw new TypeError(`a record for ${table.name} has no ${field}`);
    }
    return { column, value: typeof value === "string" ? value.toWellFormed() : value };
  });
  const folded = Object.entries(table.foldedColumns).map(([field, column = ""]) => ({
    column,
    value: foldCase(String(Reflect.get(record, field)).toWellFormed()),
  }));
  return [...plain, ...folded];
}
