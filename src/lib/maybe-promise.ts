/** What may be there at once or later: adapters answer synchronously where they can. */
export type MaybePromise<T> = T | Promise<T>;
