import type { Commit, HistoryEvent, Store } from "../../src/app/store-port.ts";
import { withParts } from "./with-parts.ts";

/** What a store recorded, and the wait for what is still to come. */
export interface History {
  /** The position of the last event; 0 if there is none. */
  position(): Promise<number>;
  /** The last event of an aggregate. */
  lastOf(id: string): Promise<HistoryEvent | undefined>;
  /**
   * Everything after a position. Waits until each SMS that these events ask for is recorded as sent, so that
   * nothing of them comes later.
   */
  settledSince(position: number): Promise<readonly HistoryEvent[]>;
}

const pageMax = 1_000;

/** @returns a store that does the same, and its history */
export function withHistory(
  store: Store,
  keepOpen = false,
): { readonly store: Store; readonly history: History } {
  let committed = Promise.withResolvers<void>();
  const observed = withParts(store, {
    async commit(commit: Commit) {
      const outcome = await store.commit(commit);
      committed.resolve();
      committed = Promise.withResolvers();
      return outcome;
    },
    ...(keepOpen && { close: async () => {} }),
  });

  async function since(position: number): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    for (;;) {
      const page = await store.history(events.at(-1)?.position ?? position, pageMax);
      events.push(...page);
      if (page.length < pageMax) return events;
    }
  }

  let known = 0;
  const lastEvents = new Map<string, HistoryEvent>();
  async function catchUp(): Promise<void> {
    for (const event of await since(known)) {
      known = event.position;
      lastEvents.set(event.aggregate.id, event);
    }
  }

  const history: History = {
    async position() {
      await catchUp();
      return known;
    },
    async lastOf(id) {
      await catchUp();
      return lastEvents.get(id);
    },
    async settledSince(position) {
      for (;;) {
        // Before reading: a commit in between must not be missed.
        const next = committed.promise;
        const events = await since(position);
        if (unsentOf(events).length === 0) return events;
        await next;
      }
    },
  };
  return { store: observed, history };
}

/** The challenges that go out by SMS, or went, and of which nothing more is known. */
function unsentOf(events: readonly HistoryEvent[]): readonly string[] {
  const unsent = new Set<string>();
  for (const { type, data } of events) {
    if (!("challengeId" in data) || typeof data.challengeId !== "string") continue;
    if ("returned" in data && data.returned === false) unsent.add(data.challengeId);
    if (type.endsWith(".sent")) unsent.delete(data.challengeId);
  }
  return [...unsent];
}
