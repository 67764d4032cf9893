/** A reader of origin-bound one-time codes: https://wicg.github.io/sms-one-time-codes/#parsing, step by step. */

export interface OriginBoundCode {
  readonly host: string;
  readonly code: string;
  readonly embeddedHost: string | undefined;
}

/** @returns undefined for a message without such a code */
export function parseOriginBoundCode(message: string): OriginBoundCode | undefined {
  const line = lastLine(message);
  const host = markedToken(line, 0, "@");
  if (host === undefined || line[host.end] !== " ") return undefined;
  const code = markedToken(line, host.end + 1, "#");
  if (code === undefined) return undefined;
  const embedded = line[code.end] === " " ? markedToken(line, code.end + 1, "%") : undefined;
  return { host: host.token, code: code.token, embeddedHost: embedded?.token };
}

function lastLine(message: string): string {
  return message.replace(/\r\n?/g, "\n").split("\n").at(-1) ?? "";
}

/** The characters after the marker, up to ASCII white space. */
function markedToken(
  line: string,
  start: number,
  marker: string,
): { readonly token: string; readonly end: number } | undefined {
  if (line[start] !== marker) return undefined;
  let end = start + 1;
  while (end < line.length && !"\t\n\f\r ".includes(line.charAt(end))) end += 1;
  const token = line.slice(start + 1, end);
  return token === "" ? undefined : { token, end };
}

/** What Chrome finds: the first match anywhere, and a code without "#". */
export function parseAsChrome(message: string): Omit<OriginBoundCode, "embeddedHost"> | undefined {
  const [, host, code] = /(?:^|\s)@([a-zA-Z0-9.-]+) #([^#\s]+)/.exec(message) ?? [];
  return host === undefined || code === undefined ? undefined : { host, code };
}
