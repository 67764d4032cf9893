import { durability } from "../parts/durability.ts";
import { halfOf, paced, saturated, subjects as grpc } from "../parts/grpc.ts";
import { callers, growth, halfPace, usersOf } from "../parts/growth.ts";
import { json, subjects as http1 } from "../parts/json.ts";
import type { Results } from "../results.ts";
import { quantile } from "../statistics.ts";

/** A promise of this project, and what was measured. */
export interface Target {
  readonly text: string;
  readonly kind: "at least" | "at most";
  readonly bound: number;
  /** What would be better still. */
  readonly aim?: number;
  /** E.g. " ms"; empty for a ratio. */
  readonly unit: string;
  /** NaN if it was not measured. */
  readonly value: number;
}

export function isMet({ kind, bound, value }: Target): boolean {
  return kind === "at least" ? value >= bound : value <= bound;
}

/** Those that were measured. */
export function targetsOf(results: Results, sizes: readonly number[]): readonly Target[] {
  return [...grpcTargets(results), ...jsonTargets(results), ...growthTargets(results, sizes)].filter(
    ({ value }) => !Number.isNaN(value),
  );
}

function grpcTargets(results: Results): readonly Target[] {
  const setPhone = (subject: string): number => results.median(saturated, "SetPhone", subject);
  const free = (subject: string): number => results.median(durability, "SetPhone", subject);
  const p99 = (yardstick: string, subject: string): number =>
    results.median(paced, halfOf(yardstick), subject, "p99Ms");
  const p99Ratio = (subject: string): Target => ({
    ...atMost(3),
    text: `gRPC SetPhone: p99 of ${subject} at half of what it can do ÷ that of ${grpc.constant}, same rate`,
    value: p99(subject, subject) / p99(subject, grpc.constant),
  });
  return [
    {
      ...atLeast(0.45, 0.6),
      text: `gRPC SetPhone: ${grpc.memory} ÷ ${grpc.constant}`,
      value: setPhone(grpc.memory) / setPhone(grpc.constant),
    },
    {
      ...atLeast(1, 1.3),
      text: `gRPC SetPhone: ${grpc.memory} ÷ ${grpc.grpcJs}`,
      value: setPhone(grpc.memory) / setPhone(grpc.grpcJs),
    },
    {
      ...atLeast(4),
      text: `gRPC SetPhone: ${grpc.memory} ÷ ${grpc.connectNode}`,
      value: setPhone(grpc.memory) / setPhone(grpc.connectNode),
    },
    {
      ...atLeast(0.6, 0.8),
      text: "gRPC SetPhone, any core: sqlite ÷ memory, every acknowledged write on the disk",
      value: free(grpc.sqlite) / free(grpc.memory),
    },
    {
      ...atMost(25),
      unit: " ms",
      text: "Event-loop delay p99 on sqlite under that load",
      value: results.median(durability, "SetPhone", grpc.sqlite, "loopDelayP99Ms"),
    },
    p99Ratio(grpc.memory),
    p99Ratio(grpc.sqlite),
  ];
}

function jsonTargets(results: Results): readonly Target[] {
  const setPhone = (subject: string): number => results.median(json, "SetPhone", subject);
  return [
    {
      ...atLeast(0.4),
      text: `HTTP/1.1 JSON SetPhone: ${http1.connect} ÷ ${http1.constant}`,
      value: setPhone(http1.connect) / setPhone(http1.constant),
    },
    {
      ...atLeast(0.85),
      text: "HTTP/1.1 JSON SetPhone: REST ÷ Connect",
      value: setPhone(http1.rest) / setPhone(http1.connect),
    },
  ];
}

function growthTargets(results: Results, sizes: readonly number[]): readonly Target[] {
  const [least = NaN, most = NaN] = [sizes[0], sizes.at(-1)];
  const rate = (users: number, what: string): number => results.median(growth, what, usersOf(users));
  const share = (what: string): string => `${usersOf(most)} ÷ ${usersOf(least)} on sqlite: ${what}`;
  const rss = [callers.hot, callers.alike, halfPace].map(
    (what) => results.spread(growth, what, usersOf(most), "rssMegabytes")?.most ?? NaN,
  );
  return [
    { ...atLeast(0.8), text: share(callers.hot), value: rate(most, callers.hot) / rate(least, callers.hot) },
    // Ten hot users of a thousand wait for each other; a thousand alike do not.
    {
      ...atLeast(0.8),
      text: `The same ÷ ${usersOf(least)}, ${callers.alike}`,
      value: rate(most, callers.hot) / rate(least, callers.alike),
    },
    {
      ...atLeast(0.45),
      text: share(callers.alike),
      value: rate(most, callers.alike) / rate(least, callers.alike),
    },
    {
      ...atMost(1.5),
      unit: " s",
      text: `Start with ${usersOf(most)}`,
      value: quantile(results.startUps.get(most) ?? [], 0.5),
    },
    { ...atMost(450), unit: " MB", text: `RSS under load with ${usersOf(most)}`, value: Math.max(...rss) },
  ];
}

function atLeast(bound: number, aim?: number): Pick<Target, "kind" | "bound" | "aim" | "unit"> {
  return { kind: "at least", bound, ...(aim === undefined ? {} : { aim }), unit: "" };
}

function atMost(bound: number): Pick<Target, "kind" | "bound" | "unit"> {
  return { kind: "at most", bound, unit: "" };
}
