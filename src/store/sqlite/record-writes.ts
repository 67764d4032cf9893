import type { DatabaseSync, StatementSync } from "node:sqlite";
import { foldCase } from "../../app/search.ts";
import { Lru } from "../../lib/lru.ts";

/**
 * Writes what changes in the record of the aggregate whose state row has that number: all of it where there is no
 * record yet. Null removes the record.
 */
export type WriteRecord = (number: number, id: string, changes: object | null) => void;

/** A `RecordTable` whatever its records. */
interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly foldedColumns: Readonly<Partial<Record<string, string>>>;
  readonly stateFields: readonly string[];
}

/** A value on its way to a column. */
interface Cell {
  readonly column: string;
  readonly value: string | number;
}

/** Each set of columns that change together has a statement of its own. */
const statementsMax = 64;

export function prepareRecordWrites(database: DatabaseSync, table: Table): WriteRecord {
  const statements = new Lru<string, StatementSync>(statementsMax);

  /** @returns how many rows were written */
  function run(sql: string, ...parameters: readonly (string | number)[]): number {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return Number(statement.run(...parameters).changes);
  }

  // Only columns with a new value are named: SQLite writes to each index with a column that is.
  function update(rows: string, number: number, cells: readonly Cell[]): number {
    const changes = cells.map(({ column }) => `${column} = ?`).join(", ");
    return run(`UPDATE ${rows} SET ${changes} WHERE number = ?`, ...cells.map(({ value }) => value), number);
  }

  function insert(number: number, id: string, cells: readonly Cell[]): void {
    const columns = cells.map(({ column }) => column).join(", ");
    const places = cells.map(() => "?").join(", ");
    const sql = `INSERT INTO ${table.name} (number, id, ${columns}) VALUES (?, ?, ${places})`;
    run(sql, number, id, ...cells.map(({ value }) => value));
  }

  const emptied = table.stateFields
    .flatMap((field) => columnsOf(table, field))
    .map((name) => `${name} = NULL`);
  function remove(number: number): void {
    run(`DELETE FROM ${table.name} WHERE number = ?`, number);
    if (emptied.length > 0) run(`UPDATE states SET ${emptied.join(", ")} WHERE number = ?`, number);
  }

  return (number, id, changes) => {
    if (changes === null) {
      remove(number);
      return;
    }
    const cells: Cell[] = [];
    const stateCells: Cell[] = [];
    for (const [field, value] of Object.entries(changes)) {
      const isOfState = table.stateFields.includes(field);
      (isOfState ? stateCells : cells).push(...cellsOf(table, field, value));
    }
    if (stateCells.length > 0) update("states", number, stateCells);
    if (cells.length > 0 && update(table.name, number, cells) === 0) insert(number, id, cells);
  };
}

/** @throws TypeError if records of this table have no such field, or not with such a value */
function cellsOf(table: Table, field: string, value: unknown): readonly Cell[] {
  if (typeof value !== "string" && typeof value !== "number") {
    throw new TypeError(`a record whose ${field} is neither text nor number`);
  }
  const [column, foldedColumn] = columnsOf(table, field);
  const cell = { column, value };
  if (foldedColumn === undefined) return [cell];
  return [cell, { column: foldedColumn, value: foldCase(String(value)) }];
}

/** The column with the value, and the one with its folded text if there is one. */
function columnsOf(table: Table, field: string): readonly [string, string?] {
  const column = table.columns[field];
  if (column === undefined) throw new TypeError(`a record with a field ${field}`);
  const folded = table.foldedColumns[field];
  return folded === undefined ? [column] : [column, folded];
}
