import type { JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { TimestampQueryMethod } from "../../../gen/zitadel/v1/object_pb.js";
import { SessionFieldName } from "../../../gen/zitadel/session/v2/query_pb.js";
import { SessionService } from "../../../gen/zitadel/session/v2/session_service_pb.js";
import type { UserWithCode, World } from "../../support/wire-world.ts";
import { nobody, type UserWithToken } from "./givens.ts";
import { authenticationRows, invalid, ok, type Outcome, refused, type Scenario } from "./scenario.ts";
import {
  challenged,
  ended,
  ofDeleted,
  ofDeletedCreator,
  ofFormerLoginClient,
  ofRecreated,
  ofRecreatedCreator,
  ofUser,
  open,
  type Session,
  type SessionMethods,
  time,
  sessionRowsOf,
} from "./session-givens.ts";
import { byId } from "./session-inputs.ts";

/** The session services: lists. */

const { method } = SessionService;

/** Sessions of one user, each a second after the one before. */
interface Several extends UserWithCode {
  /** Their ids, the oldest first. */
  readonly ids: readonly string[];
  /** When the first was opened. */
  readonly firstMs: number;
}

async function several(world: World): Promise<Several> {
  const user = await world.user();
  const firstMs = world.clock.ms;
  const ids: string[] = [];
  for (const fingerprintId of ["one", "two", "three"]) {
    const userAgent = { fingerprintId: `${user.id} ${fingerprintId}` };
    ids.push((await open(world, user, { checks: byId(user), userAgent })).sessionId);
    world.clock.ms += 1_000;
  }
  return { ...user, ids, firstMs };
}

const byIds = (...ids: string[]) => ({ query: { case: "idsQuery", value: { ids } } }) as const;
const byUser = (id: string) => ({ query: { case: "userIdQuery", value: { id } } }) as const;
const byTime = (ms: number, timeMethod: TimestampQueryMethod) =>
  ({
    query: {
      case: "creationDateQuery",
      value: { creationDate: timestampFromMs(ms), method: timeMethod },
    },
  }) as const;

/** The sessions with these ids, in this order. */
const listed = (ids: readonly string[]): Outcome =>
  ok(ids.length === 0 ? {} : { sessions: ids.map((id) => expect.objectContaining({ id })) });

const total =
  (count: number) =>
  async (_: unknown, world: World, { details }: JsonObject): Promise<void> => {
    const timestamp = time(world.clock.ms);
    expect(details).toEqual(count === 0 ? { timestamp } : { totalResult: String(count), timestamp });
  };

/** @returns the rows that both services have */
export function sessionListRows(title: string, methods: SessionMethods): readonly Scenario[] {
  const row = sessionRowsOf(title, methods.listSessions);
  const base = { given: several, caller: "administrator" } as const;
  const [first, second, third] = [0, 1, 2];
  const picked = (...indexes: number[]) => ({
    expect: ({ ids }: Several) => listed(indexes.map((index) => ids[index] ?? "")),
    after: total(indexes.length),
  });
  return [
    row({
      ...base,
      name: "by ids, the newest first",
      everyWay: true,
      input: ({ ids }) => ({ queries: [byIds(...ids)] }),
      ...picked(third, second, first),
    }),
    row({
      ...base,
      name: "the oldest first",
      input: ({ ids }) => ({
        query: { asc: true },
        queries: [byIds(...ids)],
        sortingColumn: SessionFieldName.CREATION_DATE,
      }),
      ...picked(first, second, third),
    }),
    row({
      ...base,
      name: "a page, and the total",
      input: ({ id }) => ({ query: { offset: 1n, limit: 1 }, queries: [byUser(id)] }),
      ...picked(second),
      after: total(3),
    }),
    row({
      ...base,
      name: "past the last page",
      input: ({ id }) => ({ query: { offset: 3n }, queries: [byUser(id)] }),
      ...picked(),
      after: total(3),
    }),
    row({
      ...base,
      name: "by the user",
      input: ({ id }) => ({ queries: [byUser(id)] }),
      ...picked(third, second, first),
    }),
    row({
      ...base,
      name: "that match all of the queries",
      input: ({ id, ids }) => ({ queries: [byUser(id), byIds(ids[1] ?? "", "nowhere")] }),
      ...picked(second),
    }),
    ...(
      [
        ["at a time", TimestampQueryMethod.EQUALS, [second]],
        ["after a time", TimestampQueryMethod.GREATER, [third]],
        ["at or after a time", TimestampQueryMethod.GREATER_OR_EQUALS, [third, second]],
        ["before a time", TimestampQueryMethod.LESS, [first]],
        ["at or before a time", TimestampQueryMethod.LESS_OR_EQUALS, [second, first]],
      ] as const
    ).map(([name, timeMethod, indexes]) =>
      row({
        ...base,
        name: `created ${name}`,
        input: ({ id, firstMs }) => ({ queries: [byUser(id), byTime(firstMs + 1_000, timeMethod)] }),
        ...picked(...indexes),
      }),
    ),
    row({
      ...base,
      name: "shown as they are",
      given: challenged,
      input: ({ sessionId }) => ({ queries: [byIds(sessionId)] }),
      expect: ({ sessionId, openedMs, id, organizationId }) =>
        ok({
          sessions: [
            {
              id: sessionId,
              creationDate: time(openedMs),
              changeDate: time(openedMs),
              sequence: "4",
              factors: {
                user: {
                  id,
                  organizationId,
                  loginName: `${id}@example.com`,
                  displayName: "Ada Lovelace",
                  verifiedAt: time(openedMs),
                },
              },
            },
          ],
        }),
    }),
    row({
      ...base,
      name: "without those that were ended",
      given: ended,
      input: ({ sessionId }) => ({ queries: [byIds(sessionId)] }),
      expect: listed([]),
      after: total(0),
    }),
    ...(["IAM_OWNER", "IAM_LOGIN_CLIENT", "self"] as const).map((caller) =>
      row({
        ...base,
        name: `for ${caller}`,
        caller,
        input: ({ ids }) => ({ queries: [byIds(...ids)] }),
        ...picked(third, second, first),
      }),
    ),
    ...(["other", "IAM_USER_MANAGER", "ORG_OWNER"] as const).map((caller) =>
      row({
        ...base,
        name: `for ${caller}, who sees only their own`,
        caller,
        input: ({ ids }) => ({ queries: [byIds(...ids)] }),
        ...picked(),
      }),
    ),
    row({
      ...base,
      name: "for their creator",
      given: ofFormerLoginClient,
      caller: "self",
      input: () => ({}),
      expect: ({ sessionId }) => listed([sessionId]),
      after: total(1),
    }),
    ...[
      { name: "their user, who is gone", given: ofDeleted },
      { name: "their creator, who is gone", given: ofDeletedCreator },
      { name: "somebody else who has the id of their user since", given: ofRecreated },
      { name: "somebody else who has the id of their creator since", given: ofRecreatedCreator },
    ].map(({ name, given }) =>
      row({
        ...base,
        name: `for ${name}`,
        given,
        caller: "self",
        input: ({ sessionId }) => ({ queries: [byIds(sessionId)] }),
        expect: listed([]),
      }),
    ),
    row({
      ...base,
      name: "a query that asks for nothing",
      given: nobody,
      input: () => ({ queries: [{}] }),
      expect: invalid("ListSessionsRequest.queries[0].query"),
    }),
    row({
      ...base,
      name: "more than 200 queries",
      given: nobody,
      input: ({ id }) => ({ queries: Array.from({ length: 201 }, () => byUser(id)) }),
      expect: refused(Code.InvalidArgument, "QUERY-4M0fs", "The field queries is past its limit of 200"),
    }),
    row({
      ...base,
      name: "more than 1000 ids",
      given: nobody,
      input: () => ({ queries: [byIds(...Array<string>(1_001).fill("1"))] }),
      expect: refused(
        Code.InvalidArgument,
        "QUERY-4M0fs",
        "The field queries.ids_query.ids is past its limit of 1000",
      ),
    }),
    row({
      ...base,
      name: "a page of more than 1000",
      given: nobody,
      input: () => ({ query: { limit: 1_001 } }),
      expect: refused(Code.InvalidArgument, "QUERY-4M0fs", "The field query.limit is past its limit of 1000"),
    }),
    ...authenticationRows(row, { queries: [{}] }),
  ];
}

/** Sessions of one user that end a minute after one another, and one without an end. */
async function ending(world: World): Promise<Several> {
  const user = await world.user();
  const firstMs = world.clock.ms + 60_000;
  const ids: string[] = [];
  for (const lifetime of [{ seconds: 60n }, { seconds: 120n }, undefined]) {
    ids.push((await open(world, user, { checks: byId(user), ...(lifetime && { lifetime }) })).sessionId);
  }
  return { ...user, ids, firstMs };
}

/** The rows of queries that only v2 has. */
export function sessionV2QueryRows(title: string): readonly Scenario[] {
  const row = sessionRowsOf(title, method.listSessions);
  const creator = (id?: string) =>
    ({ query: { case: "creatorQuery", value: id === undefined ? {} : { id } } }) as const;
  const agent = (fingerprintId?: string) =>
    ({
      query: { case: "userAgentQuery", value: fingerprintId === undefined ? {} : { fingerprintId } },
    }) as const;
  const byEnd = (ms: number, timeMethod: TimestampQueryMethod) =>
    ({
      query: {
        case: "expirationDateQuery",
        value: { expirationDate: timestampFromMs(ms), method: timeMethod },
      },
    }) as const;
  const [first, second, unending] = [0, 1, 2];
  const base = { given: ofUser, caller: "administrator" } as const;
  const found = { expect: ({ sessionId }: Session) => listed([sessionId]), after: total(1) };
  return [
    row({
      ...base,
      name: "of the caller as creator",
      input: ({ id }) => ({ queries: [byUser(id), creator()] }),
      ...found,
    }),
    row({
      ...base,
      name: "of a creator",
      input: ({ id }, { administrator }) => ({ queries: [byUser(id), creator(administrator.id)] }),
      ...found,
    }),
    row({
      ...base,
      name: "of another creator",
      input: ({ id }) => ({ queries: [byUser(id), creator(id)] }),
      expect: listed([]),
      after: total(0),
    }),
    row<Session & UserWithToken>({
      name: "of the creator, without a role",
      given: ofFormerLoginClient,
      caller: "self",
      input: () => ({ queries: [creator()] }),
      ...found,
    }),
    row({
      name: "of a user agent",
      given: several,
      caller: "administrator",
      input: ({ id }) => ({ queries: [agent(`${id} two`)] }),
      expect: ({ ids }) => listed(ids.slice(1, 2)),
      after: total(1),
    }),
    row({
      name: "of the user agent of the caller: no token tells which",
      everyWay: true,
      given: nobody,
      caller: "administrator",
      input: () => ({ queries: [agent()] }),
      expect: refused(Code.InvalidArgument, "GRPC-x8n23uh"),
    }),
    ...(
      [
        ["at a time", TimestampQueryMethod.EQUALS, [second]],
        ["after a time, or never", TimestampQueryMethod.GREATER, [unending]],
        ["at or after a time, or never", TimestampQueryMethod.GREATER_OR_EQUALS, [second, unending]],
        ["before a time", TimestampQueryMethod.LESS, [first]],
        ["at or before a time", TimestampQueryMethod.LESS_OR_EQUALS, [first, second]],
      ] as const
    ).map(([name, timeMethod, indexes]) =>
      row({
        name: `that end ${name}`,
        given: ending,
        caller: "administrator",
        input: ({ id, firstMs }) => ({ queries: [byUser(id), byEnd(firstMs + 60_000, timeMethod)] }),
        expect: ({ ids }) =>
          ok({
            sessions: expect.arrayContaining(
              indexes.map((index) => expect.objectContaining({ id: ids[index] })),
            ),
          }),
        after: total(indexes.length),
      }),
    ),
    row({
      name: "a creator of 201 characters",
      given: nobody,
      caller: "administrator",
      input: () => ({ queries: [creator("1".repeat(201))] }),
      expect: invalid("ListSessionsRequest.queries[0].creator_query.id"),
    }),
    row({
      name: "a user agent of 201 characters",
      given: nobody,
      caller: "administrator",
      input: () => ({ queries: [agent("1".repeat(201))] }),
      expect: invalid("ListSessionsRequest.queries[0].user_agent_query.fingerprint_id"),
    }),
  ];
}
