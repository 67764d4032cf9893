/** The `code` of what was thrown, as Node's errors have it, e.g. "EADDRINUSE"; empty if it has none. */
export function errorCode(error: unknown): string {
  const hasCode = typeof error === "object" && error !== null && "code" in error;
  return hasCode && typeof error.code === "string" ? error.code : "";
}
