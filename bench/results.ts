import type { Outcome } from "./load/job.ts";
import type { Reading } from "./servers/control.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** One job, as the load and the server saw it. */
export interface Measurement extends Pick<Outcome, "callsPerSecond" | "p50Ms" | "p99Ms" | "busy"> {
  readonly cpuMicrosPerCall: number;
  /** CPU time of the server by the time that went by; above 1 with threads on several cores. */
  readonly serverBusy: number;
  readonly rssMegabytes: number;
  readonly loopDelayP99Ms: Reading["loopDelayP99Ms"];
}

/** The same thing in every round. */
export interface Series {
  /** E.g. "SetPhone". */
  readonly what: string;
  /** E.g. "Ringback on sqlite". */
  readonly subject: string;
  readonly runs: Measurement[];
}

/** Everything that was measured, in groups, each in the order of its first round. */
export class Results {
  readonly groups = new Map<string, Series[]>();
  /** Seconds from the start of the process to the first call it can take, by stored users. */
  readonly startUps = new Map<number, number[]>();

  add(group: string, what: string, subject: string, measurement: Measurement): void {
    const series = this.groups.get(group) ?? [];
    this.groups.set(group, series);
    const known = series.find((each) => each.what === what && each.subject === subject);
    if (known === undefined) series.push({ what, subject, runs: [measurement] });
    else known.runs.push(measurement);
  }

  addStartUp(users: number, seconds: number): void {
    const known = this.startUps.get(users);
    if (known === undefined) this.startUps.set(users, [seconds]);
    else known.push(seconds);
  }

  /** Undefined if it was not measured. */
  spread(group: string, what: string, subject: string, figure: keyof Measurement): Spread | undefined {
    const series = this.groups.get(group)?.find((each) => each.what === what && each.subject === subject);
    return series && spreadOf(series.runs.map((run) => run[figure]));
  }

  /** The median; NaN if it was not measured. */
  median(group: string, what: string, subject: string, figure: keyof Measurement = "callsPerSecond"): number {
    return this.spread(group, what, subject, figure)?.median ?? NaN;
  }
}
