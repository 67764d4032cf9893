import type { HistoryEvent } from "../../app/store-port.ts";

const pageBytes = 1024 * 1024;
/** In front of each event: how many bytes it has (32 bits), and its position (a double). */
const headBytes = 12;

interface Page {
  readonly bytes: Buffer;
  /** Where the next event goes. */
  end: number;
  readonly firstPosition: number;
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

  /** @param position greater than that of every other event; the next one if it is left out */
  append(event: Omit<HistoryEvent, "position">, position = this.#lastPosition + 1): void {
    const json = JSON.stringify(event);
    const page = this.#pageFor(headBytes + json.length * 3, position); // UTF-8 of any UTF-16
    const { bytes, end } = page;
    const length = bytes.write(json, end + headBytes);
    bytes.writeUInt32LE(length, end);
    bytes.writeDoubleLE(position, end + 4);
    page.end = end + headBytes + length;
    this.#length += 1;
    this.#lastPosition = position;
  }

  /** Events after a position, at most `limit`. */
  read(afterPosition: number, limit: number): readonly HistoryEvent[] {
    const events: HistoryEvent[] = [];
    const first = this.#pages.findLastIndex(({ firstPosition }) => firstPosition <= afterPosition);
    for (const { bytes, end } of this.#pages.slice(Math.max(0, first))) {
      for (let at = 0; at < end;) {
        if (events.length >= limit) return events;
        const position = bytes.readDoubleLE(at + 4);
        const from = at + headBytes;
        at = from + bytes.readUInt32LE(at);
        if (position <= afterPosition) continue;
        // Written by `append`.
        const event = JSON.parse(bytes.toString("utf8", from, at)) as Omit<HistoryEvent, "position">;
        events.push({ position, ...event });
      }
    }
    return events;
  }

  /** The page that the next event goes to. @param bytesMax that it may take */
  #pageFor(bytesMax: number, firstPosition: number): Page {
    const last = this.#pages.at(-1);
    if (last !== undefined && last.end + bytesMax <= last.bytes.length) return last;
    const page = { bytes: Buffer.allocUnsafeSlow(Math.max(pageBytes, bytesMax)), end: 0, firstPosition };
    this.#pages.push(page);
    return page;
  }
}
