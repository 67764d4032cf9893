import type { AggregateRef, HistoryEvent, RecordedEvent } from "../../app/store-port.ts";

const pageBytes = 1024 * 1024;
/** In front of each entry: how many bytes it has (32 bits), and the position of its last event (a double). */
const headBytes = 12;

interface Page {
  readonly bytes: Buffer;
  /** Where the next entry goes. */
  end: number;
  readonly firstPosition: number;
}

/** Events of one aggregate that were committed together, at positions and sequences one after the other. */
export interface EventGroup {
  readonly aggregate: AggregateRef;
  /** Of the first. */
  readonly sequence: number;
  readonly atMs: number;
  readonly events: readonly RecordedEvent[];
}

/**
 * The history, written out as JSON outside of the heap: millions of events would otherwise be looked through
 * at every garbage collection, although hardly anybody asks for them.
 */
export class EventLog {
  readonly #pages: Page[] = [];
  #length = 0;
  #lastPosition = 0;

  get length(): number {
    return this.#length;
  }

  /** @param position of the first, greater than that of every other event; the next one if it is left out */
  append(group: EventGroup, position = this.#lastPosition + 1): void {
    const json = JSON.stringify(group);
    const page = this.#pageFor(headBytes + json.length * 3, position); // UTF-8 of any UTF-16
    const { bytes, end } = page;
    const length = bytes.write(json, end + headBytes);
    this.#length += group.events.length;
    this.#lastPosition = position + group.events.length - 1;
    bytes.writeUInt32LE(length, end);
    bytes.writeDoubleLE(this.#lastPosition, end + 4);
    page.end = end + headBytes + length;
  }

  /** Events after a position, at most `limit`. */
  read(afterPosition: number, limit: number): readonly HistoryEvent[] {
    return this.#eventsAfter(afterPosition).take(limit).toArray();
  }

  *#eventsAfter(afterPosition: number): Generator<HistoryEvent, undefined> {
    const first = this.#pages.findLastIndex(({ firstPosition }) => firstPosition <= afterPosition);
    for (const { bytes, end } of this.#pages.slice(Math.max(0, first))) {
      for (let at = 0; at < end;) {
        const lastPosition = bytes.readDoubleLE(at + 4);
        const from = at + headBytes;
        at = from + bytes.readUInt32LE(at);
        if (lastPosition <= afterPosition) continue;
        // Written by `append`.
        const { events, sequence, ...group } = JSON.parse(bytes.toString("utf8", from, at)) as EventGroup;
        for (const [index, event] of events.entries()) {
          const position = lastPosition - events.length + 1 + index;
          if (position > afterPosition) yield { position, ...group, sequence: sequence + index, ...event };
        }
      }
    }
  }

  /** The page that the next entry goes to. @param bytesMax that it may take */
  #pageFor(bytesMax: number, firstPosition: number): Page {
    const last = this.#pages.at(-1);
    if (last !== undefined && last.end + bytesMax <= last.bytes.length) return last;
    const page = { bytes: Buffer.allocUnsafeSlow(Math.max(pageBytes, bytesMax)), end: 0, firstPosition };
    this.#pages.push(page);
    return page;
  }
}
