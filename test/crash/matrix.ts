/**
 * Kills servers at each point on the way of a message, under load, with a provider that can tell one message from
 * two and with one that cannot. Prints what came of it, and fails if anything came that must not.
 *
 * Run it by `node test/crash/matrix.ts [--runs 50] [--seed 1]`.
 */
import { parseArgs } from "node:util";
import { runCell } from "../support/crash-matrix.ts";
import { crashPoints } from "../support/crash-points.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "50" }, seed: { type: "string", default: "1" } },
});
const runs = Number(values.runs);
const columns = ["kills", "messages", "taken", "sent", "skipped", "givenUp", "duplicates"] as const;

console.log(`${"".padEnd(34)}${"provider".padEnd(16)}${columns.map((name) => name.padStart(11)).join("")}`);
for (const provider of ["idempotent", "not idempotent"] as const) {
  for (const point of crashPoints) {
    const result = await runCell({ point, provider, runs, seed: Number(values.seed) });
    const figures = columns.map((name) => String(result[name]).padStart(11)).join("");
    console.log(`${point.padEnd(34)}${provider.padEnd(16)}${figures}`);
    for (const complaint of result.complaints) console.log(`  ${complaint}`);
    if (result.complaints.length > 0) process.exitCode = 1;
  }
}
