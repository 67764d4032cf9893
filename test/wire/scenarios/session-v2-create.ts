import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import { deleted, nobody, withoutPhone } from "./givens.ts";
import { authenticationRows, ok, refused, type Scenario } from "./scenario.ts";
import {
  base64,
  bytes,
  lacksPermission,
  newSession,
  openedWith,
  type SessionMethods,
  sessionOf,
  sessionRowsOf,
  time,
  userInactive,
  userMissing,
  withNewSession,
} from "./session-givens.ts";
import {
  byId,
  byName,
  callersWithout,
  hourMs,
  limitRows,
  loginName,
  notSupported,
  rolesWithSessions,
} from "./session-inputs.ts";

/** CreateSession of the session services. */

const users = UserService.method;

/** Two users of one name, in organizations that are not the caller's, unless `ownIsOne`. */
const twoOfOneName = (ownIsOne: boolean) => async (world: World) => {
  const one = await world.user({ organizationId: ownIsOne ? "default" : "one" });
  const { id: userId } = await world.user({ organizationId: "another" });
  await world.asAdmin(users.updateHumanUser, { userId: one.id, username: `twin ${userId}` });
  // The name is free here: it is unique within an organization only.
  await world.asAdmin(users.updateHumanUser, { userId, username: `twin ${userId}` });
  return { ...one, name: `twin ${userId}` };
};

async function lockedUser(world: World): Promise<TestUser> {
  const user = await world.user();
  await world.asAdmin(users.lockUser, { userId: user.id });
  return user;
}

async function deactivatedUser(world: World): Promise<TestUser> {
  const user = await world.user();
  await world.asAdmin(users.deactivateUser, { userId: user.id });
  return user;
}

/** So many, of six bytes each with its value. */
const keys = (count: number): Record<string, Uint8Array> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${1_000 + index}`, bytes("1")]));
const headers = (count: number, value: string) => ({
  header: Object.fromEntries(Object.keys(keys(count)).map((name) => [name, { values: [value] }])),
});
const ofBytes = (count: number): Uint8Array => new Uint8Array(count);

/** @returns the rows about opening a session without a code */
export function sessionCreateRows(title: string, methods: SessionMethods): readonly Scenario[] {
  const row = sessionRowsOf(title, methods.createSession);
  const base = { given: withoutPhone, caller: "administrator", about: newSession } as const;
  const success = {
    ...base,
    details: "view",
    expect: ok(withNewSession()),
    effect: openedWith("session.user.checked"),
  } as const;
  return [
    row({
      ...success,
      name: "without user",
      everyWay: true,
      given: nobody,
      input: () => ({}),
      effect: openedWith(),
      after: async (_, world, { sessionId }) => {
        const found = await sessionOf(world, sessionId);
        expect(found).toEqual({
          id: sessionId,
          creationDate: time(world.clock.ms),
          changeDate: time(world.clock.ms),
          sequence: "2",
        });
      },
    }),
    row({
      ...success,
      name: "with a user, by id",
      everyWay: true,
      input: (user) => ({ checks: byId(user) }),
      after: async (user, world, { sessionId }) => {
        const { factors } = await sessionOf(world, sessionId);
        expect(factors).toEqual({
          user: {
            id: user.id,
            organizationId: user.organizationId,
            loginName: loginName(user),
            displayName: "Ada Lovelace",
            verifiedAt: time(world.clock.ms),
          },
        });
      },
    }),
    row({
      ...success,
      name: "with a user, by login name in other letters",
      input: (user) => ({ checks: byName(loginName(user).toUpperCase()) }),
      after: async ({ id }, world, { sessionId }) => {
        expect(await sessionOf(world, sessionId)).toMatchObject({ factors: { user: { id } } });
      },
    }),
    row({
      ...success,
      name: "with a user of another organization, by login name",
      given: (world) => world.user({ organizationId: "elsewhere" }),
      input: (user) => ({ checks: byName(loginName(user)) }),
      after: async ({ id: userId }, world, { sessionId }) => {
        const user = { id: userId, organizationId: "elsewhere" };
        expect(await sessionOf(world, sessionId)).toMatchObject({ factors: { user } });
      },
    }),
    row({
      ...success,
      name: "a login name that two users have, one of them in the caller's organization",
      given: twoOfOneName(true),
      input: ({ name }) => ({ checks: byName(name) }),
      after: async ({ id }, world, { sessionId }) => {
        expect(await sessionOf(world, sessionId)).toMatchObject({ factors: { user: { id } } });
      },
    }),
    row({
      ...base,
      name: "a login name that two users of other organizations have",
      given: twoOfOneName(false),
      input: ({ name }) => ({ checks: byName(name) }),
      expect: refused(Code.FailedPrecondition, "SESSION-l0Amb"),
    }),
    row({
      ...success,
      name: "with a machine",
      given: ({ administrator, clock }) => ({ ...administrator, createdMs: clock.ms }),
      input: (user) => ({ checks: byId(user) }),
    }),
    row({
      ...success,
      name: "with metadata, user agent and lifetime",
      input: () => ({
        metadata: { step: bytes("1"), none: bytes("") },
        lifetime: { seconds: 3_600n, nanos: 500_000_000 },
        userAgent: {
          fingerprintId: "finger",
          ip: "192.0.2.1",
          description: "a browser",
          header: { "accept-language": { values: ["de", "en"] } },
        },
      }),
      effect: openedWith("session.metadata.set", "session.lifetime.set"),
      after: async (_, world, { sessionId }) => {
        expect(await sessionOf(world, sessionId)).toMatchObject({
          metadata: { step: base64("1") },
          expirationDate: time(world.clock.ms + hourMs + 500),
          userAgent: {
            fingerprintId: "finger",
            ip: "192.0.2.1",
            description: "a browser",
            header: { "accept-language": { values: ["de", "en"] } },
          },
        });
      },
    }),
    ...(
      [
        ["metadata of 51 keys", { metadata: keys(51) }, "metadata", "50 keys"],
        ["metadata of 64 KiB and a byte", { metadata: { k: ofBytes(65_536) } }, "metadata", "65536 bytes"],
        ["101 headers of a user agent", { userAgent: headers(101, "") }, "user_agent.header", "100 names"],
        [
          "a user agent above 16 KiB",
          { userAgent: headers(4, "x".repeat(4_096)) },
          "user_agent",
          "16384 bytes",
        ],
      ] as const
    ).map(([name, asked, field, max]) =>
      row({
        ...base,
        name,
        given: nobody,
        input: () => asked,
        expect: refused(
          Code.InvalidArgument,
          "RINGBACK-s8Max",
          `The field ${field} is past its limit of ${max}`,
        ),
      }),
    ),
    ...(
      [
        ["metadata of 50 keys and 64 KiB", { metadata: { ...keys(49), k: ofBytes(65_536 - 1 - 49 * 6) } }],
        ["a user agent with 100 headers", { userAgent: headers(100, "x".repeat(100)) }],
      ] as const
    ).map(([name, asked]) =>
      row({
        ...base,
        name,
        given: nobody,
        input: () => asked,
        expect: ok(withNewSession()),
        effect: openedWith(...("metadata" in asked ? ["session.metadata.set" as const] : [])),
        details: "view",
      }),
    ),
    row({
      ...base,
      name: "an id that nobody has",
      everyWay: true,
      given: nobody,
      input: (user) => ({ checks: byId(user) }),
      expect: userMissing,
    }),
    row({
      ...base,
      name: "a login name that nobody has",
      given: nobody,
      input: (user) => ({ checks: byName(loginName(user)) }),
      expect: userMissing,
    }),
    row({
      ...base,
      name: "a user who was deleted",
      given: deleted,
      input: (user) => ({ checks: byId(user) }),
      expect: userMissing,
    }),
    row({
      ...base,
      name: "a locked user",
      given: lockedUser,
      input: (user) => ({ checks: byId(user) }),
      expect: userInactive,
    }),
    row({
      ...base,
      name: "a deactivated user",
      given: deactivatedUser,
      input: (user) => ({ checks: byName(loginName(user)) }),
      expect: userInactive,
    }),
    ...notSupported.map(({ name, asked, expect: expected }) =>
      row({ ...base, name, given: nobody, input: () => asked, expect: expected }),
    ),
    ...rolesWithSessions.map((caller) =>
      row({ ...success, name: `by ${caller}`, caller, input: (user) => ({ checks: byId(user) }) }),
    ),
    ...[...callersWithout, "self" as const].map((caller) =>
      row({
        ...base,
        name: `by ${caller}, who may not open sessions`,
        caller,
        input: (user) => ({ checks: byId(user) }),
        expect: lacksPermission,
      }),
    ),
    row({
      ...base,
      name: "by somebody without permission, who does not learn whether there is a user",
      given: nobody,
      caller: "other",
      input: (user) => ({ checks: byName(loginName(user)) }),
      expect: lacksPermission,
    }),
    ...limitRows("CreateSessionRequest").map(({ name, asked, expect: expected }) =>
      row({ ...base, name, given: nobody, input: () => asked, expect: expected }),
    ),
    ...authenticationRows(row, { lifetime: {} }),
  ];
}
