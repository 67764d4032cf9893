import { isDeepStrictEqual } from "node:util";

/** Whether two pieces of plain JSON data are the same, whatever the order of their fields. */
export function sameData(one: object, other: object): boolean {
  return isDeepStrictEqual(one, other);
}
