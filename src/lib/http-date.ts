let current: string | undefined;

/** The time for the header `Date` (RFC 9110 section 5.6.7); made once a second. */
export function httpDate(): string {
  if (current === undefined) {
    const now = new Date();
    current = now.toUTCString();
    setTimeout(() => (current = undefined), 1_000 - now.getMilliseconds()).unref();
  }
  return current;
}
