import type { HistoryEvent } from "../../app/ports.ts";
import { aggregateType, integer, text, type Row } from "./columns.ts";

/** A row of the history as the event that it is. */
export function eventOf(row: Row): HistoryEvent {
  return {
    position: integer(row["position"]),
    aggregate: { type: aggregateType(row["aggregate_type"]), id: text(row["aggregate_id"]) },
    sequence: integer(row["sequence"]),
    atMs: integer(row["at_ms"]),
    type: text(row["type"]),
    data: JSON.parse(text(row["data"])),
  };
}
