import { type Call, outcomeUnknownId, unavailableId } from "./crash-history.ts";

/** From when to when a replica answered, Unix milliseconds; it was killed at the end, if there is one. */
export interface Life {
  /** URL of the replica. */
  readonly replica: string;
  readonly fromMs: number;
  readonly untilMs?: number;
}

/** From when to when the database was gone. */
export interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** How replicas answered that nobody killed meanwhile. */
export interface Availability {
  readonly complaints: readonly string[];
  /** For each outage: when the last call failed because of it, after its end; 0 if none did. */
  readonly recoveriesMs: readonly number[];
  /** How many calls were refused because of the outages. */
  readonly unavailable: number;
  /** The longest of these, in milliseconds. */
  readonly longestMs: number;
}

/** A call that began this long before an outage may meet it. */
const callMsUsual = 1_000;

/**
 * Whether calls were answered at all, in time, and well as long as the database was there.
 *
 * @param recoveryMsMax how long after an outage a call may fail because of it
 */
export function checkAvailability(
  calls: readonly Call[],
  lives: readonly Life[],
  outages: readonly Outage[],
  recoveryMsMax: number,
): Availability {
  const complaints: string[] = [];
  const recoveriesMs = outages.map(() => 0);
  let unavailable = 0;
  let longestMs = 0;
  for (const call of calls) {
    const { replica, startMs, endMs, answer, caller, kind } = call;
    const isAlive = lives.some(
      (life) => life.replica === replica && life.fromMs <= startMs && (life.untilMs ?? Infinity) > endMs,
    );
    if (!isAlive || answer.kind === "done" || isRule(answer)) continue;
    const what = `${caller}: ${kind} at ${replica}, ${startMs} to ${endMs}`;
    if (answer.kind === "unreachable") complaints.push(`${what}: the replica does not listen`);
    else if (answer.kind === "unknown" && answer.reason !== outcomeUnknownId) {
      complaints.push(`${what}: no answer: ${answer.reason}`);
    }
    const index = outages.findIndex(
      ({ fromMs, untilMs }) => fromMs - callMsUsual <= endMs && startMs <= untilMs + recoveryMsMax,
    );
    const outage = outages[index];
    if (outage === undefined) complaints.push(`${what}: it failed though the database was there`);
    else recoveriesMs[index] = Math.max(recoveriesMs[index] ?? 0, endMs - outage.untilMs);
    unavailable += 1;
    longestMs = Math.max(longestMs, endMs - startMs);
  }
  for (const [index, recoveryMs] of recoveriesMs.entries()) {
    if (recoveryMs > recoveryMsMax) {
      complaints.push(`calls failed until ${recoveryMs} ms after the end of outage ${index + 1}`);
    }
  }
  return { complaints, recoveriesMs, unavailable, longestMs };
}

/** Refused by a rule, as it would have been at any time. */
function isRule(answer: Call["answer"]): boolean {
  return answer.kind === "refused" && answer.id !== unavailableId;
}
