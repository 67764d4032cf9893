/** Chance that a seed repeats. */
export interface Chance {
  /** A whole number from `min` to `max`. */
  integer(min: number, max: number): number;
  /** One of them. @throws Error if there is none */
  pick<T>(choices: readonly T[]): T;
}

/** The generator "mulberry32": 32 bits of state, good enough to choose what a test does next. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    integer,
    pick(choices) {
      const [chosen] = choices.slice(integer(0, choices.length - 1));
      if (chosen === undefined) throw new Error("nothing to choose from");
      return chosen;
    },
  };
}
