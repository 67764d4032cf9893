import { spawn } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { helpText } from "../../src/config/help.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { openWorld } from "../support/wire-world.ts";

const packageFile = fileURLToPath(new URL("../../package.json", import.meta.url));
const mainProgram = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** The program, with arguments and an environment of its own. */
async function run(args: readonly string[], env: Readonly<Record<string, string>>, input = "") {
  const child = spawn(process.execPath, [mainProgram, ...args], { env: { ...env } });
  child.stdin.end(input);
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { stdout, stderr, code };
}

describe("the commands", () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  let exported: string;
  const at = (name: string) => join(folder.path, name);
  const sqlite = (name: string) => ({ RINGBACK_STORE: `sqlite:${at(name)}` });

  beforeAll(async () => {
    folder = await createStoreFolder();
    const store = await openSqliteStore({ file: at("a.db"), log: silentLog });
    const world = await openWorld("safe", { store });
    await world.user({ phone: "verified" });
    await world.close();
    exported = (await run(["export"], sqlite("a.db"))).stdout;
  });
  afterAll(() => folder.remove());
  afterAll(stopPostgres);

  it("export to a new file that only its owner reads, and tell of the master key", async () => {
    const done = await run(["export", at("a.ndjson")], sqlite("a.db"));
    expect(done).toMatchObject({ code: 0, stdout: "" });
    expect(done.stderr).toContain(`take the file ${at("a.db")}.key to the new place by another way`);
    expect(await readFile(at("a.ndjson"), "utf8")).toBe(exported);
    expect((await stat(at("a.ndjson"))).mode & 0o777).toBe(0o600);
    const again = await run(["export", at("a.ndjson")], sqlite("a.db"));
    expect(again).toMatchObject({ code: 1 });
    expect(again.stderr).toContain("there is such a file already");
  });

  it("import from a file or a pipe, to another file or PostgreSQL, and back", async () => {
    await writeFile(at("b.ndjson"), exported);
    expect(await run(["import", at("b.ndjson")], sqlite("b.db"))).toMatchObject({ code: 0, stdout: "" });
    const database = await (await startPostgres()).createDatabase();
    const postgres = {
      RINGBACK_STORE: database.url,
      RINGBACK_MASTER_KEY: Buffer.alloc(32).toString("base64"),
    };
    expect(await run(["migrate"], postgres)).toMatchObject({ code: 0 });
    const imported = await run(
      ["import", "-"],
      postgres,
      (await run(["export", "-"], sqlite("b.db"))).stdout,
    );
    expect(imported).toMatchObject({ code: 0 });
    expect(imported.stderr).toContain("it must be in RINGBACK_MASTER_KEY before a server starts");
    expect((await run(["export"], postgres)).stdout).toBe(exported);
    await database.remove();
  }, 60_000);

  it("leave nothing of a file that was cut off, nor of one that is not there", async () => {
    const lines = exported.trimEnd().split("\n");
    const part = await run(["import"], sqlite("c.db"), lines.slice(0, -1).join("\n"));
    expect(part).toMatchObject({ code: 1, stdout: "" });
    expect(part.stderr).toContain("nothing was imported: it was cut off after line");
    const missing = await run(["import", at("missing")], sqlite("c.db"));
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toBe(`cannot open ${at("missing")}: there is no such file\n`);
    const noFolder = await run(["export", at("none/x.ndjson")], sqlite("a.db"));
    expect(noFolder).toMatchObject({ code: 1 });
    expect(noFolder.stderr).toBe(`cannot open ${at("none/x.ndjson")}: there is no such folder\n`);
    expect(await run(["import"], sqlite("c.db"), exported)).toMatchObject({ code: 0 });
  });

  it("say of a compressed export that it is no text", async () => {
    await writeFile(at("i.ndjson.gz"), gzipSync(exported));
    const stderr =
      "nothing was imported: it is no text in UTF-8: is it compressed, or a copy of a database?\n";
    expect(await run(["import", at("i.ndjson.gz")], sqlite("i.db"))).toEqual({ code: 1, stdout: "", stderr });
  });

  it("leave nothing of a file in which a name was changed", async () => {
    const done = await run(["import"], sqlite("g.db"), exported.replace("Lovelace", "Byron"));
    expect(done).toMatchObject({ code: 1, stdout: "" });
    expect(done.stderr).toMatch(/^nothing was imported: line \d+: a line was changed: the SHA-256 of /);
    expect(await run(["import"], sqlite("g.db"), exported)).toMatchObject({ code: 0 });
  });

  it("migrate a store, and make one that was not there", async () => {
    const done = await run(["migrate"], sqlite("d.db"));
    expect(done).toMatchObject({ code: 0, stdout: "The store has the schema of this release.\n" });
    expect((await stat(at("d.db"))).size).toBeGreaterThan(0);
  });

  it.each(["export", "rebuild", "accept-key"])("%s refuses a store that no server has used", async (name) => {
    expect(await run(["migrate"], sqlite("h.db"))).toMatchObject({ code: 0 });
    const stderr = "there is nothing in the store: is RINGBACK_STORE the one that you mean?\n";
    expect(await run([name], sqlite("h.db"))).toEqual({ code: 1, stdout: "", stderr });
    const done = await run([name, ...(name === "export" ? [at("h.ndjson")] : [])], sqlite("h.db"));
    expect(done).toMatchObject({ code: 1 });
    await expect(stat(at("h.ndjson"))).rejects.toThrow("ENOENT");
  });

  it.each(["export", "rebuild", "accept-key"])("%s makes no database where there is none", async (name) => {
    const done = await run([name], sqlite("e.db"));
    expect(done).toMatchObject({ code: 2, stdout: "" });
    expect(done.stderr).toContain(`there is no database ${at("e.db")}, and ${name} makes none`);
    await expect(stat(at("e.db"))).rejects.toThrow("ENOENT");
    await writeFile(at("empty.db"), "");
    expect(await run([name], sqlite("empty.db"))).toMatchObject({ code: 2, stdout: "" });
  });

  it("say what to do where a server is at work on the file", async () => {
    const store = await openSqliteStore({ file: at("f.db"), log: silentLog });
    const done = await run(["export"], sqlite("f.db"));
    expect(done).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `${at("f.db")} is in use by another process: stop the server first\n`,
    });
    await store.close();
  });

  it.each(["migrate", "export", "import", "rebuild", "accept-key"])(
    "%s has no store in memory to work on",
    async (name) => {
      const done = await run([name], { RINGBACK_STORE: "memory:" });
      expect(done).toMatchObject({ code: 2 });
      expect(done.stderr).toContain(`RINGBACK_STORE is memory: - ${name} needs a sqlite or postgres store`);
    },
  );
});

describe("the program", () => {
  it.each(["--help", "-h", "help"])("gives help for %s", async (name) => {
    expect(await run([name], { RINGBACK_PORT: "wrong" })).toEqual({
      code: 0,
      stdout: helpText(),
      stderr: "",
    });
  });

  it.each(["--version", "-v"])("tells its version for %s", async (name) => {
    const { version } = JSON.parse(await readFile(packageFile, "utf8"));
    expect(await run([name], {})).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    [
      ["exprot"],
      "there is no command exprot: there are migrate, export, import, rebuild, accept-key and help; a server is started without one",
    ],
    [
      ["--port", "1"],
      "there is no option --port: a server is set up by environment variables, which --help lists",
    ],
    [["export", "a", "b", "c"], "export takes one file at most, and there are more arguments: b c"],
    [["migrate", "a"], "migrate takes no arguments, and there are: a"],
    [["export", "--force"], "export has no option --force"],
  ])("refuses %j", async (args, message) => {
    expect(await run(args, {})).toEqual({ code: 2, stdout: "", stderr: `${message}\n` });
  });
});
