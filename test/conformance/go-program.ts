import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the suites consist of stays here; git ignores it. */
export const ignoredFolder = fileURLToPath(new URL("../../.conformance", import.meta.url));

export interface GoProgram {
  readonly module: string;
  /** Of the program, in the module. */
  readonly package: string;
  readonly version: string;
}

/** Builds it by Go, once; ends this process where there is no Go. @returns its path */
export function installGoProgram({ module, package: path, version }: GoProgram): string {
  const { error } = spawnSync("go", ["version"]);
  if (error !== undefined) {
    console.error("The suite is built by Go, and there is no `go` to run: see https://go.dev/doc/install.");
    process.exit(1);
  }
  const folder = join(ignoredFolder, "bin", version);
  const program = join(folder, path.split("/").at(-1) ?? path);
  if (!existsSync(program)) {
    const env = { ...process.env, GOBIN: folder };
    execFileSync("go", ["install", `${module}/${path}@${version}`], { env, stdio: "inherit" });
  }
  return program;
}
