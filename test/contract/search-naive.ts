import { foldCase, type Condition, type Found, type Search } from "../../src/app/search.ts";

/** A record, the id of its aggregate and the time of its last commit. */
export interface Searchable<R> {
  readonly id: string;
  readonly record: R;
  readonly changedMs: number;
}

/** What `Store.search` promises, as plainly as it can be said. */
export function naiveSearch<R extends object>(all: readonly Searchable<R>[], search: Search<R>): Found {
  const found = all.filter((each) => isLike(each, search.where));
  const compareKeys = (a: Searchable<R>, b: Searchable<R>) =>
    compare(valueOf(a, search.sortBy), valueOf(b, search.sortBy));
  const sorted = found.toSorted(
    (a, b) => (search.order === "ascending" ? compareKeys(a, b) : compareKeys(b, a)) || compare(a.id, b.id),
  );
  const page = sorted.slice(search.offset, search.offset + search.limit);
  return { ids: page.map(({ id }) => id), total: found.length };
}

function isLike<R extends object>(each: Searchable<R>, where: Condition<R>): boolean {
  switch (where.kind) {
    case "all":
      return where.of.every((part) => isLike(each, part));
    case "any":
      return where.of.some((part) => isLike(each, part));
    case "not":
      return !isLike(each, where.of);
    case "one_of":
      return where.values.some((value) => wellFormed(value) === textOf(each, where.field));
    case "text": {
      const [text, value] = [textOf(each, where.field), wellFormed(where.value)].map((side) =>
        where.ignoreCase ? foldCase(side) : side,
      );
      if (text === undefined || value === undefined) return false;
      if (where.match === "equals") return text === value;
      if (where.match === "starts_with") return text.startsWith(value);
      return where.match === "contains" ? text.includes(value) : text.endsWith(value);
    }
    case "integer": {
      const integer = Number(valueOf(each, where.field));
      if (where.match === "equals") return integer === where.value;
      if (where.match === "greater") return integer > where.value;
      if (where.match === "greater_or_equals") return integer >= where.value;
      return where.match === "less" ? integer < where.value : integer <= where.value;
    }
  }
}

function valueOf<R extends object>(each: Searchable<R>, field: keyof R | "id" | "changedMs"): unknown {
  if (field === "id") return each.id;
  return field === "changedMs" ? each.changedMs : Reflect.get(each.record, field);
}

function textOf<R extends object>(each: Searchable<R>, field: keyof R | "id"): string {
  return wellFormed(String(valueOf(each, field)));
}

/** Half of a surrogate pair is no character: it counts as U+FFFD, as it does in UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}
