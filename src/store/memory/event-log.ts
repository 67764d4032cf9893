import type { HistoryEvent } from "../../app/ports.ts";

const pageBytes = 1024 * 1024;

/** Where an event is: it never spans two pages. */
interface Place {
  readonly page: number;
  readonly from: number;
  readonly to: number;
  readonly position: number;
}

const numbersOfPlace = 4;

/**
 * The history, written out as JSON outside of the heap: millions of events would otherwise be looked through
 * at every garbage collection, although hardly anybody asks for them.
 */
export class EventLog {
  readonly #pages: Buffer[] = [];
  /** Four numbers for each event, see `Place`. */
  readonly #places: number[] = [];
  #free = 0;

  get length(): number {
    return this.#places.length / numbersOfPlace;
  }

  /** @param position greater than that of every other event; the next one if it is left out */
  append(event: Omit<HistoryEvent, "position">, position = (this.#places.at(-1) ?? 0) + 1): void {
    const json = JSON.stringify(event);
    const bytesMax = json.length * 3; // UTF-8 of any UTF-16
    let page = this.#pages.at(-1);
    if (page === undefined || this.#free + bytesMax > page.length) {
      page = Buffer.allocUnsafeSlow(Math.max(pageBytes, bytesMax));
      this.#pages.push(page);
      this.#free = 0;
    }
    const to = this.#free + page.write(json, this.#free);
    this.#places.push(this.#pages.length - 1, this.#free, to, position);
    this.#free = to;
  }

  /** Events after a position, at most `limit`. */
  read(afterPosition: number, limit: number): readonly HistoryEvent[] {
    const first = this.#countUpTo(afterPosition);
    const count = Math.max(0, Math.min(limit, this.length - first));
    return Array.from({ length: count }, (_, index) => this.#at(first + index));
  }

  /** How many events are not after a position (binary search: positions that came from elsewhere have gaps). */
  #countUpTo(position: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#place(middle).position <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #at(index: number): HistoryEvent {
    const { page, from, to, position } = this.#place(index);
    const json = this.#pages[page]?.toString("utf8", from, to) ?? "";
    // Written by `append`.
    return { position, ...(JSON.parse(json) as Omit<HistoryEvent, "position">) };
  }

  #place(index: number): Place {
    const start = numbersOfPlace * index;
    const [page = 0, from = 0, to = 0, position = 0] = this.#places.slice(start, start + numbersOfPlace);
    return { page, from, to, position };
  }
}
