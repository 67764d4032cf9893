import { join } from "node:path";
import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { silentLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { connectProto, type Protocol } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";
import { wrongCode } from "./scenarios/givens.ts";
import { base64, bytes, challenged, ofUser, open, returned, sessionOf } from "./scenarios/session-givens.ts";

const { verifyPhone } = UserService.method;
const { setSession } = SessionService.method;

const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

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
  async function atOnce<I extends DescMessage>(
    method: DescMethodUnary<I>,
    inputs: readonly MessageInitShape<I>[],
    token = adminToken,
  ): Promise<(Code | undefined)[]> {
    const headers = { authorization: `Bearer ${token}` };
    const answers = await Promise.all(inputs.map((input) => protocol.call(method, input, headers)));
    return answers.map(({ result }) => ("error" in result ? result.error.code : undefined));
  }

  function verifyAtOnce(userId: string, verificationCode: string, count: number) {
    return atOnce(verifyPhone, times(count, { userId, verificationCode }));
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

  it("accept the right code of a session exactly once", async () => {
    const { sessionId, code } = await challenged(world);
    const codes = await atOnce(setSession, times(100, { sessionId, checks: { otpSms: { code } } }));
    expect(codes.filter((each) => each === undefined)).toHaveLength(1);
    expect(codes.filter((each) => each === Code.FailedPrecondition)).toHaveLength(99);
  });

  it("count the wrong codes of all sessions of a user exactly: the hundredth locks", async () => {
    const first = await challenged(world);
    const sessions = [first];
    while (sessions.length < 25) sessions.push(await open(world, first, { challenges: returned }));
    const position = await world.history.position();
    const tries = sessions.flatMap(({ sessionId }) =>
      times(5, { sessionId, checks: { otpSms: { code: wrongCode } } }),
    );
    const codes = await atOnce(setSession, tries);
    expect(codes.filter((each) => each === Code.InvalidArgument)).toHaveLength(100);
    expect(codes.filter((each) => each === Code.FailedPrecondition)).toHaveLength(25);
    const events = (await world.history.settledSince(position)).filter(
      ({ aggregate }) => aggregate.id === first.id,
    );
    expect(events.map(({ type }) => type)).toEqual([
      ...times(100, "user.human.mfa.otp.sms.check.failed"),
      "user.locked",
    ]);
  });

  it("take a session token exactly once", async () => {
    const { sessionId, sessionToken } = await ofUser(world);
    const changes = Array.from({ length: 100 }, (_, index) => {
      const metadata = { winner: bytes(String(index)) };
      return { sessionId, sessionToken, metadata };
    });
    const codes = await atOnce(setSession, changes, await world.caller(undefined));
    const winner = codes.indexOf(undefined);
    expect(codes.filter((each) => each === Code.PermissionDenied)).toHaveLength(99);
    const { metadata } = await sessionOf(world, sessionId);
    expect(metadata).toEqual({ winner: base64(String(winner)) });
  });
});
