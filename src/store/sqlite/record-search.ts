import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Found, Search, TextEquality } from "../../app/search.ts";
import { Lru } from "../../lib/lru.ts";
import { integer, text } from "../sql/columns.ts";
import type { RecordTable } from "../sql/record-tables.ts";
import { conditionSql, orderSql } from "./search-sql.ts";

/** Each shape of a search has two; their values are parameters. */
const statementsMax = 200;

/** Searches on a connection that reads. */
export class RecordSearch {
  readonly #reader: DatabaseSync;
  readonly #statements = new Lru<string, StatementSync>(statementsMax);

  constructor(reader: DatabaseSync) {
    this.#reader = reader;
  }

  find<R>(table: RecordTable<R>, equality: TextEquality<R>, limit: number): readonly string[] {
    const { text: test, parameters } = conditionSql(table, { kind: "text", match: "equals", ...equality });
    const found = this.#prepare(`SELECT id FROM ${table.name} WHERE ${test} LIMIT ?`);
    return found.all(...parameters, limit).map((row) => text(row["id"]));
  }

  /** To be called where one state of the file is seen: the page and the total are of the same moment. */
  search<R>(table: RecordTable<R>, search: Search<R>): Found {
    const where = conditionSql(table, search.where);
    const rows = `FROM ${table.name} WHERE ${where.text}`;
    const { sortBy, order, offset, limit } = search;
    const page = this.#prepare(
      `SELECT id ${rows} ORDER BY ${orderSql(table, sortBy, order)} LIMIT ? OFFSET ?`,
    );
    const ids = page.all(...where.parameters, limit, offset).map((row) => text(row["id"]));
    // The last page tells the total itself.
    if (ids.length < limit && (ids.length > 0 || offset === 0)) return { ids, total: offset + ids.length };
    const count = this.#prepare(`SELECT count(*) AS total ${rows}`);
    return { ids, total: integer(count.get(...where.parameters)?.["total"]) };
  }

  #prepare(sql: string): StatementSync {
    return this.#statements.getOrInsertComputed(sql, () => this.#reader.prepare(sql));
  }
}
