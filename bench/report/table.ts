/** The first row is the head. */
export type Table = readonly (readonly string[])[];

/** Columns side by side, numbers to the right. */
export function plainTable(table: Table): string {
  const widths = widthsOf(table);
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0, isNumeric(table, column))).join("  ");
  return table.map((row) => line(row).trimEnd()).join("\n");
}

/** As prettier writes it. */
export function markdownTable(table: Table): string {
  const widths = widthsOf(table).map((width) => Math.max(width, 3));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0, isNumeric(table, column))).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    isNumeric(table, column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  const [head = [], ...rows] = table;
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

function widthsOf(table: Table): number[] {
  return (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
}

function isNumeric(table: Table, column: number): boolean {
  return table.slice(1).every((row) => /^([\d–]|$)/.test(row[column] ?? ""));
}

function pad(cell: string, width: number, toTheRight: boolean): string {
  return toTheRight ? cell.padStart(width) : cell.padEnd(width);
}
