import type { SearchType } from "../app/search.ts";
import type {
  AggregateRef,
  AggregateType,
  AggregateWrite,
  CommitOutcome,
  UniqueKey,
} from "../app/store-port.ts";

/** What a commit is to every store. */

/** All that it writes. @throws Error if it writes to one aggregate twice: that is a mistake of the caller */
export function writesOf<W extends Pick<AggregateWrite, "aggregate">>(
  commit: NoInfer<W> & { readonly also?: readonly W[] | undefined },
): readonly W[] {
  const { also = [] } = commit;
  if (also.length === 0) return [commit];
  const writes = [commit, ...also];
  if (new Set(writes.map(({ aggregate }) => aggregateName(aggregate))).size < writes.length) {
    throw new Error("a commit writes to one aggregate twice");
  }
  return writes;
}

/** Refuses a key that another aggregate holds, or takes by the same commit. */
export function keyRefusal(
  writes: readonly Pick<AggregateWrite, "aggregate" | "takeKeys">[],
  holderOf: (key: UniqueKey) => string | undefined,
): CommitOutcome | undefined {
  let takers: Map<string, string> | undefined;
  for (const { aggregate, takeKeys = [] } of writes) {
    for (const key of takeKeys) {
      const holder = holderOf(key) ?? takers?.get(keyName(key));
      if (holder !== undefined && holder !== aggregate.id) return { kind: "key_taken", key };
      (takers ??= new Map()).set(keyName(key), aggregate.id);
    }
  }
  return undefined;
}

/** Unlike that of any other aggregate. */
export function aggregateName({ type, id }: AggregateRef): string {
  return `${type}/${id}`;
}

/** Unlike that of any other key, or of an aggregate. */
export function keyName({ kind, key }: UniqueKey): string {
  return `${kind}/${key}`;
}

/** Whether aggregates of this type have a record to be found by. */
export function hasRecord(type: AggregateType): type is SearchType {
  return type === "user" || type === "session";
}
