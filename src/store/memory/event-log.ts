import type { HistoryEvent } from "../../app/ports.ts";

const pageBytes = 1024 * 1024;

/** Where an event is: it never spans two pages. */
interface Place {
  readonly page: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The history, written out as JSON outside of the heap: millions of events would otherwise be looked through
 * at every garbage collection, although hardly anybody asks for them.
 */
export class EventLog {
  readonly #pages: Buffer[] = [];
  /** Three numbers for each event, see `Place`. */
  readonly #places: number[] = [];
  #free = 0;

  get length(): number {
    return this.#places.length / 3;
  }

  /** @returns its position; 1 for the first */
  append(event: Omit<HistoryEvent, "position">): number {
    const json = JSON.stringify(event);
    const bytesMax = json.length * 3; // UTF-8 of any UTF-16
    let page = this.#pages.at(-1);
    if (page === undefined || this.#free + bytesMax > page.length) {
      page = Buffer.allocUnsafeSlow(Math.max(pageBytes, bytesMax));
      this.#pages.push(page);
      this.#free = 0;
    }
    const to = this.#free + page.write(json, this.#free);
    this.#places.push(this.#pages.length - 1, this.#free, to);
    this.#free = to;
    return this.length;
  }

  /** Events after a position, at most `limit`. */
  read(afterPosition: number, limit: number): readonly HistoryEvent[] {
    const count = Math.max(0, Math.min(limit, this.length - afterPosition));
    return Array.from({ length: count }, (_, index) => this.#at(afterPosition + index));
  }

  #at(index: number): HistoryEvent {
    const { page, from, to } = this.#place(index);
    const json = this.#pages[page]?.toString("utf8", from, to) ?? "";
    // Written by `append`.
    return { position: index + 1, ...(JSON.parse(json) as Omit<HistoryEvent, "position">) };
  }

  #place(index: number): Place {
    const [page = 0, from = 0, to = 0] = this.#places.slice(3 * index, 3 * index + 3);
    return { page, from, to };
  }
}
