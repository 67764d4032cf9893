import type { OutgoingHttpHeaders } from "node:http";

/** Header fields as Node takes them. */
export function fieldsOf(header: ConstructorParameters<typeof Headers>[0]): OutgoingHttpHeaders {
  return withFields({}, new Headers(header));
}

/** Header fields as Node takes them. @returns `first` itself if there is nothing to add */
export function withFields(first: OutgoingHttpHeaders, more: Headers | undefined): OutgoingHttpHeaders {
  if (more === undefined) return first;
  const fields: OutgoingHttpHeaders = { ...first };
  for (const [name, value] of more) {
    // Only this one may not be joined with commas.
    fields[name] = name === "set-cookie" ? more.getSetCookie() : value;
  }
  return fields;
}
