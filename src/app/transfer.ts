import { createHash, type Hash } from "node:crypto";
import { errorMessage } from "../lib/error-message.ts";
import { foldRows } from "./fold.ts";
import { decodeItem, encodeItem, encodeLine } from "./kept-line.ts";
import { type KeptItem, type KeptKind, keptKinds, type Store } from "./store-port.ts";

/**
 * Moves everything that a store keeps to another one, whatever their kinds. An export is a header, a line for each
 * thing, and an end with how many there are of each kind and the SHA-256 of all lines before. An export without its end
 * was cut off; one whose end does not fit was changed. The same content gives the same lines.
 */

const format = "ringback-export";
const version = 1;

/** How much of each kind. */
export type KeptCounts = Record<KeptKind, number>;

export function noCounts(): KeptCounts {
  return { event: 0, message: 0, inboxMessage: 0, answer: 0 };
}

/**
 * Gives lines without their ends.
 *
 * @param counts grow with them
 */
export async function* exportLines(
  store: Pick<Store, "dump">,
  counts: KeptCounts = noCounts(),
): AsyncGenerator<string> {
  const hash = createHash("sha256");
  const hashed = (line: string): string => {
    addLine(hash, line);
    return line;
  };
  yield hashed(encodeLine({ format, version }));
  for await (const item of store.dump()) {
    counts[item.kind] += 1;
    yield hashed(encodeItem(item));
  }
  yield encodeLine({ end: counts, sha256: hash.digest("hex") });
}

/** With its end: what `head -n -1 <file> | sha256sum` prints. */
function addLine(hash: Hash, line: string): void {
  hash.update(`${line}\n`);
}

/**
 * Fills an empty store, all of it or nothing, and makes the rows from the events.
 *
 * @param lines without their ends
 * @throws Error that names the line if they are not a whole export, or the event if it cannot be folded; and if the
 * store is not empty
 */
export async function importLines(
  store: Pick<Store, "restore">,
  lines: AsyncIterable<string>,
): Promise<KeptCounts & { readonly rows: number }> {
  const reader = new ExportReader();
  const rows = await store.restore(reader.read(lines), foldRows);
  return { ...reader.counts, rows };
}

/** Reads an export once, from its first line to its last. */
class ExportReader {
  readonly counts = noCounts();
  #line = 0;
  /** Of the last item of its kind: order is a part of what is exported. */
  readonly #lastPlaces = noCounts();
  #lastKind = 0;
  #isAtEnd = false;
  /** Of all lines so far. */
  readonly #hash = createHash("sha256");

  async *read(lines: AsyncIterable<string>): AsyncGenerator<KeptItem> {
    for await (const line of lines) {
      this.#line += 1;
      let item: KeptItem | undefined;
      try {
        item = this.#take(line);
      } catch (cause) {
        throw new Error(`line ${this.#line}: ${errorMessage(cause)}`, { cause });
      }
      if (item !== undefined) yield item;
    }
    if (!this.#isAtEnd) {
      throw new Error(
        this.#line === 0
          ? "there is nothing in it: an export has at least two lines"
          : `it was cut off after line ${this.#line}: the last line of an export says how much there is`,
      );
    }
  }

  /** @returns undefined for the first line and the last */
  #take(text: string): KeptItem | undefined {
    const line = parse(text, this.#line === 1 ? noExport : "it is no JSON: was it cut off in the middle?");
    if (this.#isAtEnd) throw new Error("there is more after the end");
    let item: KeptItem | undefined;
    if (this.#line === 1) requireHeader(line);
    else {
      item = decodeItem(line);
      if (item === undefined) {
        this.#end(line);
        return undefined;
      }
      this.#requireOrder(item);
      this.counts[item.kind] += 1;
    }
    addLine(this.#hash, text);
    return item;
  }

  #requireOrder(item: KeptItem): void {
    const { kind } = item;
    const kindPlace = keptKinds.indexOf(kind);
    const place = placeOf(item) ?? this.#lastPlaces[kind] + 1;
    if (kindPlace < this.#lastKind || place <= this.#lastPlaces[kind]) throw new Error("it is out of order");
    this.#lastKind = kindPlace;
    this.#lastPlaces[kind] = place;
  }

  #end(line: unknown): void {
    const end = asObject(line);
    if (!("end" in end)) throw new Error(`it is neither of ${keptKinds.join(", ")} nor the end`);
    if (encodeLine(asObject(end.end)) !== encodeLine(this.counts)) {
      throw new Error(`something is missing before it: there was ${encodeLine(this.counts)}`);
    }
    const sha256 = this.#hash.digest("hex");
    if (encodeLine(end) !== encodeLine({ end: this.counts, sha256 })) {
      throw new Error(`a line was changed: the SHA-256 of the lines before this one is ${sha256}`);
    }
    this.#isAtEnd = true;
  }
}

/** What grows with every item of a kind; undefined where the order of the lines is all there is. */
function placeOf({ kind, value }: KeptItem): number | undefined {
  switch (kind) {
    case "event":
      return value.position;
    case "message":
      return value.number;
    case "inboxMessage":
      return value.id;
    case "answer":
      return undefined;
  }
}

function parse(text: string, problem: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(problem, { cause });
  }
}

const noExport = `this is no export of Ringback: one begins with ${encodeLine({ format, version })}`;

function requireHeader(line: unknown): void {
  const header = asObject(line);
  if (!("format" in header) || header.format !== format) {
    throw new Error(noExport);
  }
  if (!("version" in header) || header.version !== version) {
    throw new Error(
      `this release reads exports of version ${version}: use the one that wrote it, or a newer one`,
    );
  }
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
