import { foldCase, type Condition, type Search, type TextEquality } from "../../app/search.ts";
import { phoneField, type RecordTable } from "../sql/record-tables.ts";
import { columnOf, foldedColumnOf, integerOperators } from "../sql/search-terms.ts";

/** SQL with a `?` for each parameter: searches that differ in nothing but values have the same text. */
export interface Sql {
  readonly text: string;
  readonly parameters: readonly (string | number)[];
}

/** A page, and how many there are on all pages. */
export interface SearchSql {
  readonly page: Sql;
  readonly total: Sql;
  readonly offset: number;
  readonly limit: number;
}

export function searchSql<R>(table: RecordTable<R>, search: Search<R>): SearchSql {
  const { sortBy, order, offset, limit } = search;
  const where = conditionSql(table, search.where);
  const rows = `FROM ${table.name} WHERE ${where.text}`;
  const sorted = `${rows} ORDER BY ${orderSql(table, sortBy, order)}`;
  return {
    page: {
      text: `SELECT id ${sorted} LIMIT ? OFFSET ?`,
      parameters: [...where.parameters, limit, offset],
    },
    total: { text: `SELECT count(*) AS total ${rows}`, parameters: where.parameters },
    offset,
    limit,
  };
}

export function findSql<R>(table: RecordTable<R>, equality: TextEquality<R>, limit: number): Sql {
  const { text, parameters } = conditionSql(table, { kind: "text", match: "equals", ...equality });
  return { text: `SELECT id FROM ${table.name} WHERE ${text} LIMIT ?`, parameters: [...parameters, limit] };
}

/** The expression that is 1 for the rows that are like this, and 0 for all others; it is never NULL. */
export function conditionSql<R>(table: RecordTable<R>, where: Condition<R>): Sql {
  switch (where.kind) {
    case "all":
      return where.of.length === 0 ? { text: "1", parameters: [] } : join(table, where.of, " AND ");
    case "any":
      return where.of.length === 0 ? { text: "0", parameters: [] } : join(table, where.of, " OR ");
    case "not": {
      const { text, parameters } = conditionSql(table, where.of);
      return { text: `NOT ${text}`, parameters };
    }
    case "text":
      return textSql(table, where);
    case "one_of": {
      // One parameter for all of them: SQLite bounds the number of parameters.
      const values = where.values.map((value) => value.toWellFormed());
      const folded = values.map((value) => foldCase(value));
      const test = "IN (SELECT value FROM json_each(?))";
      return exactSql(table, where.field, test, JSON.stringify(values), JSON.stringify(folded));
    }
    case "integer":
      return {
        text: rowSql(where.field, `${columnOf(table, where.field)} ${integerOperators[where.match]} ?`),
        parameters: [where.value],
      };
  }
}

/** What follows ORDER BY. */
export function orderSql<R>(
  table: RecordTable<R>,
  sortBy: Search<R>["sortBy"],
  order: Search<R>["order"],
): string {
  const column = sortBy === "changedMs" ? "changed_ms" : columnOf(table, sortBy);
  const isElsewhere = sortBy === "changedMs" || sortBy === phoneField;
  const key = isElsewhere
    ? `(SELECT ${column} FROM states WHERE states.number = ${table.name}.number)`
    : column;
  return `${key} ${order === "ascending" ? "ASC" : "DESC"}, id`;
}

function join<R>(table: RecordTable<R>, conditions: readonly Condition<R>[], operator: string): Sql {
  const parts = conditions.map((condition) => conditionSql(table, condition));
  return {
    text: `(${parts.map(({ text }) => text).join(operator)})`,
    parameters: parts.flatMap(({ parameters }) => parameters),
  };
}

/** Neither LIKE nor GLOB: they give some characters a meaning, and fold the letters of ASCII only. */
function textSql<R>(table: RecordTable<R>, where: Extract<Condition<R>, { readonly kind: "text" }>): Sql {
  const { field, match, ignoreCase } = where;
  const plain = where.value.toWellFormed();
  const folded = foldCase(plain);
  const value = ignoreCase ? folded : plain;
  const column = ignoreCase ? foldedSql(table, field) : columnOf(table, field);
  if (match === "equals") {
    return ignoreCase
      ? { text: rowSql(field, `${column} = ?`), parameters: [value] }
      : exactSql(table, field, "= ?", plain, folded);
  }
  if (value === "") return { text: "1", parameters: [] };
  switch (match) {
    case "starts_with":
      return { text: eachRowSql(table, field, `instr(${column}, ?) = 1`), parameters: [value] };
    case "contains":
      return { text: eachRowSql(table, field, `instr(${column}, ?) > 0`), parameters: [value] };
    case "ends_with": {
      // On bytes: the length of a text ends at its first NUL. `IS`: the end of an empty BLOB is NULL.
      const end = `substr(CAST(${column} AS BLOB), octet_length(${column}) - octet_length(?) + 1)`;
      return { text: eachRowSql(table, field, `${end} IS CAST(? AS BLOB)`), parameters: [value, value] };
    }
  }
}

/** Applies a test to the text itself, by the index that there is for it. */
function exactSql<R>(
  table: RecordTable<R>,
  field: keyof R | "id",
  test: string,
  value: string,
  foldedValue: string,
): Sql {
  if (field === "id") {
    const numbers = `SELECT number FROM states WHERE aggregate_type = '${table.type}' AND aggregate_id ${test}`;
    return { text: `number IN (${numbers})`, parameters: [value] };
  }
  const column = columnOf(table, field);
  const folded = foldedColumnOf(table, field);
  return folded === undefined
    ? { text: rowSql(field, `${column} ${test}`), parameters: [value] }
    : {
        text: rowSql(field, `(${folded} ${test} AND ${column} ${test})`),
        parameters: [foldedValue, value],
      };
}

function foldedSql<R>(table: RecordTable<R>, field: keyof R | "id"): string {
  return foldedColumnOf(table, field) ?? `fold(${columnOf(table, field)})`;
}

/** Applies a test of the field's columns where they are. The index of `states` has only rows with a value. */
function rowSql(field: PropertyKey, test: string): string {
  if (field !== phoneField) return test;
  return `number IN (SELECT number FROM states WHERE phone IS NOT NULL AND ${test})`;
}

/**
 * As above, for a test that no index answers. It looks at those rows only that the other conditions leave: a user whose
 * list holds nobody else would have all numbers looked through, once for each condition.
 */
function eachRowSql<R>(table: RecordTable<R>, field: PropertyKey, test: string): string {
  if (field !== phoneField) return test;
  const row = `states.number = ${table.name}.number AND phone IS NOT NULL`;
  return `EXISTS (SELECT 1 FROM states WHERE ${row} AND ${test})`;
}
