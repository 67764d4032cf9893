import { foldCase, type Condition, type Found, type Search, type TextField } from "../../app/search.ts";
import { predicate, type Fields } from "./condition.ts";
import { compareValues } from "../../lib/value-order.ts";

interface Entry extends Fields {
  readonly id: string;
  /** Of the last commit, with or without a new record. */
  changedMs: number;
}

/** Entries with one value of an indexed field. Most have one, which then needs no set around it. */
type Bucket = Entry | Set<Entry>;

/** The records of one type of aggregate. */
export class MemoryRecords<R> {
  readonly #entries = new Map<string, Entry>();
  /** By field, then by its value without regard to small and capital letters. */
  readonly #indexes: ReadonlyMap<PropertyKey, Index>;

  constructor(indexedFields: readonly TextField<R>[]) {
    this.#indexes = new Map(indexedFields.map((field) => [field, new Map<string, Bucket>()]));
  }

  /** @param changes what changes in the record, all of it if there is none; null removes it */
  write(id: string, changes: object | null | undefined, atMs: number): void {
    const present = this.#entries.get(id);
    if (changes === undefined) {
      if (present !== undefined) present.changedMs = atMs;
      return;
    }
    if (changes === null) {
      if (present !== undefined) this.#remove(present);
    } else if (present === undefined) {
      this.#add({ ...wellFormed(changes), id, changedMs: atMs });
    } else {
      this.#change(present, wellFormed(changes));
      present.changedMs = atMs;
    }
  }

  clear(): void {
    this.#entries.clear();
    for (const index of this.#indexes.values()) index.clear();
  }

  search({ where, sortBy, order, offset, limit }: Search<R>): Found {
    const matches = predicate(where);
    const found: Entry[] = [];
    for (const entries of this.#candidates(where)?.map(entriesOf) ?? [this.#entries.values()]) {
      for (const entry of entries) if (matches(entry)) found.push(entry);
    }
    const direction = order === "ascending" ? 1 : -1;
    found.sort((a, b) => direction * compareValues(a[sortBy], b[sortBy]) || compareValues(a.id, b.id));
    return { ids: found.slice(offset, offset + limit).map(({ id }) => id), total: found.length };
  }

  /** The smallest set of buckets that is sure to hold all that match; undefined if no index can tell. */
  #candidates(where: Condition<R>): readonly Bucket[] | undefined {
    if (where.kind === "one_of") return this.#buckets(where.field, where.values);
    if (where.kind === "text" && where.match === "equals") return this.#buckets(where.field, [where.value]);
    if (where.kind !== "all") return undefined;
    return where.of
      .map((part) => this.#candidates(part))
      .filter((buckets) => buckets !== undefined)
      .toSorted((a, b) => entriesIn(a) - entriesIn(b))[0];
  }

  #buckets(field: TextField<R>, values: readonly string[]): readonly Bucket[] | undefined {
    const index = this.#indexes.get(field);
    if (index === undefined) return undefined;
    const keys = new Set(values.map((value) => indexKey(value)));
    return [...keys].map((key) => index.get(key)).filter((bucket) => bucket !== undefined);
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.id, entry);
    for (const [field, index] of this.#indexes) enter(index, field, entry);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.id);
    for (const [field, index] of this.#indexes) leave(index, field, entry);
  }

  /** Only the indexes of what changes are touched. */
  #change(entry: Entry, changes: Fields): void {
    for (const field of Object.keys(changes)) {
      if (entry[field] === changes[field]) continue;
      const index = this.#indexes.get(field);
      if (index !== undefined) leave(index, field, entry);
      Reflect.set(entry, field, changes[field]);
      if (index !== undefined) enter(index, field, entry);
    }
  }
}

/** By the value of a field. */
type Index = Map<string, Bucket>;

function enter(index: Index, field: PropertyKey, entry: Entry): void {
  const key = indexKey(String(Reflect.get(entry, field)));
  const bucket = index.get(key);
  if (bucket === undefined) index.set(key, entry);
  else if (bucket instanceof Set) bucket.add(entry);
  else index.set(key, new Set([bucket, entry]));
}

function leave(index: Index, field: PropertyKey, entry: Entry): void {
  const key = indexKey(String(Reflect.get(entry, field)));
  const bucket = index.get(key);
  if (bucket instanceof Set) bucket.delete(entry);
  if (bucket === entry || (bucket instanceof Set && bucket.size === 0)) index.delete(key);
}

function entriesOf(bucket: Bucket): Iterable<Entry> {
  return bucket instanceof Set ? bucket : [bucket];
}

function indexKey(value: string): string {
  return foldCase(value.toWellFormed());
}

function entriesIn(buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, bucket) => sum + (bucket instanceof Set ? bucket.size : 1), 0);
}

function wellFormed(record: object): Fields {
  const fields: Record<string, unknown> = {};
  for (const field of Object.keys(record)) {
    const value: unknown = Reflect.get(record, field);
    fields[field] = typeof value === "string" ? value.toWellFormed() : value;
  }
  return fields;
}
