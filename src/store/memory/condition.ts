import { foldCase, type Condition, type IntegerMatch, type TextMatch } from "../../app/search.ts";

/** A record as it is kept: its fields, and the id of its aggregate among them. All texts are well-formed. */
export type Fields = Readonly<Record<PropertyKey, unknown>>;

/** Whether a record is like this. */
export function predicate<R>(where: Condition<R>): (fields: Fields) => boolean {
  switch (where.kind) {
    case "all": {
      const parts = where.of.map((part) => predicate(part));
      return (fields) => parts.every((matches) => matches(fields));
    }
    case "any": {
      const parts = where.of.map((part) => predicate(part));
      return (fields) => parts.some((matches) => matches(fields));
    }
    case "not": {
      const matches = predicate(where.of);
      return (fields) => !matches(fields);
    }
    case "text": {
      const { field, ignoreCase } = where;
      const fold = ignoreCase ? foldCase : (text: string) => text;
      const value = fold(where.value.toWellFormed());
      const compare = textMatches[where.match];
      return (fields) => compare(fold(String(fields[field])), value);
    }
    case "one_of": {
      const { field } = where;
      const values = new Set<unknown>(where.values.map((value) => value.toWellFormed()));
      return (fields) => values.has(fields[field]);
    }
    case "integer": {
      const { field, value } = where;
      const compare = integerMatches[where.match];
      return (fields) => compare(Number(fields[field]), value);
    }
  }
}

const textMatches: Readonly<Record<TextMatch, (text: string, value: string) => boolean>> = {
  equals: (text, value) => text === value,
  starts_with: (text, value) => text.startsWith(value),
  contains: (text, value) => text.includes(value),
  ends_with: (text, value) => text.endsWith(value),
};

const integerMatches: Readonly<Record<IntegerMatch, (integer: number, value: number) => boolean>> = {
  equals: (integer, value) => integer === value,
  greater: (integer, value) => integer > value,
  greater_or_equals: (integer, value) => integer >= value,
  less: (integer, value) => integer < value,
  less_or_equals: (integer, value) => integer <= value,
};
