import { upcast } from "../domain/upcast.ts";
import { errorMessage } from "../lib/error-message.ts";
import { advance, type AggregateKind, type Loaded } from "./repository.ts";
import { sessionKind } from "./session-kind.ts";
import { settingsKind } from "./settings.ts";
import type { AggregateRef, AggregateType, HistoryEvent, StoredRow } from "./store-port.ts";
import { userKind } from "./user-kind.ts";

/**
 * Makes the rows of all aggregates from their events; see `RowsOf`.
 *
 * @throws Error if an event cannot be the next one of its aggregate, or is of a type that is not known
 */
export async function* foldRows(events: AsyncIterable<HistoryEvent>): AsyncGenerator<StoredRow> {
  let row: StoredRow | undefined;
  let lastPosition = 0;
  for await (const event of events) {
    if (row !== undefined && !isSame(row.aggregate, event.aggregate)) {
      yield row;
      row = undefined;
    }
    row = next(row, row === undefined ? 0 : lastPosition, event);
    lastPosition = event.position;
  }
  if (row !== undefined) yield row;
}

function isSame(a: AggregateRef, b: AggregateRef): boolean {
  return a.id === b.id && a.type === b.type;
}

/** @param lastPosition of the event before it; 0 if it is the first */
function next(row: StoredRow | undefined, lastPosition: number, event: HistoryEvent): StoredRow {
  const { position, sequence } = event;
  const { type, id } = event.aggregate;
  try {
    const expected = (row?.sequence ?? 0) + 1;
    if (sequence !== expected) throw new Error(`its sequence is not ${expected}`);
    if (position <= lastPosition) throw new Error("it is before the one before it");
    return folds[type](row, event);
  } catch (cause) {
    const place = `event ${position} (${type} ${id}, sequence ${sequence})`;
    throw new Error(`${place}: ${errorMessage(cause)}`, { cause });
  }
}

type Fold = (row: StoredRow | undefined, event: HistoryEvent) => StoredRow;

const folds: Readonly<Record<AggregateType, Fold>> = {
  user: foldOf(userKind, (event) => upcast("user", event)),
  session: foldOf(sessionKind, (event) => upcast("session", event)),
  organization: foldOf(settingsKind("organization"), (event) => upcast("settings", event)),
  instance: foldOf(settingsKind("instance"), (event) => upcast("settings", event)),
};

function foldOf<S extends object, E>(kind: AggregateKind<S, E>, present: (event: HistoryEvent) => E): Fold {
  return (row, event) => {
    const { aggregate, atMs } = event;
    const loaded = row as (StoredRow & Loaded<S>) | undefined; // made here, of this kind
    const after = advance(kind, aggregate.id, loaded, present(event), atMs);
    return {
      ...after,
      aggregate,
      changedMs: atMs,
      keys: kind.keys?.of(after.state) ?? [],
      record: kind.recordOf?.(after.state) ?? null,
    };
  };
}
