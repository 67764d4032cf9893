import { readdirSync, readFileSync } from "node:fs";

export interface Migration {
  /** Of its file, e.g. "0001-initial.sql". */
  readonly name: string;
  readonly sql: string;
}

/** The numbered files of a folder in order; the first is version 1. */
export function readMigrations(folder: URL): readonly Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map((name) => ({ name, sql: readFileSync(new URL(name, folder), "utf8") }));
}
