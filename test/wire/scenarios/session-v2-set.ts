import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { SessionService } from "../../../gen/zitadel/session/v2/session_service_pb.js";
import type { World } from "../../support/wire-world.ts";
import { nobody } from "./givens.ts";
import { authenticationRows, invalid, noSuchPath, ok, refused, type Scenario } from "./scenario.ts";
import {
  base64,
  bytes,
  change,
  ended,
  lacksPermission,
  lifeOver,
  notExisting,
  ofAge,
  ofFormerLoginClient,
  ofLocked,
  ofNobody,
  ofRecreated,
  ofUser,
  type Session,
  type SessionMethods,
  sessionOf,
  sessionRowsOf,
  terminated,
  time,
  tokenInvalid,
  userInactive,
  userMissing,
  withFormerToken,
  withToken,
} from "./session-givens.ts";
import {
  byId,
  byName,
  callersWithout,
  hourMs,
  limitRows,
  loginName,
  notSupported,
} from "./session-inputs.ts";

/** SetSession of the session services. */

const { method } = SessionService;

/** 49 keys, one of them with a value of 10,000 bytes. */
async function withMuchMetadata(world: World): Promise<Session> {
  const metadata = Object.fromEntries(Array.from({ length: 49 }, (_, index) => [`k${index}`, bytes("1")]));
  const session = await ofUser(world);
  return change(world, session, { metadata: { ...metadata, k0: new Uint8Array(10_000) } });
}

/** @returns the rows about changing a session without a code */
export function sessionSetRows(title: string, methods: SessionMethods): readonly Scenario[] {
  const row = sessionRowsOf(title, methods.setSession);
  const base = { given: ofUser, caller: "administrator" } as const;
  const success = { ...base, expect: ok(withToken()) };
  const one = { metadata: { step: bytes("1") } };
  const metadataSet = ["session.metadata.set", "session.token.set"] as const;
  const isVoid = async ({ sessionId, sessionToken }: Session, world: World): Promise<void> => {
    const token = await world.caller(undefined);
    const look = world.callAs(token, method.getSession, { sessionId, sessionToken });
    await expect(look).rejects.toThrow("COMMAND-sGr42");
  };
  return [
    row({
      ...base,
      name: "nothing, with the session token, which goes on being valid",
      everyWay: true,
      caller: "other",
      input: ({ sessionId, sessionToken }) => ({ sessionId, sessionToken }),
      expect: ({ sessionToken }) => ok({ sessionToken }),
      details: "change",
    }),
    row({
      ...base,
      name: "nothing, without session token",
      input: ({ sessionId }) => ({ sessionId }),
      expect: ok(),
      details: "change",
    }),
    row({
      ...success,
      name: "metadata, with the session token, which is void then",
      everyWay: true,
      caller: "other",
      input: ({ sessionId, sessionToken }) => ({ sessionId, sessionToken, ...one }),
      effect: metadataSet,
      after: async (session, world, { sessionToken }) => {
        await isVoid(session, world);
        const token = await world.caller(undefined);
        const { sessionId } = session;
        const changed = { sessionId, sessionToken: String(sessionToken) };
        const found = await world.callAs(token, method.getSession, changed);
        expect(found.session?.metadata).toEqual({ step: bytes("1") });
      },
    }),
    row({
      ...success,
      name: "metadata: one is replaced, one removed by an empty value, one stays",
      given: (world) =>
        ofUser(world).then((session) =>
          change(world, session, { metadata: { a: bytes("1"), b: bytes("1"), c: bytes("1") } }),
        ),
      input: ({ sessionId }) => ({ sessionId, metadata: { a: bytes("2"), b: bytes("") } }),
      effect: metadataSet,
      after: async (session, world) => {
        await isVoid(session, world);
        const { metadata } = await sessionOf(world, session.sessionId);
        expect(metadata).toEqual({ a: base64("2"), c: base64("1") });
      },
    }),
    row({
      ...base,
      name: "metadata, which are too many together with those that are there",
      everyWay: true,
      given: withMuchMetadata,
      input: ({ sessionId }) => ({
        sessionId,
        metadata: { k1: bytes("2"), one: bytes("1"), more: bytes("1") },
      }),
      expect: refused(
        Code.InvalidArgument,
        "RINGBACK-s8Max",
        "The field metadata is past its limit of 50 keys",
      ),
    }),
    row({
      ...base,
      name: "metadata, which are too large together with those that are there",
      given: withMuchMetadata,
      input: ({ sessionId }) => ({ sessionId, metadata: { one: new Uint8Array(60_000) } }),
      expect: refused(
        Code.InvalidArgument,
        "RINGBACK-s8Max",
        "The field metadata is past its limit of 65536 bytes",
      ),
    }),
    row({
      ...base,
      name: "metadata that are there already, and removed ones that are not: the session token goes on being valid",
      everyWay: true,
      given: (world) => ofUser(world).then((session) => change(world, session, one)),
      caller: "other",
      input: ({ sessionId, sessionToken }) => ({
        sessionId,
        sessionToken,
        metadata: { ...one.metadata, ["x".repeat(65_537)]: bytes("") },
      }),
      expect: ({ sessionToken }) => ok({ sessionToken }),
      details: "change",
    }),
    row({
      ...success,
      name: "metadata, with one removed for one that comes",
      given: withMuchMetadata,
      input: ({ sessionId }) => ({
        sessionId,
        metadata: { one: bytes("1"), other: new Uint8Array(50_000), k0: bytes("") },
      }),
      effect: metadataSet,
    }),
    row({
      ...success,
      name: "a user, where there was none",
      given: async (world) => ({ ...(await ofNobody(world)), user: await world.user() }),
      input: ({ sessionId, user }) => ({ sessionId, checks: byId(user) }),
      effect: ["session.user.checked", "session.token.set"],
      after: async ({ sessionId, user: { id } }, world) => {
        expect(await sessionOf(world, sessionId)).toMatchObject({ factors: { user: { id } } });
      },
    }),
    row({
      ...success,
      name: "the user again",
      input: (session) => ({ sessionId: session.sessionId, checks: byName(loginName(session)) }),
      effect: ["session.user.checked", "session.token.set"],
    }),
    row({
      ...base,
      name: "another user",
      given: async (world) => ({ ...(await ofUser(world)), user: await world.user() }),
      input: ({ sessionId, user }) => ({ sessionId, checks: byId(user) }),
      expect: refused(Code.InvalidArgument, "SESSION-u5Rch"),
    }),
    row({
      ...base,
      name: "somebody else who has the id of the user since",
      everyWay: true,
      given: ofRecreated,
      input: (session) => ({ sessionId: session.sessionId, checks: byId(session) }),
      expect: refused(Code.InvalidArgument, "SESSION-u5Rch"),
    }),
    row({
      ...base,
      name: "a locked user",
      given: ofLocked,
      input: (session) => ({ sessionId: session.sessionId, checks: byId(session) }),
      expect: userInactive,
    }),
    row({
      ...base,
      name: "a user who is not there",
      given: async (world) => ({ ...(await ofNobody(world)), user: world.nobody() }),
      input: ({ sessionId, user }) => ({ sessionId, checks: byId(user) }),
      expect: userMissing,
    }),
    row({
      ...success,
      name: "a longer life, at its last moment",
      given: ofAge(hourMs - 1),
      input: ({ sessionId }) => ({ sessionId, lifetime: { seconds: 60n } }),
      effect: ["session.lifetime.set", "session.token.set"],
      after: async ({ sessionId }, world) => {
        const expirationDate = time(world.clock.ms + 60_000);
        expect(await sessionOf(world, sessionId)).toMatchObject({ expirationDate });
      },
    }),
    row({
      ...base,
      name: "a longer life, when it is over",
      given: ofAge(hourMs),
      input: ({ sessionId, sessionToken }) => ({ sessionId, sessionToken, lifetime: { seconds: 60n } }),
      expect: lifeOver,
    }),
    row({
      ...base,
      name: "a session that was ended",
      everyWay: true,
      given: ended,
      input: ({ sessionId }) => ({ sessionId, ...one }),
      expect: terminated,
    }),
    row({
      ...base,
      name: "a session that never was",
      given: nobody,
      input: ({ id }) => ({ sessionId: id, ...one }),
      expect: notExisting,
    }),
    row({
      ...base,
      name: "a former session token",
      everyWay: true,
      given: withFormerToken,
      caller: "other",
      input: ({ sessionId, sessionToken }) => ({ sessionId, sessionToken, ...one }),
      expect: tokenInvalid,
    }),
    row({
      ...base,
      name: "a wrong session token, although a role would do",
      input: ({ sessionId }) => ({ sessionId, sessionToken: "wrong", ...one }),
      expect: tokenInvalid,
    }),
    row({
      ...base,
      name: "the token of another session",
      given: async (world) => ({ ...(await ofUser(world)), other: await ofUser(world) }),
      caller: "self",
      input: ({ sessionId, other }) => ({ sessionId, sessionToken: other.sessionToken, ...one }),
      expect: tokenInvalid,
    }),
    ...notSupported.map(({ name, asked, expect: expected }) =>
      row({
        ...base,
        name,
        given: ofUser,
        input: ({ sessionId }) => ({ sessionId, ...asked }),
        expect: expected,
      }),
    ),
    row({
      ...success,
      name: "by IAM_LOGIN_CLIENT, without session token",
      caller: "IAM_LOGIN_CLIENT",
      input: ({ sessionId }) => ({ sessionId, ...one }),
      effect: metadataSet,
    }),
    ...[...callersWithout, "self" as const].map((caller) =>
      row({
        ...base,
        name: `by ${caller}, without session token`,
        caller,
        input: ({ sessionId }) => ({ sessionId, ...one }),
        expect: lacksPermission,
      }),
    ),
    row({
      ...base,
      name: "by its creator, who may not open sessions any more, without session token",
      given: ofFormerLoginClient,
      caller: "self",
      input: ({ sessionId }) => ({ sessionId, ...one }),
      expect: lacksPermission,
    }),
    row({
      ...base,
      name: "by somebody without permission, who does not learn whether there is a user",
      given: ofNobody,
      caller: "other",
      input: (session) => ({ sessionId: session.sessionId, checks: byName(loginName(session)) }),
      expect: lacksPermission,
    }),
    row({
      ...base,
      name: "an empty id",
      given: nobody,
      input: () => ({ sessionId: "" }),
      expect: invalid("SetSessionRequest.session_id"),
      expectOfRest: noSuchPath,
    }),
    row({
      ...base,
      name: "an id of 201 characters",
      given: nobody,
      input: () => ({ sessionId: "1".repeat(201) }),
      expect: invalid("SetSessionRequest.session_id"),
    }),
    row({
      ...base,
      name: "a session token of 201 characters",
      given: nobody,
      input: () => ({ sessionId: "1".repeat(200), sessionToken: "1".repeat(201) }),
      expect: invalid("SetSessionRequest.session_token"),
    }),
    ...limitRows("SetSessionRequest").map(({ name, asked, expect: expected }) =>
      row({ ...base, name, input: ({ sessionId }) => ({ sessionId, ...asked }), expect: expected }),
    ),
    ...authenticationRows(row, { sessionId: "1", lifetime: {} }),
  ];
}
