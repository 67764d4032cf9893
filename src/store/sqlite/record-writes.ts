import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Lru } from "../../lib/lru.ts";
import type { ColumnChanges, Table } from "../sql/column-changes.ts";

/**
 * Writes what changes in the record of the aggregate whose state row has that number: all of it where there is no
 * record yet. Null removes the record.
 */
export type WriteRecord = (
  number: number,
  id: string,
  changes: Exclude<ColumnChanges["ofRecord"], undefined>,
) => void;

/** A column, and its value. */
type Cell = readonly [string, string | number];

/** Each set of columns that change together has a statement of its own. */
const statementsMax = 64;

export function prepareRecordWrites(database: DatabaseSync, table: Table): WriteRecord {
  const statements = new Lru<string, StatementSync>(statementsMax);

  /** @returns how many rows were written */
  function run(sql: string, ...parameters: readonly (string | number)[]): number {
    const statement = statements.getOrInsertComputed(sql, () => database.prepare(sql));
    return Number(statement.run(...parameters).changes);
  }

  // Only columns with a new value are named: SQLite writes to each index with a column that is.
  function update(number: number, cells: readonly Cell[]): number {
    const changes = cells.map(([column]) => `${column} = ?`).join(", ");
    const sql = `UPDATE ${table.name} SET ${changes} WHERE number = ?`;
    return run(sql, ...cells.map(([, value]) => value), number);
  }

  function insert(number: number, id: string, cells: readonly Cell[]): void {
    const columns = cells.map(([column]) => column).join(", ");
    const places = cells.map(() => "?").join(", ");
    const sql = `INSERT INTO ${table.name} (number, id, ${columns}) VALUES (?, ?, ${places})`;
    run(sql, number, id, ...cells.map(([, value]) => value));
  }

  return (number, id, changes) => {
    if (changes === null) run(`DELETE FROM ${table.name} WHERE number = ?`, number);
    else {
      const cells = Object.entries(changes);
      if (update(number, cells) === 0) insert(number, id, cells);
    }
  };
}
