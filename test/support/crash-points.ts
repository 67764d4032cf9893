/** Where a server of the crash matrix dies. */
export const crashPoints = [
  "before the claim",
  "after the claim",
  "during the request",
  "after the 2xx, before the record",
  "at start-up",
] as const;
export type CrashPoint = (typeof crashPoints)[number];

/** Whether the provider of the crash matrix can tell one message from two. */
export type ProviderKind = "idempotent" | "not idempotent";

/** What the program of the crash matrix is told, as JSON in this variable. */
export const orderVariable = "CRASH_ORDER";

export interface CrashOrder {
  /** Left out for a server that is to live, and where somebody else kills it. */
  readonly point?: CrashPoint;
  /** It dies when it comes there for this time. */
  readonly passing: number;
  readonly provider: ProviderKind;
}
