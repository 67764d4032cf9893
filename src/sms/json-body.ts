/** The fields of a JSON object; none if the text is something else. */
export function jsonFields(text: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** The fields of a value that came out of JSON; none if it is no object. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** The text, or empty if it is none. JSON can write half a letter, which clients of ours would not read. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value.toWellFormed() : "";
}
