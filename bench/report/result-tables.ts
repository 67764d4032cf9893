import { usersOf } from "../parts/growth.ts";
import type { Measurement, Results, Series } from "../results.ts";
import { type Spread, spreadOf } from "../statistics.ts";
import type { Table } from "./table.ts";
import { isMet, type Target } from "./targets.ts";

/** The results as tables. */

export function targetTable(targets: readonly Target[]): Table {
  const rows = targets.map((target) => {
    const { text, kind, bound, aim, unit } = target;
    const sign = kind === "at least" ? "≥" : "≤";
    const better = aim === undefined ? "" : ` (aim ${aim}${unit})`;
    return [text, figureOf(target), `${sign} ${bound}${unit}${better}`, isMet(target) ? "met" : "**missed**"];
  });
  return [["", "measured", "target", ""], ...rows];
}

/** Rounded to the side of a miss. */
function figureOf({ value, kind, unit }: Target): string {
  const cents = value * 100;
  return `${((kind === "at least" ? Math.floor(cents) : Math.ceil(cents)) / 100).toFixed(2)}${unit}`;
}

export function groupTable(series: readonly Series[]): Table {
  const head = [
    "",
    "",
    "calls/s",
    "range",
    "÷ first",
    "CPU µs a call",
    "p50 ms",
    "p99 ms",
    "loop p99 ms",
    "RSS MB",
  ];
  const rows = sortedByWhat(series).map(({ what, subject, runs }) => {
    const spread = (figure: keyof Measurement): Spread => spreadOf(runs.map((run) => run[figure]));
    const first = series.find((each) => each.what === what);
    const firstRate = spreadOf(first?.runs.map((run) => run.callsPerSecond) ?? []).median;
    const rate = spread("callsPerSecond");
    return [
      what,
      subject,
      whole(rate.median),
      `${whole(rate.least)}–${whole(rate.most)}`,
      (rate.median / firstRate).toFixed(2),
      spread("cpuMicrosPerCall").median.toFixed(1),
      spread("p50Ms").median.toFixed(2),
      spread("p99Ms").median.toFixed(2),
      spread("loopDelayP99Ms").median.toFixed(1),
      whole(spread("rssMegabytes").most),
    ];
  });
  return [head, ...rows];
}

export function startUpTable({ startUps }: Results): Table {
  const rows = [...startUps].map(([users, seconds]) => {
    const { median, least, most } = spreadOf(seconds);
    return [usersOf(users), median.toFixed(2), `${least.toFixed(2)}–${most.toFixed(2)}`];
  });
  return [["", "seconds", "range"], ...rows];
}

/** What belongs together, side by side, each in the order of its first appearance. */
function sortedByWhat(series: readonly Series[]): readonly Series[] {
  return [...Map.groupBy(series, ({ what }) => what).values()].flat();
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
