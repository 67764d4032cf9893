interface Slot<K, V> {
  key: K;
  /** Undefined once it was deleted. */
  value: V | undefined;
  wasUsed: boolean;
}

/**
 * A map with at most `entriesMax` entries. When one must make room, it is one that was not used since the hand of
 * the clock came by (the CLOCK algorithm, nearly "least recently used"): a use costs a bit, and moves nothing.
 */
export class Lru<K, V> {
  readonly #slots = new Map<K, Slot<K, V>>();
  readonly #ring: Slot<K, V>[] = [];
  /** Those of the ring whose entry was deleted. */
  readonly #free: Slot<K, V>[] = [];
  readonly #entriesMax: number;
  #hand = 0;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get(key: K): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    slot.wasUsed = true;
    return slot.value;
  }

  set(key: K, value: V): void {
    const present = this.#slots.get(key);
    if (present !== undefined) {
      present.value = value;
      return;
    }
    const slot = this.#free.pop() ?? (this.#ring.length < this.#entriesMax ? undefined : this.#freed());
    if (slot === undefined) {
      const added = { key, value, wasUsed: false };
      this.#ring.push(added);
      this.#slots.set(key, added);
    } else {
      slot.key = key;
      slot.value = value;
      this.#slots.set(key, slot);
    }
  }

  /** The value of the key; if there is none, the one that is made for it, and kept. */
  getOrInsertComputed(key: K, make: (key: K) => V): V {
    const known = this.get(key);
    if (known !== undefined) return known;
    const made = make(key);
    this.set(key, made);
    return made;
  }

  delete(key: K): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    slot.value = undefined;
    slot.wasUsed = false;
    this.#free.push(slot);
  }

  /** A slot of the full ring whose entry made room. */
  #freed(): Slot<K, V> | undefined {
    for (;;) {
      const slot = this.#ring[this.#hand];
      this.#hand = (this.#hand + 1) % this.#entriesMax;
      if (slot === undefined) return undefined;
      if (slot.wasUsed) {
        slot.wasUsed = false;
        continue;
      }
      this.#slots.delete(slot.key);
      return slot;
    }
  }
}
