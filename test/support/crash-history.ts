/**
 * What callers asked, and what they were told: everything that a checker holds against a store. It believes
 * nobody else.
 */

/** What a call asks for. Each writes one commit at most. */
export type CallKind =
  | "add user"
  | "enroll"
  | "set phone"
  | "resend code"
  | "verify phone"
  | "remove phone"
  | "read user"
  | "list user"
  | "open session"
  | "check session"
  | "read session"
  | "list session";

/** One attempt of one caller at one replica. */
export interface Call {
  readonly caller: string;
  /** Its URL. */
  readonly replica: string;
  readonly kind: CallKind;
  readonly userId: string;
  /** The session that it names. */
  readonly sessionId?: string;
  /** E.164: the number that it sets. */
  readonly phone?: string;
  /** The code that it tries. */
  readonly code?: string;
  /** What another call has that is the same one, repeated. */
  readonly idempotencyKey?: string;
  /** Unix time in milliseconds, by the clock of the replicas. */
  readonly startMs: number;
  readonly endMs: number;
  readonly answer: Answer;
}

export interface Done {
  readonly kind: "done";
  /** `details.sequence`. */
  readonly sequence: number;
  /** The code that was returned. */
  readonly code?: string;
  /** The session that was opened. */
  readonly sessionId?: string;
  /** The number that a read showed; empty without one. */
  readonly phone?: string;
  /** Whether a read showed the number as verified, or the session's one-time code as checked. */
  readonly isVerified?: boolean;
}

export type Answer =
  | Done
  /** Refused by a replica: nothing was written, but for the failed try. `id` is that of the error detail. */
  | { readonly kind: "refused"; readonly id: string }
  /** Nobody was there to ask. */
  | { readonly kind: "unreachable" }
  /** It may have been carried out, or not, or still will be. */
  | { readonly kind: "unknown"; readonly reason: string };

/** How the codes of a phone and of a session are refused: wrong, or none is asked for. */
export const wrongCodeIds: Partial<Record<CallKind, string>> = {
  "verify phone": "COMMAND-eis9R",
  "check session": "CODE-woT0xc",
};

/** The replica could not write, and nothing was written. */
export const unavailableId = "RINGBACK-s7Dsk";
/** The replica cannot tell whether it was written. */
export const outcomeUnknownId = "RINGBACK-u4Knw";
