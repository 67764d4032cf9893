/**
 * Calls `measure` for each case in each round; another one begins each time, so that none always runs first, or on a
 * warmer machine.
 */
export async function alternate<C>(
  cases: readonly C[],
  rounds: number,
  measure: (each: C, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const first = round % cases.length;
    for (const each of [...cases.slice(first), ...cases.slice(0, first)]) await measure(each, round);
  }
}
