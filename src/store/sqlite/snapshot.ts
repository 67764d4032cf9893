import type { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * Lets reads that follow each other without a pause look at one state of the file. To look at a new one costs locks, and
 * all pages that the connection has at hand: for calls that came together that is as much as the reads themselves.
 *
 * Nothing that was acknowledged is missing: an acknowledgement comes from another thread, and before the event loop
 * takes it in, the snapshot has ended.
 */
export class Snapshot {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  #isOpen = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#begin = database.prepare("BEGIN");
    this.#end = database.prepare("COMMIT");
  }

  /** To be called before a read that may come together with others; the first one begins it. */
  open(): void {
    if (this.#isOpen) return;
    this.#begin.run();
    this.#isOpen = true;
    queueMicrotask(() => {
      this.#isOpen = false;
      if (this.#database.isOpen) this.#end.run();
    });
  }
}
