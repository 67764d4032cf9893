/**
 * The order in which values of a field are sorted: numbers by size, texts by their code points, which is the order
 * of their bytes in UTF-8.
 */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return compareTexts(String(a), String(b));
}

function compareTexts(a: string, b: string): number {
  const lengthMin = Math.min(a.length, b.length);
  for (let index = 0; index < lengthMin; index += 1) {
    const [unitOfA, unitOfB] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (unitOfA !== unitOfB) return rank(unitOfA) - rank(unitOfB);
  }
  return a.length - b.length;
}

/** Surrogates stand for the highest code points, but are not the highest code units. */
function rank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit;
}
