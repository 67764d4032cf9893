import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Found } from "../../app/search.ts";
import { Lru } from "../../lib/lru.ts";
import { integer, text } from "../sql/columns.ts";
import type { SearchSql, Sql } from "./search-sql.ts";

/** Each shape of a search has two; their values are parameters. */
const statementsMax = 200;

/** Searches on a connection that reads. */
export class RecordSearch {
  readonly #reader: DatabaseSync;
  readonly #statements = new Lru<string, StatementSync>(statementsMax);

  constructor(reader: DatabaseSync) {
    this.#reader = reader;
  }

  find(sql: Sql): readonly string[] {
    return this.#prepare(sql)
      .all(...sql.parameters)
      .map((row) => text(row["id"]));
  }

  /** To be called where one state of the file is seen: the page and the total are of the same moment. */
  search({ page, total, offset, limit }: SearchSql): Found {
    const ids = this.find(page);
    // The last page tells the total itself.
    if (ids.length < limit && (ids.length > 0 || offset === 0)) return { ids, total: offset + ids.length };
    return { ids, total: integer(this.#prepare(total).get(...total.parameters)?.["total"]) };
  }

  #prepare(sql: Sql): StatementSync {
    return this.#statements.getOrInsertComputed(sql.text, () => this.#reader.prepare(sql.text));
  }
}
