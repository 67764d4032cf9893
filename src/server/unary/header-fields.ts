import type { OutgoingHttpHeaders } from "node:http";
import { trailerMux } from "@connectrpc/connect/protocol-connect";
import type { UnaryCall } from "./call.ts";

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

/** What the handler set, where trailers stand in the header, with a prefix; undefined if it set nothing. */
export function muxedHeader({ setHeader, setTrailer }: UnaryCall): Headers | undefined {
  return setTrailer === undefined ? setHeader : trailerMux(setHeader ?? new Headers(), setTrailer);
}
