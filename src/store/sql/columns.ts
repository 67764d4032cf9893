import { aggregateTypes, type AggregateType } from "../../app/store-port.ts";
import { type CodePurpose, codePurposes } from "../../domain/codes.ts";

/** A row of a database. The functions below turn its columns into what the schema promises. */
export type Row = Readonly<Record<string, unknown>>;

export function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`a column holds ${typeof value} instead of text`);
  return value;
}

export function integer(value: unknown): number {
  if (typeof value !== "number") throw new TypeError(`a column holds ${typeof value} instead of an integer`);
  return value;
}

export function integerOrNull(value: unknown): number | null {
  return value === null ? null : integer(value);
}

export function textOrNull(value: unknown): string | null {
  return value === null ? null : text(value);
}

/** The value if it is one of these. */
export function oneOf<T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((each) => each === value);
}

export function purpose(value: unknown): CodePurpose {
  const known = oneOf(codePurposes, value);
  if (known === undefined) throw new TypeError("a column holds an unknown purpose of a message");
  return known;
}

export function aggregateType(value: unknown): AggregateType {
  const known = oneOf(aggregateTypes, value);
  if (known === undefined) throw new TypeError("a column holds an unknown type of aggregate");
  return known;
}
