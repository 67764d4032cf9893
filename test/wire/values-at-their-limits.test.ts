import { afterAll, expect, it } from "@jest/globals";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { TimestampQueryMethod } from "../../gen/zitadel/v1/object_pb.js";
import { openWorld } from "../support/wire-world.ts";

/** What is past a limit is refused, by rows of the scenarios. What is just at it is taken. */

const world = await openWorld("safe");
afterAll(() => world.close());

const { createSession, listSessions } = SessionService.method;

it.each([
  ["200 queries", 200, 1],
  ["1000 ids", 1, 1_000],
])("a list of sessions with %s", async (_name, queriesCount, idsCount) => {
  const { sessionId } = await world.asAdmin(createSession, {});
  const ids = [...Array<string>(idsCount - 1).fill("1"), sessionId];
  const queries = Array.from(
    { length: queriesCount },
    () => ({ query: { case: "idsQuery", value: { ids } } }) as const,
  );
  const { sessions } = await world.asAdmin(listSessions, { queries });
  expect(sessions.map(({ id }) => id)).toEqual([sessionId]);
});

it("the last page there may be", async () => {
  const { details, result } = await world.asAdmin(UserService.method.listUsers, {
    query: { offset: 1_000_000_000n, limit: 1_000 },
  });
  expect([details?.totalResult, result]).toEqual([1n, []]);
});

it.each([
  ["first", -62_135_596_800n, TimestampQueryMethod.GREATER_OR_EQUALS],
  ["last", 253_402_300_799n, TimestampQueryMethod.LESS_OR_EQUALS],
])("the %s second that JSON can tell", async (_name, seconds, method) => {
  const { sessionId } = await world.asAdmin(createSession, {});
  const { sessions } = await world.asAdmin(listSessions, {
    queries: [
      { query: { case: "idsQuery", value: { ids: [sessionId] } } },
      { query: { case: "creationDateQuery", value: { creationDate: { seconds }, method } } },
    ],
  });
  expect(sessions).toHaveLength(1);
});

it("a session that lasts a hundred years", async () => {
  const seconds = 36_525n * 86_400n;
  const { sessionId } = await world.asAdmin(createSession, { lifetime: { seconds } });
  const { session } = await world.asAdmin(SessionService.method.getSession, { sessionId });
  expect(Number(session?.expirationDate?.seconds)).toBeCloseTo(world.clock.ms / 1_000 + Number(seconds), -1);
});
