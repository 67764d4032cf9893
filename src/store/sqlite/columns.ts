import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { aggregateTypes, type AggregateType } from "../../app/ports.ts";
import { messagePurposes, type MessagePurpose } from "../../app/sms-port.ts";

/** A row as node:sqlite gives it. The functions below turn its columns into what the schema promises. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

export function text(value: SQLOutputValue | undefined): string {
  if (typeof value !== "string") throw new TypeError(`a column holds ${typeof value} instead of text`);
  return value;
}

export function integer(value: SQLOutputValue | undefined): number {
  if (typeof value !== "number") throw new TypeError(`a column holds ${typeof value} instead of an integer`);
  return value;
}

export function integerOrNull(value: SQLOutputValue | undefined): number | null {
  return value === null ? null : integer(value);
}

export function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null ? null : text(value);
}

/** The value if it is one of these. */
export function oneOf<T extends string>(
  values: readonly T[],
  value: SQLOutputValue | undefined,
): T | undefined {
  return values.find((each) => each === value);
}

export function purpose(value: SQLOutputValue | undefined): MessagePurpose {
  const known = oneOf(messagePurposes, value);
  if (known === undefined) throw new TypeError("a column holds an unknown purpose of a message");
  return known;
}

export function aggregateType(value: SQLOutputValue | undefined): AggregateType {
  const known = oneOf(aggregateTypes, value);
  if (known === undefined) throw new TypeError("a column holds an unknown type of aggregate");
  return known;
}

/** @param rows a table, or a table and a condition */
export function count(database: DatabaseSync, rows: string): number {
  return integer(database.prepare(`SELECT count(*) AS rows FROM ${rows}`).get()?.["rows"]);
}
