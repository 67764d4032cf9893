/** Whether two pieces of plain JSON data, with their fields in the same order, are the same. */
export function sameData(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
