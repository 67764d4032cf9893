import { upcast } from "../domain/upcast.ts";
import type { AggregateType, HistoryEvent, StoredRow } from "./ports.ts";
import { advance, type AggregateKind, type Loaded } from "./repository.ts";
import { sessionKind } from "./sessions.ts";
import { settingsKind } from "./settings.ts";
import { userKind } from "./users.ts";

/** Makes rows from events. It keeps the rows of all aggregates in memory, and no event. */
export class HistoryFold {
  readonly #rows = new Map<string, StoredRow>();

  /** @throws Error if this cannot be the next event of its aggregate */
  add(event: HistoryEvent): void {
    const { type, id } = event.aggregate;
    const name = `${type} ${id}`;
    const row = this.#rows.get(name);
    try {
      const expected = (row?.sequence ?? 0) + 1;
      if (event.sequence !== expected) throw new Error(`its sequence is not ${expected}`);
      this.#rows.set(name, folds[type](row, event));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`event ${event.position} (${name}, sequence ${event.sequence}): ${reason}`, { cause });
    }
  }

  /** In the order of the first events of their aggregates. */
  rows(): readonly StoredRow[] {
    return [...this.#rows.values()];
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
    const { aggregate, position: lastPosition, atMs } = event;
    const loaded = row as (StoredRow & Loaded<S>) | undefined; // made here, of this kind
    const after = advance(kind, aggregate.id, loaded, present(event), atMs);
    return {
      ...after,
      aggregate,
      lastPosition,
      changedMs: atMs,
      keys: kind.keys?.of(after.state) ?? [],
      record: kind.recordOf?.(after.state) ?? null,
    };
  };
}
