import {
  finalSigma,
  foldCase,
  sigma,
  type Condition,
  type Search,
  type TextEquality,
} from "../../app/search.ts";
import { binaryArray } from "./binary-array.ts";
import type { Query } from "./database.ts";
import { phoneField, type RecordTable } from "../sql/record-tables.ts";
import { columnOf, foldedColumnOf, integerOperators } from "../sql/search-terms.ts";
import { toStored } from "./stored-text.ts";

/**
 * One statement for the page and for the total, so that they are of the same moment. What is beyond a page that is not
 * full need not be counted.
 */
export function searchSql<R>(
  table: RecordTable<R>,
  { where, sortBy, order, offset, limit }: Search<R>,
): Query {
  const sql = new SearchSql(table);
  const rows = `FROM ringback.${table.name} AS r WHERE ${sql.condition(where)}`;
  const key = sortBy === "changedMs" ? sql.stateColumn("changed_ms") : sql.sortKey(sortBy);
  const direction = order === "ascending" ? "ASC" : "DESC";
  const [most, skipped] = [sql.value(limit), sql.value(offset)];
  return {
    text: `
      WITH page AS MATERIALIZED (
        SELECT row_number() OVER () AS number, found.id FROM (
          SELECT r.id ${rows} ORDER BY ${key} ${direction}, r.id LIMIT ${most}::bigint OFFSET ${skipped}::bigint
        ) AS found
      ), listed AS (
        SELECT count(*) AS rows, coalesce(array_agg(id ORDER BY number), '{}') AS ids FROM page
      )
      SELECT ids, CASE
        WHEN rows < ${most}::bigint AND (rows > 0 OR ${skipped}::bigint = 0) THEN ${skipped}::bigint + rows
        ELSE (SELECT count(*) ${rows})
      END AS total FROM listed`,
    values: sql.values,
  };
}

/** By an index, and in no order: with one, another index might seem the better one. */
export function findSql<R>(table: RecordTable<R>, equality: TextEquality<R>, limit: number): Query {
  const sql = new SearchSql(table);
  const test = sql.condition({ kind: "text", match: "equals", ...equality });
  const text = `SELECT r.id FROM ringback.${table.name} AS r WHERE ${test} LIMIT ${sql.value(limit)}::bigint`;
  return { text, values: sql.values };
}

/** Expressions on the rows of a table, named r, and the values of their parameters. */
class SearchSql<R> {
  readonly values: unknown[] = [];
  readonly #table: RecordTable<R>;

  constructor(table: RecordTable<R>) {
    this.#table = table;
  }

  /** The place of a parameter with this value. */
  value(value: string | number | Buffer): string {
    return `$${this.values.push(typeof value === "string" ? toStored(value) : value)}`;
  }

  /** True for the rows that are like this, and false for all others; it is never NULL. */
  condition(where: Condition<R>): string {
    switch (where.kind) {
      case "all":
        return where.of.length === 0
          ? "TRUE"
          : `(${where.of.map((part) => this.condition(part)).join(" AND ")})`;
      case "any":
        return where.of.length === 0
          ? "FALSE"
          : `(${where.of.map((part) => this.condition(part)).join(" OR ")})`;
      case "not":
        return `NOT ${this.condition(where.of)}`;
      case "text":
        return this.#text(where);
      case "one_of": {
        // One parameter for all of them: the protocol bounds the number of parameters.
        const values = where.values.map((value) => value.toWellFormed());
        return this.#exact(
          where.field,
          (texts) => `= ANY (${this.value(binaryArray("text", texts))}::text[])`,
          values,
        );
      }
      case "integer": {
        const test = `${integerOperators[where.match]} ${this.value(where.value)}::bigint`;
        return this.#row(where.field, `${this.#column(where.field)} ${test}`);
      }
    }
  }

  sortKey(field: keyof R | "id"): string {
    return field === phoneField ? this.stateColumn(this.#column(field)) : this.#column(field);
  }

  stateColumn(column: string): string {
    return `(SELECT s.${column} FROM ringback.states s WHERE ${this.#ofType} AND s.aggregate_id = r.id)`;
  }

  /** Not LIKE: it gives some characters a meaning. */
  #text(where: Extract<Condition<R>, { readonly kind: "text" }>): string {
    const { field, match, ignoreCase } = where;
    const plain = where.value.toWellFormed();
    if (match === "equals" && !ignoreCase) {
      return this.#exact(field, ([text = ""]) => `= ${this.value(text)}::text`, [plain]);
    }
    const text = ignoreCase ? foldCase(plain) : plain;
    if (text === "" && match !== "equals") return "TRUE";
    const column = ignoreCase ? this.#folded(field) : this.#column(field);
    const value = `${this.value(text)}::text`;
    const tests = {
      equals: `${column} = ${value}`,
      starts_with: `starts_with(${column}, ${value})`,
      contains: `strpos(${column}, ${value}) > 0`,
      ends_with: `right(${column}, length(${value})) = ${value}`,
    };
    return match === "equals" ? this.#row(field, tests[match]) : this.#eachRow(field, tests[match]);
  }

  /** Applies a test to the text itself, by the index that there is for it. */
  #exact(
    field: keyof R | "id",
    test: (values: readonly string[]) => string,
    values: readonly string[],
  ): string {
    const column = this.#column(field);
    const folded = foldedColumnOf(this.#table, field);
    const plainTest = `${column} ${test(values)}`;
    if (folded === undefined) return this.#row(field, plainTest);
    return this.#row(field, `(${folded} ${test(values.map(foldCase))} AND ${plainTest})`);
  }

  #column(field: keyof R | "id"): string {
    return columnOf(this.#table, field);
  }

  #folded(field: keyof R | "id"): string {
    // As `foldCase`, and unlike the locale of the database: all of Unicode, with the special cases of its standard.
    const lower = `lower(${this.#column(field)} COLLATE "und-x-icu") COLLATE "C"`;
    return foldedColumnOf(this.#table, field) ?? `replace(${lower}, '${finalSigma}', '${sigma}')`;
  }

  /** Applies a test of the field's columns where they are. The index of `states` has only rows with a value. */
  #row(field: keyof R | "id", test: string): string {
    if (field !== phoneField) return test;
    const ids = `SELECT s.aggregate_id FROM ringback.states s WHERE ${this.#ofType} AND phone IS NOT NULL AND ${test}`;
    return `r.id IN (${ids})`;
  }

  /**
   * As above, for a test that no index answers. It looks at those rows only that the other conditions leave: a user whose
   * list holds nobody else would have all numbers looked through, once for each condition.
   */
  #eachRow(field: keyof R | "id", test: string): string {
    if (field !== phoneField) return test;
    const row = `${this.#ofType} AND s.aggregate_id = r.id AND phone IS NOT NULL`;
    return `EXISTS (SELECT FROM ringback.states s WHERE ${row} AND ${test})`;
  }

  get #ofType(): string {
    return `s.aggregate_type = '${this.#table.type}'`;
  }
}
