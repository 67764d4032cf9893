import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { resolveFieldPath, type TextField } from "./fields.ts";

/**
 * The fields of a message that a query string gives: `?user.id=7&tags=a&tags=b`. Unknown names are skipped.
 * @param query without the question mark.
 * @throws ConnectError InvalidArgument if it has a broken percent-escape.
 */
export function parseQuery(message: DescMessage, query: string): TextField[] {
  const fields = new Map<string, TextField & { texts: string[] }>();
  for (const parameter of query.split("&")) {
    const equals = parameter.indexOf("=");
    const name = decode(equals === -1 ? parameter : parameter.slice(0, equals));
    const text = equals === -1 ? "" : decode(parameter.slice(equals + 1));
    const path = resolveFieldPath(message, name);
    if (path === undefined) continue;
    // Under the names of the descriptor, so that user_id and userId are one parameter.
    const key = path.map((field) => field.name).join(".");
    const known = fields.get(key);
    if (known === undefined) fields.set(key, { path, name, texts: [text] });
    else known.texts.push(text);
  }
  return [...fields.values()];
}

/** Decodes application/x-www-form-urlencoded, where a plus sign is a space. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new ConnectError(`the query has a broken percent-escape: "${text}"`, Code.InvalidArgument);
  }
}
