import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";

/** The walls of the house (docs/architecture.md), as a test. */

const root = fileURLToPath(new URL("..", import.meta.url));

interface Source {
  /** From the root of the project, e.g. "src/app/phone.ts". */
  readonly path: string;
  readonly text: string;
  /** Specifiers of its imports; those of files of ours from the root of the project. */
  readonly imports: readonly string[];
}

function sourcesBelow(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(join(root, path), "utf8");
      const found = text.matchAll(/^(?:import|export)\b[^;"']*?["']([^"']+)["']/gms);
      const imports = [...found].map(([, specifier = ""]) =>
        specifier.startsWith(".") ? relative(root, join(root, dirname(path), specifier)) : specifier,
      );
      return { path, text, imports };
    });
}

const sources = sourcesBelow("src");

const ports = [
  "src/app/store-port.ts",
  "src/app/outbox-port.ts",
  "src/app/inbox-port.ts",
  "src/app/sms-port.ts",
  "src/app/search.ts",
];

const adapters = ["src/store/bounds.ts", "src/store/commit.ts", ...ports, "src/lib"];

/** What a room may import from the others. Packages are listed where a room must not have any it likes. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  "src/main.ts": ["src/build.ts", "src/commands.ts", "src/config", "src/lib", "src/welcome.ts"],
  "src/commands.ts": ["src/build.ts", "src/app", "src/config", "src/lib"],
  "src/welcome.ts": [],
  "src/build.ts": ["src", "gen"],
  "src/config": ["src/domain", "src/lib"],
  "src/domain": ["src/lib"],
  "src/app": ["src/domain", "src/lib"],
  "src/store/memory": adapters,
  "src/store/postgres": [...adapters, "src/store/sql"],
  "src/store/sqlite": [...adapters, "src/store/sql"],
  "src/store/sql": [...ports, "src/store/commit.ts", "src/domain"],
  "src/store/bounds.ts": [],
  "src/store/commit.ts": ports,
  "src/sms": ["src/app/sms-port.ts", "src/domain", "src/lib"],
  "src/auth": ["src/app/auth-port.ts", "src/lib"],
  "src/courier": ["src/app", "src/domain", "src/lib"],
  "src/rpc": ["gen", "src/app", "src/domain", "src/auth/authentication-error.ts", "src/lib"],
  "src/server": ["gen", "src/http2", "src/lib"],
  "src/http2": ["src/lib"],
  "src/lib": [],
};

const roomOf = (path: string): string | undefined =>
  Object.keys(rooms)
    .filter((room) => path === room || path.startsWith(`${room}/`))
    .toSorted((a, b) => b.length - a.length)[0];

const isOurs = (specifier: string): boolean => /^(src|gen|test|tools|bench)\//.test(specifier);

const offenders = (pattern: RegExp, except: (path: string) => boolean): string[] =>
  sources
    .filter(({ path, text }) => !except(path) && pattern.test(withoutComments(text)))
    .map(({ path }) => path);

/** An import of one of these names from a module, on one line or on several. */
const importOf = (names: string, module: string): RegExp =>
  new RegExp(`import \\{[^}]*\\b(${names})\\b[^}]*\\} from "${module}"`);

function withoutComments(text: string): string {
  return text.replace(/\/\*.*?\*\//gs, "").replace(/^\s*\/\/.*$/gm, "");
}

describe("the house", () => {
  it("has a room for every file", () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.map(({ path }) => path).filter((path) => roomOf(path) === undefined)).toEqual([]);
  });

  it("keeps to its import rules", () => {
    const broken = sources.flatMap(({ path, imports }) => {
      const room = roomOf(path) ?? path;
      const allowed = [room, ...(rooms[room] ?? [])];
      return imports
        .filter(isOurs)
        .filter((target) => !allowed.some((place) => target === place || target.startsWith(`${place}/`)))
        .map((target) => `${path} imports ${target}`);
    });
    expect(broken).toEqual([]);
  });

  it("knows protobuf and Connect only in rpc, server and build", () => {
    const broken = sources.filter(
      ({ path, imports }) =>
        !/^src\/(rpc|server)\/|^src\/build\.ts$/.test(path) &&
        imports.some((specifier) => /^@(bufbuild|connectrpc)\//.test(specifier)),
    );
    expect(broken.map(({ path }) => path)).toEqual([]);
  });

  it("has no barrel: no file that only passes on what others export", () => {
    expect(offenders(/^export (\*|\{[^}]*\}) from/m, () => false)).toEqual([]);
  });

  it("reads the environment in main only, to hand it to config", () => {
    expect(offenders(/process\.env/, (path) => path === "src/main.ts")).toEqual([]);
  });

  it("takes time and chance from lib only", () => {
    const inLib = (path: string): boolean => path.startsWith("src/lib/");
    expect(offenders(/Date\.now\(|new Date\(\)|performance\.now\(/, inLib)).toEqual([]);
    expect(offenders(/Math\.random\(/, () => false)).toEqual([]);
    const chance = "randomBytes|randomUUID|randomInt|getRandomValues";
    expect(offenders(importOf(chance, "node:crypto"), inLib)).toEqual([]);
    expect(offenders(new RegExp(`\\bcrypto\\.(${chance})\\(`), inLib)).toEqual([]);
  });

  it("goes out to the network from sms and auth only", () => {
    const mayGoOut = (path: string): boolean => /^src\/(sms|auth)\//.test(path);
    expect(offenders(/\bfetch\(|from "undici"/, mayGoOut)).toEqual([]);
    expect(offenders(importOf("request|get|connect", "node:(https?|http2|net|tls)"), mayGoOut)).toEqual([]);
  });

  it("switches no check off without a reason, and leaves nothing half done", () => {
    const everywhere = [...sources, ...sourcesBelow("test"), ...sourcesBelow("tools")].filter(
      ({ path }) => path !== "test/tidy.test.ts",
    );
    const pattern =
      /\bas any\b|: any\b|@ts-(ignore|nocheck)|@ts-expect-error\s*$|TODO|FIXME|XXX|\.only\(|\bxit\(/m;
    expect(everywhere.filter(({ text }) => pattern.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it("has files in kebab-case, of one concept each", () => {
    const names = sources.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(name))).toEqual([]);
    const long = sources.filter(({ text }) => text.split("\n").length > 400);
    expect(long.map(({ path, text }) => `${path}: ${text.split("\n").length} lines`)).toEqual([]);
  });
});
