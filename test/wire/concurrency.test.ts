import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { connectProto, type Protocol } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";

const { verifyPhone } = UserService.method;

describe.each(["memory", "sqlite"] as const)("calls that meet in time, on %s", (kind) => {
  let world: World;
  let protocol: Protocol;
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;

  beforeAll(async () => {
    folder = await createStoreFolder();
    const sqlite = { file: join(folder.path, "ringback.db"), log: silentLog };
    const store = kind === "memory" ? openMemoryStore() : await openSqliteStore(sqlite);
    world = await openWorld("safe", { store });
    protocol = connectProto(world.url);
  });

  afterAll(async () => {
    protocol.close();
    await world.close();
    await folder.remove();
  });

  /** The codes of the answers; `undefined` for success. */
  async function verifyAtOnce(userId: string, verificationCode: string, count: number) {
    const headers = { authorization: `Bearer ${adminToken}` };
    const calls = Array.from({ length: count }, () =>
      protocol.call(verifyPhone, { userId, verificationCode }, headers),
    );
    const answers = await Promise.all(calls);
    return answers.map(({ result }) => ("error" in result ? result.error.code : undefined));
  }

  it("accept a right code exactly once", async () => {
    const user = await world.user({ phone: "pending" });
    const codes = await verifyAtOnce(user.id, user.code, 100);
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(codes.filter((code) => code === Code.InvalidArgument)).toHaveLength(99);
  });

  it("count wrong codes exactly: the code is dead after the fifth", async () => {
    const user = await world.user({ phone: "pending" });
    const position = await world.history.position();
    const codes = await verifyAtOnce(user.id, "wrong", 1_000);
    expect(new Set(codes)).toEqual(new Set([Code.InvalidArgument]));
    const events = await world.history.settledSince(position);
    expect(events.map(({ type }) => type)).toEqual(Array(5).fill("user.human.phone.verification.failed"));
    expect(await verifyAtOnce(user.id, user.code, 1)).toEqual([Code.InvalidArgument]);
  });
});
