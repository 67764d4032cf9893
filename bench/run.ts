/**
 * How fast is Ringback, beside servers that do nothing?
 *
 * Starts servers in turn on one core, with the load on another, and measures SetPhone, VerifyPhone and GetMyPhone
 * in alternating rounds: over gRPC, over HTTP/1.1 with JSON, on sqlite with every core free, and on sqlite among
 * more and more stored users. Every answer is checked: one that is not right ends the run. Prints tables, with the
 * targets, and writes them to docs/performance.md, with a plot beside it.
 *
 * Run it by `npm run bench`; see options.ts for shorter runs.
 */
import { type Part, type Plan, readOptions } from "./options.ts";
import { measureDurability } from "./parts/durability.ts";
import { measureGrpc } from "./parts/grpc.ts";
import { measureGrowth } from "./parts/growth.ts";
import { measureJson } from "./parts/json.ts";
import { printReport, writeReport } from "./report/report.ts";
import { Results } from "./results.ts";
import { Stage } from "./stage.ts";

const measurements: Readonly<Record<Part, (stage: Stage, plan: Plan, results: Results) => Promise<void>>> = {
  grpc: measureGrpc,
  durability: measureDurability,
  json: measureJson,
  growth: measureGrowth,
};

async function main(): Promise<void> {
  // The servers and the load end by themselves then, and what they leave is tidied up as after any failure.
  process.once("SIGINT", () => {});
  const plan = readOptions(process.argv.slice(2));
  const results = new Results();
  const stage = await Stage.open();
  try {
    for (const part of plan.parts) {
      const beginMs = performance.now();
      await measurements[part](stage, plan, results);
      process.stderr.write(`${part}: measured in ${Math.round((performance.now() - beginMs) / 1_000)} s\n`);
    }
  } finally {
    await stage.close();
  }
  process.stdout.write(printReport(results, plan));
  if (plan.docs !== undefined) await writeReport(results, plan, plan.docs);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
