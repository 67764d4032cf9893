import type { IncomingHttpHeaders } from "node:http";

/** Header fields as Node gives them, without the pseudo-headers of HTTP/2. */
export function webHeaders(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming)) {
    if (value === undefined || name.startsWith(":")) continue;
    for (const each of typeof value === "string" ? [value] : value) headers.append(name, each);
  }
  return headers;
}

const none: IncomingHttpHeaders = {};

/** A `Headers` that is made once somebody does more with it than ask for a field. */
export class LazyHeaders implements Headers {
  readonly #incoming: IncomingHttpHeaders;
  #filled: Headers | undefined;

  /** @param incoming what it begins with */
  constructor(incoming: IncomingHttpHeaders = none) {
    this.#incoming = incoming;
  }

  /** Undefined until somebody changes it, or looks through it. */
  get filled(): Headers | undefined {
    return this.#filled;
  }

  get(name: string): string | null {
    if (this.#filled !== undefined) return this.#filled.get(name);
    const value = this.#incoming[name.toLowerCase()];
    return value === undefined ? null : typeof value === "string" ? value : value.join(", ");
  }

  has(name: string): boolean {
    return this.#filled?.has(name) ?? this.#incoming[name.toLowerCase()] !== undefined;
  }

  append(name: string, value: string): void {
    this.#all.append(name, value);
  }

  set(name: string, value: string): void {
    this.#all.set(name, value);
  }

  delete(name: string): void {
    this.#all.delete(name);
  }

  getSetCookie(): string[] {
    return this.#all.getSetCookie();
  }

  forEach(...args: Parameters<Headers["forEach"]>): void {
    this.#all.forEach(...args);
  }

  entries(): ReturnType<Headers["entries"]> {
    return this.#all.entries();
  }

  keys(): ReturnType<Headers["keys"]> {
    return this.#all.keys();
  }

  values(): ReturnType<Headers["values"]> {
    return this.#all.values();
  }

  [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.entries();
  }

  get #all(): Headers {
    return (this.#filled ??= webHeaders(this.#incoming));
  }
}
