import type { IncomingHttpHeaders } from "node:http";
import type { HeaderField } from "./header-field.ts";

/** What a request says before its body. */
export interface RequestHead {
  readonly method: string;
  /** Path and query as they were sent; empty in a CONNECT. */
  readonly target: string;
  /** By lower-case name, as Node gives those of HTTP/1.1, and the pseudo-header fields. */
  readonly headers: IncomingHttpHeaders;
  /** What the body has to be, if it was said. */
  readonly contentLength: number | undefined;
}

/** @returns undefined if the request is malformed (RFC 9113 section 8.1.1) */
export function requestHead(fields: readonly HeaderField[]): RequestHead | undefined {
  const headers: IncomingHttpHeaders = new Fields();
  let isPastPseudo = false;
  for (const { name, content: value, isPseudo, isWellFormed } of fields) {
    if (!isWellFormed) return undefined;
    const known = headers[name];
    if (isPseudo) {
      if (isPastPseudo || known !== undefined) return undefined;
      headers[name] = value;
    } else {
      isPastPseudo = true;
      if (known === undefined) headers[name] = value;
      else if (name === "content-length" || name === "host") return undefined;
      else if (!singleFields.has(name))
        headers[name] = `${String(known)}${name === "cookie" ? "; " : ", "}${value}`;
    }
  }
  const { ":method": method, ":path": target, ":scheme": scheme, ":status": status } = headers;
  if (typeof method !== "string" || !token.test(method) || status !== undefined) return undefined;
  const { "content-length": length } = headers;
  if (length !== undefined && !digits.test(length)) return undefined;
  const contentLength = length === undefined ? undefined : Number(length);
  if (headers[":authority"] === undefined && headers.host === undefined) return undefined;
  if (method === "CONNECT") {
    if (target !== undefined || scheme !== undefined) return undefined;
    return { method, target: "", headers, contentLength };
  }
  if (typeof target !== "string" || typeof scheme !== "string" || !uriScheme.test(scheme)) return undefined;
  if (!target.startsWith("/") && (target !== "*" || method !== "OPTIONS")) return undefined;
  return { method, target, headers, contentLength };
}

/** Inherits nothing, as `Object.create(null)`; but V8 knows its shape: half the time, half the bytes. */
class Fields {
  readonly [name: string]: undefined;
  static {
    Reflect.deleteProperty(this.prototype, "constructor");
    Object.setPrototypeOf(this.prototype, null);
  }
}

/** Whether fields may stand behind a body (section 8.1). */
export function areTrailers(fields: readonly HeaderField[]): boolean {
  return fields.every(({ isPseudo, isWellFormed }) => isWellFormed && !isPseudo);
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const digits = /^[0-9]{1,15}$/;
/** RFC 3986 section 3.1. */
const uriScheme = /^[a-z][a-z0-9+.-]*$/i;

/** Of these the first counts, as for Node's requests of HTTP/1.1; others are lists. */
const singleFields: ReadonlySet<string> = new Set([
  "authorization",
  "content-encoding",
  "content-type",
  "expect",
  "from",
  "max-forwards",
  "origin",
  "proxy-authorization",
  "referer",
  "user-agent",
]);
