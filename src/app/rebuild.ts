import type { AggregateRef, AggregateType, HistoryEvent, Store, UniqueKey } from "./ports.ts";
import { advance, type AggregateKind, type Loaded } from "./repository.ts";
import type { SessionRecord, UserRecord } from "./search.ts";
import { sessionKind } from "./sessions.ts";
import { settingsKind } from "./settings.ts";
import { userKind } from "./users.ts";

/** Everything that the store holds of an aggregate besides its events. */
export interface RebuiltRow extends Loaded<object> {
  readonly aggregate: AggregateRef;
  /** Time of the last event. */
  readonly changedMs: number;
  readonly keys: readonly UniqueKey[];
  readonly record: UserRecord | SessionRecord | null;
}

const eventsAtOnce = 1_000;

/**
 * What the rows of all aggregates are by the history alone. It needs memory for all of them.
 *
 * @returns in the order of their first events
 */
export async function rebuildRows(store: Pick<Store, "history">): Promise<readonly RebuiltRow[]> {
  const rows = new Map<string, RebuiltRow>();
  let position = 0;
  for (;;) {
    const events = await store.history(position, eventsAtOnce);
    for (const event of events) {
      const key = `${event.aggregate.type} ${event.aggregate.id}`;
      rows.set(key, folds[event.aggregate.type](rows.get(key), event));
      position = event.position;
    }
    if (events.length < eventsAtOnce) return [...rows.values()];
  }
}

type Fold = (row: RebuiltRow | undefined, event: HistoryEvent) => RebuiltRow;

const folds: Readonly<Record<AggregateType, Fold>> = {
  user: foldOf(userKind),
  session: foldOf(sessionKind),
  organization: foldOf(settingsKind("organization")),
  instance: foldOf(settingsKind("instance")),
};

function foldOf<S extends object, E>(kind: AggregateKind<S, E>): Fold {
  return (row, { aggregate, type, data, atMs }) => {
    // The history of a type holds what its repository wrote.
    const event = { type, data } as E;
    const loaded = row as Loaded<S> | undefined;
    const after = advance(kind, aggregate.id, loaded, event, atMs);
    return {
      ...after,
      aggregate,
      changedMs: atMs,
      keys: kind.keysOf?.(after.state) ?? [],
      record: kind.recordOf?.(after.state) ?? null,
    };
  };
}
