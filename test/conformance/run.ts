/**
 * Runs the public conformance suite of Connect (https://github.com/connectrpc/conformance) against Ringback's server
 * and against Connect's own for Node.js. Prints how many cases each passes; fails if Ringback's fails one that
 * Connect's own does not fail.
 *
 * Needs Go, which builds the suite. The suite and the code generated from its contract stay in the ignored folder
 * `.conformance/`. Run it by `npm run test:conformance`; options after `--` go to our server (see `server.ts`).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ignoredFolder, installGoProgram } from "./go-program.ts";

const suite = {
  module: "connectrpc.com/conformance",
  package: "cmd/connectconformance",
  version: "v1.0.6",
};
/** For one server, which takes half a minute; the suite may wait without end for an answer. */
const timeoutMs = 300_000;

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");

interface Result {
  readonly failed: ReadonlySet<string>;
  /** The suite came to its end, and ran every case. */
  readonly isComplete: boolean;
  readonly output: string;
}

const program = installGoProgram(suite);
prepare();
const stock = run("Connect's own server", ["--skip", `@${join(here, "stock-skipped.txt")}`], ["stock"]);
const ours = run(
  "Ringback's server",
  ["--known-flaky", `@${join(here, "ours-known-flaky.txt")}`],
  ["ours", ...process.argv.slice(2)],
);

const worse = ours.failed.difference(stock.failed);
if (worse.size > 0 || !ours.isComplete || !stock.isComplete) {
  if (!stock.isComplete) console.error(stock.output);
  console.error(ours.output);
  console.error(`Ringback's server fails ${worse.size} cases that Connect's own does not fail.`);
  process.exitCode = 1;
}

/** Generates the code of the suite's contract, and checks the types of what is here. */
function prepare(): void {
  const download = execFileSync("go", ["mod", "download", "-json", `${suite.module}@${suite.version}`], {
    encoding: "utf8",
  });
  const { Dir: folder }: { Dir: string } = JSON.parse(download);

  const plugin = { local: "protoc-gen-es", out: "gen", opt: ["target=js+dts", "import_extension=js"] };
  const template = JSON.stringify({ version: "v2", clean: true, plugins: [plugin] });
  const args = ["generate", join(folder, "proto"), "--template", template, "-o", ignoredFolder];
  execFileSync("buf", args, { cwd: root, stdio: "inherit" });
  execFileSync("tsc", ["-p", here], { cwd: root, stdio: "inherit" });
}

function run(name: string, suiteOptions: readonly string[], serverArguments: readonly string[]): Result {
  const server = [process.execPath, join(here, "server.ts"), ...serverArguments];
  const { stdout, stderr, error } = spawnSync(
    program,
    ["--mode", "server", "--conf", join(here, "features.yaml"), ...suiteOptions, "--", ...server],
    { encoding: "utf8", timeout: timeoutMs },
  );
  const output = `${stdout}${stderr}${error === undefined ? "" : `\n${error.message}`}`;
  const summary = /^\d+ passed, \d+ failed(\n.*)*/m.exec(output)?.[0].trim();
  console.log(`${name}: ${summary ?? "the suite did not come to its end"}`);
  return {
    failed: new Set([...output.matchAll(/^FAILED: (.+):$/gm)].map(([, testCase = ""]) => testCase)),
    isComplete: summary !== undefined && !summary.includes("could not be run"),
    output,
  };
}
