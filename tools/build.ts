/**
 * Builds `dist/`: JavaScript and declarations of `src/`, with the generated code and the SQL beside them.
 * It runs by `node dist/src/main.js`. Run it by `npm run build`.
 */
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
execFileSync("tsc", ["-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
cpSync(join(root, "gen"), join(dist, "gen"), { recursive: true });
// What a program reads beside itself.
cpSync(join(root, "src"), join(dist, "src"), {
  recursive: true,
  filter: (path) => [".sql", ""].includes(extname(path)),
});
