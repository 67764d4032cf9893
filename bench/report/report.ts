import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { saturated } from "../parts/grpc.ts";
import { json } from "../parts/json.ts";
import type { Plan } from "../options.ts";
import { canPin } from "../programs.ts";
import type { Results } from "../results.ts";
import { spreadOf } from "../statistics.ts";
import { type Chart, drawCharts } from "./chart.ts";
import { doubtsAbout } from "./doubts.ts";
import { markdownTable, plainTable, type Table } from "./table.ts";
import { groupTable, startUpTable, targetTable } from "./result-tables.ts";
import { targetsOf } from "./targets.ts";

interface Section {
  readonly title: string;
  readonly table: Table;
}

/** Everything in tables, for the terminal. */
export function printReport(results: Results, plan: Plan): string {
  const sections = sectionsOf(results, plan).map(
    ({ title, table }) => `${title}\n${plainTable(table).replaceAll("**", "")}`,
  );
  return [...sections, conditions(plan), ...doubtsAbout(results), ""].join("\n\n");
}

const marks = { begin: "<!-- bench:begin -->", end: "<!-- bench:end -->" } as const;

/** Writes the tables between the marks of performance.md, and the plot beside it. */
export async function writeReport(results: Results, plan: Plan, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const charts = chartsOf(results);
  if (charts.length > 0) await writeFile(join(folder, "performance.svg"), drawCharts(charts));
  const plot = charts.length > 0 ? ["![Calls a second, as bars](performance.svg)"] : [];
  const sections = sectionsOf(results, plan).map(
    ({ title, table }) => `### ${title}\n\n${markdownTable(table)}`,
  );
  const body = [marks.begin, conditions(plan), ...plot, ...sections, ...doubtsAbout(results), marks.end].join(
    "\n\n",
  );

  const file = join(folder, "performance.md");
  const page = existsSync(file)
    ? await readFile(file, "utf8")
    : `# Performance\n\n${marks.begin}${marks.end}\n`;
  const [begin, end] = [page.indexOf(marks.begin), page.indexOf(marks.end)];
  if (begin < 0 || end < begin)
    throw new Error(`${file} must have the marks ${marks.begin} and ${marks.end}`);
  await writeFile(file, page.slice(0, begin) + body + page.slice(end + marks.end.length));
}

function sectionsOf(results: Results, plan: Plan): readonly Section[] {
  const groups = [...results.groups].map(([title, series]) => ({ title, table: groupTable(series) }));
  const startUps = { title: "Start on sqlite", table: startUpTable(results) };
  const targets = { title: "Targets", table: targetTable(targetsOf(results, plan.growth)) };
  return [targets, ...groups, ...(results.startUps.size === 0 ? [] : [startUps])];
}

function conditions({ rounds, roundSeconds, users }: Plan): string {
  const pinned = canPin
    ? "Server on one core, load on another."
    : "There is no taskset here: server and load are not bound to cores.";
  return (
    `Node.js ${process.versions.node}, ${availableParallelism()} CPUs. ${pinned} ${users.toLocaleString("en")} users ` +
    `where their number is not given. Medians of ${rounds} alternating rounds of ${roundSeconds} s; RSS is the most.`
  );
}

function chartsOf({ groups }: Results): readonly Chart[] {
  return [saturated, json].flatMap((group) => {
    const series = groups.get(group)?.filter(({ what }) => what === "SetPhone") ?? [];
    const bars = series.map(({ subject, runs }) => ({
      label: subject,
      isOurs: subject.startsWith("Ringback"),
      spread: spreadOf(runs.map(({ callsPerSecond }) => callsPerSecond)),
    }));
    return bars.length === 0 ? [] : [{ title: `SetPhone, calls a second. ${group}`, bars }];
  });
}
