import { isDeepStrictEqual } from "node:util";
import type { Call } from "./crash-history.ts";

/** What is repeated with its key is carried out once: everybody is told the same. */
export function checkRepeats(calls: readonly Call[]): string[] {
  const done = calls.filter(({ answer }) => answer.kind === "done");
  const byKey = Map.groupBy(done, ({ idempotencyKey }) => idempotencyKey);
  return [...byKey]
    .filter(([key, [first, ...others]]) => {
      return key !== undefined && others.some(({ answer }) => !isDeepStrictEqual(answer, first?.answer));
    })
    .map(([key]) => `${key}: a call was carried out again when it was repeated`);
}
