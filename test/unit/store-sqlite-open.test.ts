import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { silentLog } from "../../src/lib/log.ts";
import { openForWriting, pragma } from "../../src/store/sqlite/database.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { userCommit } from "../support/store-commits.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { StoreProcess } from "../support/store-process.ts";

describe("opening the sqlite store", () => {
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  let file: string;

  beforeEach(async () => {
    folder = await createStoreFolder();
    file = join(folder.path, "db");
  });
  afterEach(() => folder.remove());

  const open = () => openSqliteStore({ file, log: silentLog });

  it("creates missing folders, readable by the owner alone", async () => {
    file = join(folder.path, "a", "b", "db");
    const store = await open();
    await store.close();
    expect((await stat(join(folder.path, "a", "b"))).mode & 0o777).toBe(0o700);
  });

  it("creates files that only their owner reads: codes of the inbox are in them", async () => {
    const store = await open();
    await store.commit(userCommit("1", 0));
    for (const name of ["db", "db-wal", "db-shm"]) {
      expect((await stat(join(folder.path, name))).mode & 0o777).toBe(0o600);
    }
    await store.close();
  });

  (process.platform === "linux" ? it : it.skip)("leaves a core to who serves calls", async () => {
    const store = await open();
    const priorities = new Map<string, number>();
    for (const thread of await readdir("/proc/self/task")) {
      // "1234 (name) S ...": the 19th field is the nice value (proc_pid_stat(5)).
      const [name = "", rest = ""] = (await readFile(`/proc/self/task/${thread}/stat`, "utf8"))
        .replace(/^\d+ \(/, "")
        .split(") ");
      priorities.set(name, Number(rest.split(" ")[16]));
    }
    expect(priorities.get("store-writer")).toBe(5);
    await store.close();
  });

  it("writes so that a commit is on the disk", async () => {
    const store = await open();
    await store.close();
    using writer = openForWriting(file);
    expect(pragma(writer, "synchronous")).toBe(2); // FULL
  });

  it("refuses a file that is open by another name", async () => {
    const store = await open();
    const link = join(folder.path, "link");
    await symlink(file, link);
    await expect(openSqliteStore({ file: link, log: silentLog })).rejects.toThrow(
      "is in use by another process",
    );
    await store.close();
  });

  it("makes the file that a link leads to as it makes any other, and refuses it by its own name", async () => {
    const link = join(folder.path, "link");
    await symlink(file, link);
    const store = await openSqliteStore({ file: link, log: silentLog });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await expect(open()).rejects.toThrow("is in use by another process");
    await store.close();
  });

  it("leaves one database file and its lock behind, everything folded in", async () => {
    const store = await open();
    await store.commit(userCommit("1", 0));
    expect(await readdir(folder.path)).toContain("db-wal");
    await store.close();
    expect((await readdir(folder.path)).toSorted()).toEqual(["db", "db-lock"]);
  });

  it("takes an empty file for a new database", async () => {
    await writeFile(file, "");
    const store = await open();
    expect(await store.commit(userCommit("1", 0))).toEqual({ kind: "committed" });
    await store.close();
  });

  it.each([
    ["a text", (path: string) => writeFile(path, "This is no database. ".repeat(500)), "is not a database"],
    ["a folder", (path: string) => mkdir(path), "it is a folder: name a file in it, such as "],
    ["a database with a broken header", createBroken, "is not a database"],
    ["a database of another program", createForeign, "it is a database of another program"],
    ["a newer database", createNewer, "its version is 999, and this program knows versions up to "],
  ])("refuses %s in plain words and lets go of it", async (_, create, reason) => {
    await create(file);
    const message = `cannot open the database ${file}: `;
    await expect(open()).rejects.toThrow(message);
    await expect(open()).rejects.toThrow(reason);
  });

  it("leaves no lock beside a folder that is named in the place of a file", async () => {
    await mkdir(file);
    await expect(open()).rejects.toThrow(`${file}: it is a folder`);
    expect(await readdir(folder.path)).toEqual(["db"]);
  });

  it("refuses a folder that cannot be", async () => {
    await writeFile(join(folder.path, "file"), "");
    file = join(folder.path, "file", "db");
    await expect(open()).rejects.toThrow(`cannot create the folder of the database ${file}: EEXIST: `);
  });

  it("refuses a folder that the system lets nobody make, instead of trying for ever", async () => {
    file = "/proc/nope/db"; // /proc is there, and says of a new folder in it that it is not
    await expect(open()).rejects.toThrow(`cannot create the folder of the database ${file}: ENOENT: `);
  });

  it("refuses a file that another process has opened, until that process is gone", async () => {
    const other = new StoreProcess(file);
    expect(await other.ask({ kind: "open" })).toBe("opened");
    await expect(open()).rejects.toThrow(`${file} is in use by another process`);
    await other.kill();
    const store = await open();
    await store.close();
  });

  async function createBroken(path: string): Promise<void> {
    const store = await open();
    await store.close();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = DELETE");
    database.close();
    await writeFile(path, "broken", { flag: "r+" });
  }
});

async function createForeign(path: string): Promise<void> {
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE notes (note TEXT)");
  database.close();
}

async function createNewer(path: string): Promise<void> {
  const store = await openSqliteStore({ file: path, log: silentLog });
  await store.close();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 999");
  database.close();
}
