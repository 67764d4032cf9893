/**
 * Completes package-lock.json after `npm install`.
 *
 * npm leaves an optional package of another platform out of the lock when its registry does not offer
 * it, and `npm ci` then refuses the lock (EUSAGE). This adds the missing entries: name, version, os, cpu.
 *
 * Run it by `npm run lock`.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface LockEntry {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
}

const lockFile = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(lockFile, "utf8")) as { packages: Record<string, LockEntry> };

const systems = new Set([
  "android",
  "darwin",
  "freebsd",
  "linux",
  "openharmony",
  "win32",
  "aix",
  "sunos",
  "netbsd",
  "openbsd",
]);
const processors = new Set([
  "arm64",
  "armv7",
  "arm",
  "x64",
  "ia32",
  "ppc64",
  "riscv64",
  "s390x",
  "loong64",
  "mips64el",
]);

/** "binding-linux-arm-gnueabihf" → { os: ["linux"], cpu: ["arm"] } */
function platformOf(name: string): Pick<LockEntry, "os" | "cpu"> {
  const parts = name.split(/[-/]/);
  const os = parts.filter((part) => systems.has(part));
  const cpu = parts.filter((part) => processors.has(part)).map((part) => (part === "armv7" ? "arm" : part));
  return { ...(os.length > 0 ? { os } : {}), ...(cpu.length > 0 ? { cpu } : {}) };
}

let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (lock.packages[nested] !== undefined || lock.packages[hoisted] !== undefined) continue;
    if (!/^\d/.test(version)) continue; // only exact versions can be written without asking a registry
    lock.packages[hoisted] = {
      version,
      ...platformOf(name),
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
    };
    added += 1;
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} entries added`);
