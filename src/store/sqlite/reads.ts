import type { DatabaseSync, StatementSync } from "node:sqlite";

interface Waiting {
  /** Reads, and answers who asked. Never throws. */
  readonly read: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Does reads that are asked for without a pause between them one after the other, and on one state of the file. To look
 * at a new one costs locks, and all pages that the connection has at hand: for calls that came together that is as much
 * as the reads themselves.
 *
 * Nothing that was acknowledged before a read was asked for is missing from what it sees.
 */
export class Reads {
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  #waiting: Waiting[] = [];

  constructor(database: DatabaseSync) {
    this.#begin = database.prepare("BEGIN");
    this.#end = database.prepare("COMMIT");
  }

  /** @param read gives the answer; synchronously, and within one state of the file */
  ask<T>(read: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const readAndAnswer = (): void => {
      try {
        resolve(read());
      } catch (error) {
        reject(error);
      }
    };
    if (this.#waiting.push({ read: readAndAnswer, reject }) === 1) queueMicrotask(() => this.#readAll());
    return promise;
  }

  #readAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      this.#begin.run();
      for (const { read } of waiting) read();
      this.#end.run();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
