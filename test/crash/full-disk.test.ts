import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/v1/error_pb.js";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { bearer } from "../support/bearer.ts";
import { adminToken, ServerProcess } from "../support/crash-server.ts";
import { createStoreFolder } from "../support/store-folder.ts";

let folder: Awaited<ReturnType<typeof createStoreFolder>>;
let file: string;

beforeEach(async () => {
  folder = await createStoreFolder();
  file = join(folder.path, "ringback.db");
});
afterEach(() => folder.remove());

const prlimit = ["/usr/bin/prlimit", "/bin/prlimit"].find((path) => existsSync(path));
if (prlimit === undefined) console.log("skipped: a disk that is full, because this system has no prlimit");

(prlimit === undefined ? it.skip : it)(
  "a server whose disk is full refuses what it cannot write, reads on, and works again when there is room",
  async () => {
    const server = new ServerProcess({ file });
    const baseUrl = await server.url();
    const users = createClient(
      UserService,
      createGrpcTransport({ baseUrl, interceptors: [bearer(adminToken)] }),
    );
    const add = (userId: string) =>
      users.addHumanUser({
        userId,
        profile: { givenName: "Ada", familyName: "Lovelace" },
        email: { email: `${userId}@example.com` },
      });
    /** The kernel refuses every write beyond this size (EFBIG). */
    const limitFileSize = (bytes: number | "unlimited"): void => {
      execFileSync(prlimit ?? "", ["--pid", String(server.pid), `--fsize=${bytes}:unlimited`]);
    };
    const acknowledged: string[] = [];
    const refused: string[] = [];
    await add("before");
    acknowledged.push("before");

    for (let round = 1; round <= 2; round += 1) {
      // The log of the database has grown up to here: the next write goes beyond.
      limitFileSize(statSync(`${file}-wal`).size);
      for (let attempt = 1; attempt <= 10; attempt += 1) {
        const userId = `user-${round}-${attempt}`;
        const error = await add(userId).then(
          () => undefined,
          (reason: unknown) => ConnectError.from(reason),
        );
        if (error === undefined) {
          acknowledged.push(userId);
          continue;
        }
        refused.push(userId);
        expect(error.code).toBe(Code.Unavailable);
        expect(error.rawMessage).toContain("nothing was written");
        expect(error.findDetails(ErrorDetailSchema)).toMatchObject([{ id: "RINGBACK-s7Dsk" }]);
      }
      expect(refused.length).toBeGreaterThan(0);
      expect(await users.getUserByID({ userId: "before" })).toMatchObject({ user: { userId: "before" } });
      limitFileSize("unlimited");
      await add(`after-${round}`);
      acknowledged.push(`after-${round}`);
    }

    expect(await server.signal("SIGTERM")).toEqual({ code: 0, signal: null });
    const store = await openSqliteStore({ file, log: silentLog });
    const added = store.history(0, 1_000).filter(({ type }) => type === "user.human.added");
    expect(added.map(({ aggregate }) => aggregate.id)).toEqual(acknowledged);
    for (const id of refused) expect(await store.load({ type: "user", id })).toBeUndefined();
    await store.close();
  },
);

it("a second server on the same file says so, and ends", async () => {
  const first = new ServerProcess({ file });
  await first.url();
  const second = new ServerProcess({ file });
  expect(await second.exited).toEqual({ code: 1, signal: null });
  expect(second.log).toContain("is in use by another process");
  expect(await first.signal("SIGTERM")).toEqual({ code: 0, signal: null });
});
