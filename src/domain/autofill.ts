/** The lines at the end of a message by which a phone fills a code in. */

/** What is configured for them. */
export interface Autofill {
  /** Of the pages that codes are typed on; the first one unless a code was asked for on another. */
  readonly domains: readonly string[];
  /** Of the Android app that codes are typed in. */
  readonly androidHash?: string;
}

export const noAutofill: Autofill = { domains: [] };

/** Letters, digits, hyphens and dots: nothing in it ends a line, a token or a host. */
export function isHostName(text: string): boolean {
  return (
    text.length <= 253 &&
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(text)
  );
}

/** The host of an origin, without its port; empty if there is none, or not a plain one. */
export function hostOf(origin: string): string {
  const host = URL.parse(origin)?.hostname ?? "";
  return isHostName(host) ? host : "";
}

/**
 * The domain that a code is bound to. An origin comes from a request: it chooses among the configured ones.
 *
 * @param origin where the code was asked for; empty if that is not known
 */
export function boundDomain({ domains }: Autofill, origin: string): string | undefined {
  const host = hostOf(origin);
  return domains.includes(host) ? host : domains[0];
}

/**
 * Adds the app's hash (Android's SMS Retriever finds it wherever it is) and then `@domain #code`, which must be
 * the last line (https://wicg.github.io/sms-one-time-codes/#format). A text that ends with such a line keeps it.
 */
export function withAutofill(text: string, code: string, origin: string, autofill: Autofill): string {
  const { androidHash } = autofill;
  const [lead, ownLine] = splitBoundLine(text, code);
  const boundLine = ownLine ?? boundLineOf(code, boundDomain(autofill, origin));
  if (androidHash === undefined && boundLine === ownLine) return text;
  return [lead, androidHash, boundLine].filter((line) => line !== undefined && line !== "").join("\n");
}

/** The text without its last line, and that line, if it binds the code to a host already. */
function splitBoundLine(text: string, code: string): [lead: string, boundLine?: string] {
  const body = text.trimEnd();
  const start = Math.max(body.lastIndexOf("\n"), body.lastIndexOf("\r")) + 1;
  const last = body.slice(start);
  const [host = "", token] = last.split(" ");
  const isBound = /^@./.test(host) && token === `#${code}`;
  return isBound ? [body.slice(0, start).trimEnd(), last] : [body];
}

/** Undefined for a code that would be cut: at white space by the format, at "#" by Chrome. */
function boundLineOf(code: string, domain: string | undefined): string | undefined {
  return domain === undefined || !/^[^\s#]+$/.test(code) ? undefined : `@${domain} #${code}`;
}
