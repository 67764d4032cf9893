import { type Variable, variables } from "./variables.ts";

const commands = `npm start                    starts the server
npm start -- migrate         brings the store to the schema of this release
npm start -- export [file]   writes all that the store keeps, but no master key, to a new file or standard output
npm start -- import [file]   fills an empty store with that, from a file or standard input, all of it or nothing
npm start -- rebuild         computes all rows of the store again from its events, while no server runs on it
npm start -- accept-key      takes the present master key for a store whose own is lost; what that sealed stays closed
npm start -- --help          prints this (also: -h, help)
npm start -- --version       prints the version (also: -v)`;

/** The commands, and one line for each variable: name, default, meaning. */
export function helpText(): string {
  const rows = Object.values<Variable<unknown>>(variables).map((variable) => [
    variable.name,
    variable.default ?? variable.defaultShown ?? "-",
    variable.meaning,
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map(
    (row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`,
  );
  return `${commands}\n\nEnvironment variables, with their defaults (an empty one counts as not set):\n\n${lines.join("\n")}\n`;
}
