/** What may be there at once or later: adapters answer synchronously where they can. */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on with a value: at once if it is there. */
export function chain<T, R>(value: MaybePromise<T>, goOn: (value: T) => Promise<R>): Promise<R>;
export function chain<T, R>(value: MaybePromise<T>, goOn: (value: T) => MaybePromise<R>): MaybePromise<R>;
export function chain<T, R>(value: MaybePromise<T>, goOn: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
