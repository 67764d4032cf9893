/** The candidate with the fewest letters to change, if that is at most a third of them, or two. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    // Each letter more or less is a change: this also bounds the work.
    if (Math.abs(candidate.length - text.length) >= bestDistance) continue;
    const distance = editDistance(text, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** How many letters must be added, removed or replaced (Levenshtein). */
function editDistance(from: string, to: string): number {
  // Distances from each beginning of `to` to the part of `from` that was read so far.
  let distances = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, fromLetter] of [...from].entries()) {
    const next = [row + 1];
    for (const [column, toLetter] of [...to].entries()) {
      const replaced = (distances[column] ?? 0) + (fromLetter === toLetter ? 0 : 1);
      const removed = (distances[column + 1] ?? 0) + 1;
      const added = (next[column] ?? 0) + 1;
      next.push(Math.min(replaced, removed, added));
    }
    distances = next;
  }
  return distances.at(-1) ?? 0;
}
