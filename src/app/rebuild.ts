import { HistoryFold } from "./fold.ts";
import type { Store } from "./ports.ts";

const eventsAtOnce = 1_000;

/**
 * Makes the rows of all aggregates anew, from the history alone. It needs memory for all of them, and a store
 * that nobody else works with.
 *
 * @returns how many there are
 * @throws Error if an event cannot be folded; the rows are as they were then
 */
export async function rebuild(store: Pick<Store, "history" | "replaceRows">): Promise<number> {
  const fold = new HistoryFold();
  let position = 0;
  for (;;) {
    const events = await store.history(position, eventsAtOnce);
    for (const event of events) {
      fold.add(event);
      position = event.position;
    }
    if (events.length < eventsAtOnce) break;
  }
  const rows = fold.rows();
  await store.replaceRows(rows);
  return rows.length;
}
