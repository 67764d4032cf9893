import type { HistoryEvent } from "../../src/app/store-port.ts";
import type { Call } from "./crash-history.ts";

/** A code that waits for its answer; counted here and not by the code that is checked. */
export interface Pending {
  readonly challengeId: string;
  readonly triesLeft: number;
}

/** The history of one aggregate, and what may be known of it when. */
export class Timeline {
  readonly id: string;
  /** Event `sequence` is at `sequence - 1`. */
  readonly events: readonly HistoryEvent[];
  /** What comes to light from the codes alone: accepted though not asked for, tried too often. */
  readonly complaints: readonly string[];
  /** After as many events. */
  readonly #pending: readonly (Pending | undefined)[];
  /** What was told, in the order in which it was. */
  readonly #told: readonly { readonly endMs: number; readonly sequence: number }[];

  /** @param calls those that name the aggregate */
  constructor(id: string, events: readonly HistoryEvent[], calls: readonly Call[]) {
    this.id = id;
    this.events = events;
    const complaints: string[] = [];
    const pending: (Pending | undefined)[] = [undefined];
    for (const event of events) {
      const before = pending.at(-1);
      const problem = problemOf(event, before, isFollower(events, event));
      if (problem !== undefined) complaints.push(`${id}: event ${event.sequence}: ${problem}`);
      pending.push(pendingAfter(event, before));
    }
    this.complaints = complaints;
    this.#pending = pending;
    this.#told = calls
      .flatMap(({ endMs, answer }) => (answer.kind === "done" ? [{ endMs, sequence: answer.sequence }] : []))
      .toSorted((a, b) => a.endMs - b.endMs);
  }

  event(sequence: number): HistoryEvent | undefined {
    return sequence < 1 ? undefined : this.events[sequence - 1];
  }

  /** @returns undefined if none is */
  pendingAfter(sequence: number): Pending | undefined {
    return this.#pending[sequence];
  }

  /**
   * How many events a call may have seen: at least those that anybody was told of before it began, at most
   * those that were decided before it ended.
   */
  seenBy({ startMs, endMs }: Call): { readonly least: number; readonly most: number } {
    let least = 0;
    for (const told of this.#told) {
      if (told.endMs >= startMs) break;
      least = Math.max(least, told.sequence);
    }
    const later = this.events.findIndex(({ atMs }) => atMs > endMs);
    return { least, most: later < 0 ? this.events.length : later };
  }

  /** Whether it was so at a moment that the call may have seen. */
  mayHaveSeen(call: Call, isSo: (pending: Pending | undefined) => boolean): boolean {
    const { least, most } = this.seenBy(call);
    for (let sequence = least; sequence <= most; sequence += 1) {
      if (isSo(this.#pending[sequence])) return true;
    }
    return false;
  }
}

/** Whether it belongs to what the event before it began: the code, or the verification, of a number that is set. */
export function isFollower(events: readonly HistoryEvent[], { sequence, type }: HistoryEvent): boolean {
  if (type !== "user.human.phone.code.added" && type !== "user.human.phone.verified") return false;
  const before = events[sequence - 2]?.type;
  return before === "user.human.added" || before === "user.human.phone.changed";
}

function problemOf(
  { type }: HistoryEvent,
  pending: Pending | undefined,
  isFollowing: boolean,
): string | undefined {
  if (acceptances.has(type) && !isFollowing) {
    if (pending === undefined) return "a code was accepted, and none was pending";
    if (pending.triesLeft === 0) return "a code was accepted after its last try";
  }
  if (failures.has(type) && pending?.triesLeft === 0) return "a try was counted after the last one";
  return undefined;
}

const acceptances = new Set(["user.human.phone.verified", "session.otp.sms.checked"]);
const failures = new Set(["user.human.phone.verification.failed", "session.otp.sms.check.failed"]);

function pendingAfter({ type, data }: HistoryEvent, before: Pending | undefined): Pending | undefined {
  switch (type) {
    case "user.human.phone.code.added":
    case "session.otp.sms.challenged": {
      const { challengeId, attemptsMax } = codeAdded(data);
      return { challengeId, triesLeft: attemptsMax };
    }
    case "user.human.phone.verification.failed":
    case "session.otp.sms.check.failed":
      return before && { ...before, triesLeft: Math.max(0, before.triesLeft - 1) };
    case "user.human.phone.changed":
    case "user.human.phone.removed":
    case "user.human.phone.verified":
    case "session.otp.sms.checked":
      return undefined;
    default:
      return before;
  }
}

export interface CodeAddedData {
  readonly challengeId: string;
  readonly attemptsMax: number;
  readonly returned: boolean;
}

/** @throws Error if it is no data of an event that adds a code */
export function codeAdded(data: object): CodeAddedData {
  if (!("challengeId" in data && "attemptsMax" in data && "returned" in data)) {
    throw new Error(`no code was added by ${Object.keys(data)}`);
  }
  const { challengeId, attemptsMax, returned } = data;
  return {
    challengeId: String(challengeId),
    attemptsMax: attemptsMax === null ? Infinity : Number(attemptsMax),
    returned: returned === true,
  };
}
