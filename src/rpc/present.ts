/** The fields of a message that are set. */
export function present<T extends object>(fields: {
  readonly [K in keyof T]?: T[K] | undefined;
}): Partial<T> {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Partial<T>; // only the undefined ones are gone
}
