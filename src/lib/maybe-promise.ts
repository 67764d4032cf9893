/** What may be there at once or later: adapters answer synchronously where they can. */
export type MaybePromise<T> = T | Promise<T>;

/** Both, once both are there. */
export function both<A, B>(a: MaybePromise<A>, b: MaybePromise<B>): MaybePromise<readonly [A, B]> {
  return a instanceof Promise || b instanceof Promise ? Promise.all([a, b]) : [a, b];
}

/** Goes on with a value: at once if it is there. */
export function chain<T, R>(value: MaybePromise<T>, goOn: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
