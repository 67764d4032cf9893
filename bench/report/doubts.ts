import { saturated, subjects as grpc } from "../parts/grpc.ts";
import { json, subjects as http1 } from "../parts/json.ts";
import type { Results, Series } from "../results.ts";
import { quantile } from "../statistics.ts";

/** The load has a core of its own: from this share of it on, it may be what is measured. */
const loadBusyMax = 0.9;
/** A server without a disk that never runs out of calls uses all of its core, unless others take a part of it. */
const serverBusyMin = 0.9;

/** Reasons not to trust what was measured, in sentences; none if all is well. */
export function doubtsAbout({ groups }: Results): readonly string[] {
  const all = [...groups].flatMap(([group, series]) => series.map((each) => ({ group, ...each })));
  const names = (some: typeof all): string =>
    some.map(({ group, what, subject }) => `${group}: ${what}, ${subject}`).join("; ");

  const limited = all.filter(({ runs }) => median(runs, "busy") > loadBusyMax);
  const floors = new Set([`${saturated}/${grpc.constant}`, `${json}/${http1.constant}`]);
  const disturbed = all.filter(
    (each) =>
      floors.has(`${each.group}/${each.subject}`) &&
      median(each.runs, "serverBusy") < serverBusyMin &&
      !limited.includes(each), // such a server waits for the load
  );
  return [
    ...(limited.length === 0 ? [] : [`The load may have been the limit of ${names(limited)}.`]),
    ...(disturbed.length === 0
      ? []
      : [`Other programs took a part of the server's core from ${names(disturbed)}: do not trust this run.`]),
  ];
}

function median(runs: Series["runs"], figure: "busy" | "serverBusy"): number {
  return quantile(
    runs.map((run) => run[figure]),
    0.5,
  );
}
