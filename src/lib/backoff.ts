import { type RandomBytes, randomShare } from "./random.ts";

/**
 * Exponential back-off with full jitter: a random time between 0 and `baseMs` · 2^(attempt - 1), at most
 * `capMs`, so that many retries never fall together.
 *
 * @param attempt 1 for the first that failed
 */
export function backoffMs(attempt: number, baseMs: number, capMs: number, randomBytes: RandomBytes): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.floor(randomShare(randomBytes) * ceiling);
}
