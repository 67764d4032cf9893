/** One page, and how many there are on all pages. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** When it was looked up. */
  readonly atMs: number;
}

/** As many point reads as PostgreSQL takes in one statement. */
const readsMax = 100;

/** What is read for each id, in their order; what turns out to be undefined is left out. */
export async function readAll<T>(
  ids: readonly string[],
  read: (id: string) => Promise<T | undefined>,
): Promise<T[]> {
  const items: T[] = [];
  for (let start = 0; start < ids.length; start += readsMax) {
    const found = await Promise.all(ids.slice(start, start + readsMax).map(read));
    items.push(...found.filter((item) => item !== undefined));
  }
  return items;
}
