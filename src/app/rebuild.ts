import type { AggregateType, HistoryEvent, Store, StoredRow } from "./ports.ts";
import { advance, type AggregateKind, type Loaded } from "./repository.ts";
import { sessionKind } from "./sessions.ts";
import { settingsKind } from "./settings.ts";
import { userKind } from "./users.ts";

const eventsAtOnce = 1_000;

/**
 * Makes the rows of all aggregates anew, from the history alone. It needs memory for all of them, and a store
 * that nobody else works with.
 *
 * @returns how many there are
 */
export async function rebuild(store: Pick<Store, "history" | "replaceRows">): Promise<number> {
  const rows = await foldHistory(store);
  await store.replaceRows(rows);
  return rows.length;
}

/** @returns in the order of their first events */
async function foldHistory(store: Pick<Store, "history">): Promise<readonly StoredRow[]> {
  const rows = new Map<string, StoredRow>();
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

type Fold = (row: StoredRow | undefined, event: HistoryEvent) => StoredRow;

const folds: Readonly<Record<AggregateType, Fold>> = {
  user: foldOf(userKind),
  session: foldOf(sessionKind),
  organization: foldOf(settingsKind("organization")),
  instance: foldOf(settingsKind("instance")),
};

function foldOf<S extends object, E>(kind: AggregateKind<S, E>): Fold {
  return (row, { aggregate, position: lastPosition, type, data, atMs }) => {
    // The history of a type holds what its repository wrote.
    const event = { type, data } as E;
    const loaded = row as (StoredRow & Loaded<S>) | undefined;
    const after = advance(kind, aggregate.id, loaded, event, atMs);
    return {
      ...after,
      aggregate,
      lastPosition,
      changedMs: atMs,
      keys: kind.keysOf?.(after.state) ?? [],
      record: kind.recordOf?.(after.state) ?? null,
    };
  };
}
