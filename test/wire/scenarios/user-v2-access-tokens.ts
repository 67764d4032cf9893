import type { JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { RoleService } from "../../../gen/ringback/role/v1/role_service_pb.js";
import { TimestampFilterMethod } from "../../../gen/zitadel/filter/v2/filter_pb.js";
import { PersonalAccessTokenFieldName } from "../../../gen/zitadel/user/v2/personal_access_token_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import {
  deleted,
  minuteMs,
  nobody,
  timestamp,
  type UserWithToken,
  withMachine,
  withoutPhone,
} from "./givens.ts";
import {
  authenticationRows,
  type CallerKind,
  invalid,
  noSuchPath,
  ok,
  type Outcome,
  refused,
  rowsOf,
  type Scenario,
  shared,
} from "./scenario.ts";

/** zitadel.user.v2.UserService: personal access tokens of machines. */

const { addPersonalAccessToken, listPersonalAccessTokens, removePersonalAccessToken, getUserByID } =
  UserService.method;

const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");
const userMissing = refused(Code.NotFound, "COMMAND-Dzk4n");
const tokenMissing = refused(Code.NotFound, "COMMAND-4m77G");
const lifetimeMs = 10 * minuteMs;

interface WithAccessToken extends UserWithToken {
  readonly tokenId: string;
}

async function addToken(world: World, user: TestUser, ageMaxMs = lifetimeMs): Promise<WithAccessToken> {
  const expirationDate = timestampFromMs(world.clock.ms + ageMaxMs);
  const { tokenId, token } = await world.asAdmin(addPersonalAccessToken, { userId: user.id, expirationDate });
  return { ...user, tokenId, token };
}

const withAccessToken = async (world: World): Promise<WithAccessToken> =>
  addToken(world, await withMachine(world));

/** Who calls with the token that an answer gave. */
async function expectHolder({ id: userId }: TestUser, world: World, { token }: JsonObject): Promise<void> {
  const { user } = await world.callAs(String(token), getUserByID, { userId });
  expect(user?.userId).toBe(userId);
}

async function expectInvalid({ id: userId }: TestUser, world: World, token: unknown): Promise<void> {
  await expect(world.callAs(String(token), getUserByID, { userId })).rejects.toThrow("AUTH-7fs1e");
}

async function withRole(world: World): Promise<TestUser> {
  const user = await withMachine(world);
  await world.asAdmin(RoleService.method.setRoles, { userId: user.id, roles: ["ORG_OWNER"] });
  return user;
}

// ------------------------------------------------------------------------------ AddPersonalAccessToken

const add = rowsOf("user.v2 AddPersonalAccessToken", addPersonalAccessToken);
const forTenMinutes = ({ id }: TestUser, { clock }: World) => ({
  userId: id,
  expirationDate: timestampFromMs(clock.ms + lifetimeMs),
});
const added = (_: TestUser, { clock }: World): Outcome =>
  ok({
    creationDate: timestamp(clock.ms),
    tokenId: expect.stringMatching(/^[0-9]{18}$/),
    token: expect.stringMatching(/^rbk_[\w-]{43}$/),
  });

const addRows: readonly Scenario[] = [
  add({
    name: "by the administrator; it can be used at once",
    everyWay: true,
    given: withMachine,
    caller: "administrator",
    input: forTenMinutes,
    expect: added,
    effect: ["user.pat.added"],
    after: expectHolder,
  }),
  add({
    name: "it is valid until its last moment, and not after",
    given: withMachine,
    caller: "administrator",
    input: forTenMinutes,
    expect: added,
    effect: ["user.pat.added"],
    after: async (user, world, json) => {
      world.clock.ms += lifetimeMs - 1;
      await expectHolder(user, world, json);
      world.clock.ms += 1;
      await expectInvalid(user, world, json["token"]);
    },
  }),
  add({
    name: "another one, and the first stays valid",
    given: withAccessToken,
    caller: "administrator",
    input: forTenMinutes,
    expect: added,
    effect: ["user.pat.added"],
    after: async (user, world, json) => {
      await expectHolder(user, world, json);
      await world.callAs(user.token, getUserByID, { userId: user.id });
    },
  }),
  ...(["IAM_USER_MANAGER", "IAM_LOGIN_CLIENT", "ORG_OWNER", "ORG_USER_MANAGER"] as const).map((caller) =>
    add({
      name: `by ${caller}`,
      given: withMachine,
      caller,
      input: forTenMinutes,
      expect: added,
      effect: ["user.pat.added"],
    }),
  ),
  ...(["self", "other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller: CallerKind) =>
    add({ name: `by ${caller}`, given: withMachine, caller, input: forTenMinutes, expect: lacksPermission }),
  ),
  add({
    name: "for a machine with a role, by somebody who may not give it",
    given: withRole,
    caller: "ORG_USER_MANAGER",
    input: forTenMinutes,
    expect: lacksPermission,
  }),
  add({
    name: "for a machine with a role, by the administrator",
    given: withRole,
    caller: "administrator",
    input: forTenMinutes,
    expect: added,
    effect: ["user.pat.added"],
  }),
  add({
    name: "for a human",
    given: withoutPhone,
    caller: "administrator",
    input: forTenMinutes,
    expect: refused(Code.FailedPrecondition, "COMMAND-Df2f1"),
  }),
  add({
    name: "for the 101st time",
    given: shared(async (world) => {
      const user = await withMachine(world);
      for (let count = 0; count < 100; count += 1) await addToken(world, user);
      return user;
    }),
    caller: "administrator",
    input: forTenMinutes,
    expect: refused(Code.ResourceExhausted, "PAT-t0Mny", "100"),
  }),
  add({
    name: "an expiration date that has passed",
    given: withMachine,
    caller: "administrator",
    input: ({ id }, { clock }) => ({ userId: id, expirationDate: timestampFromMs(clock.ms) }),
    expect: refused(Code.InvalidArgument, "DOMAIN-dv3t5"),
  }),
  add({
    name: "no expiration date",
    given: withMachine,
    caller: "administrator",
    input: ({ id }) => ({ userId: id }),
    expect: invalid("AddPersonalAccessTokenRequest.expiration_date"),
  }),
  add({
    name: "nobody has the id",
    given: nobody,
    caller: "administrator",
    input: forTenMinutes,
    expect: userMissing,
  }),
  add({
    name: "a deleted user",
    given: deleted,
    caller: "administrator",
    input: forTenMinutes,
    expect: userMissing,
  }),
  add({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: (_, { clock }) => ({ userId: "", expirationDate: timestampFromMs(clock.ms + lifetimeMs) }),
    expect: invalid("AddPersonalAccessTokenRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  ...authenticationRows(add, { userId: "x".repeat(201) }),
];

// --------------------------------------------------------------------------- RemovePersonalAccessToken

const remove = rowsOf("user.v2 RemovePersonalAccessToken", removePersonalAccessToken);
const byIds = ({ id, tokenId }: WithAccessToken) => ({ userId: id, tokenId });
const removedNow = (_: TestUser, { clock }: World): Outcome => ok({ deletionDate: timestamp(clock.ms) });

const removeRows: readonly Scenario[] = [
  ...(["administrator", "self", "ORG_USER_MANAGER"] as const).map((caller: CallerKind) =>
    remove({
      name: `by ${caller}`,
      everyWay: true,
      given: withAccessToken,
      caller,
      input: byIds,
      expect: removedNow,
      effect: ["user.pat.removed"],
      after: (user, world) => expectInvalid(user, world, user.token),
    }),
  ),
  remove({
    name: "one of two, and the other stays valid",
    given: async (world) => {
      const first = await withAccessToken(world);
      return { ...first, other: (await addToken(world, first)).token };
    },
    caller: "administrator",
    input: byIds,
    expect: removedNow,
    effect: ["user.pat.removed"],
    after: async (user, world) => {
      await expectInvalid(user, world, user.token);
      await expectHolder(user, world, { token: user.other });
    },
  }),
  ...(["other", "ORG_OWNER_VIEWER", "ORG_OWNER elsewhere"] as const).map((caller) =>
    remove({ name: `by ${caller}`, given: withAccessToken, caller, input: byIds, expect: lacksPermission }),
  ),
  remove({
    name: "one that was removed already",
    given: async (world) => {
      const user = await withAccessToken(world);
      await world.asAdmin(removePersonalAccessToken, byIds(user));
      return user;
    },
    caller: "administrator",
    input: byIds,
    expect: tokenMissing,
  }),
  remove({
    name: "one of another machine",
    given: async (world) => ({
      ...(await withAccessToken(world)),
      tokenId: (await withAccessToken(world)).tokenId,
    }),
    caller: "self",
    input: byIds,
    expect: tokenMissing,
  }),
  remove({
    name: "one with the name of what every object has",
    given: withAccessToken,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, tokenId: "constructor" }),
    expect: tokenMissing,
  }),
  remove({
    name: "of a human",
    given: withoutPhone,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, tokenId: "1" }),
    expect: tokenMissing,
  }),
  ...[
    { name: "nobody has the id", given: nobody },
    { name: "a deleted user", given: deleted },
  ].map(({ name, given }) =>
    remove({
      name,
      given,
      caller: "administrator",
      input: ({ id }) => ({ userId: id, tokenId: "1" }),
      expect: userMissing,
    }),
  ),
  remove({
    name: "an empty id",
    given: nobody,
    caller: "administrator",
    input: () => ({ userId: "", tokenId: "1" }),
    expect: invalid("RemovePersonalAccessTokenRequest.user_id"),
    expectOfRest: noSuchPath,
  }),
  remove({
    name: "an empty id of the token",
    given: nobody,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, tokenId: "" }),
    expect: invalid("RemovePersonalAccessTokenRequest.token_id"),
    expectOfRest: noSuchPath,
  }),
  remove({
    name: "an id of the token of 201 characters",
    given: nobody,
    caller: "administrator",
    input: ({ id }) => ({ userId: id, tokenId: "x".repeat(201) }),
    expect: invalid("RemovePersonalAccessTokenRequest.token_id"),
  }),
  ...authenticationRows(remove, { userId: "x", tokenId: "x".repeat(201) }),
];

// ---------------------------------------------------------------------------- ListPersonalAccessTokens

const list = rowsOf("user.v2 ListPersonalAccessTokens", listPersonalAccessTokens);

/**
 * An organization with two machines. Three tokens are made one after the other, a second apart: two of the
 * first machine, one of the second; the newer one expires earlier.
 */
interface Tokens extends TestUser {
  readonly first: WithAccessToken;
  readonly second: WithAccessToken;
  readonly third: WithAccessToken;
  readonly startMs: number;
  /** Of the owner of the organization. */
  readonly ownerToken: string;
}

const tokens = shared(async (world): Promise<Tokens> => {
  const organizationId = `tokens-${world.nobody().id}`;
  const one = await machineIn(world, organizationId);
  const two = await machineIn(world, organizationId);
  const startMs = world.clock.ms;
  const first = await addToken(world, one, 3 * dayMs);
  world.clock.ms += 1_000;
  const second = await addToken(world, one, 2 * dayMs);
  world.clock.ms += 1_000;
  const third = await addToken(world, two, 1 * dayMs);
  const ownerToken = await world.caller("ORG_OWNER", organizationId);
  return { ...one, first, second, third, startMs, ownerToken };
});
const dayMs = 24 * 60 * minuteMs;

async function machineIn(world: World, organizationId: string): Promise<TestUser> {
  const user = world.nobody(organizationId);
  const userType = { case: "machine", value: { name: "Engine" } } as const;
  await world.asAdmin(UserService.method.createUser, { userId: user.id, organizationId, userType });
  return user;
}

type TokenName = "first" | "second" | "third";

/** Just these, in this order. */
const listed =
  (...names: readonly TokenName[]) =>
  (given: Tokens): Outcome =>
    ok({
      pagination: expect.anything(),
      ...(names.length === 0
        ? {}
        : { result: names.map((name) => expect.objectContaining({ id: given[name].tokenId })) }),
    });

const inOrganization = ({ organizationId }: TestUser) =>
  ({ filter: { case: "organizationIdFilter", value: { id: organizationId } } }) as const;

const ascending = { asc: true };

/** With the token of their owner, or of the first machine. */
const asOwner = async (world: World): Promise<Tokens & UserWithToken> => {
  const given = await tokens(world);
  return { ...given, token: given.ownerToken };
};
const asFirst = async (world: World): Promise<Tokens & UserWithToken> => {
  const given = await tokens(world);
  return { ...given, token: given.first.token };
};

const { CREATED_DATE, ID, USER_ID, ORGANIZATION_ID, EXPIRATION_DATE } = PersonalAccessTokenFieldName;
const { EQUALS, AFTER, AFTER_OR_EQUALS, BEFORE, BEFORE_OR_EQUALS } = TimestampFilterMethod;

const listRows: readonly Scenario[] = [
  list({
    name: "everything that is told of one",
    everyWay: true,
    given: tokens,
    caller: "administrator",
    input: ({ first }) => ({
      filters: [inOrganization(first), { filter: { case: "tokenIdFilter", value: { id: first.tokenId } } }],
    }),
    expect: ({ first, startMs }) =>
      ok({
        pagination: { totalResult: "1", appliedLimit: "100" },
        result: [
          {
            id: first.tokenId,
            userId: first.id,
            organizationId: first.organizationId,
            creationDate: timestamp(startMs),
            changeDate: timestamp(startMs),
            expirationDate: timestamp(startMs + 3 * dayMs),
          },
        ],
      }),
  }),
  list({
    name: "of a machine",
    given: tokens,
    caller: "administrator",
    input: ({ first }) => ({
      pagination: ascending,
      filters: [{ filter: { case: "userIdFilter", value: { id: first.id } } }],
    }),
    expect: listed("first", "second"),
  }),
  list({
    name: "of an organization, the newest first",
    given: tokens,
    caller: "administrator",
    input: (given) => ({ filters: [inOrganization(given)] }),
    expect: listed("third", "second", "first"),
  }),
  list({
    name: "by two filters",
    given: tokens,
    caller: "administrator",
    input: (given) => ({
      filters: [
        inOrganization(given),
        { filter: { case: "tokenIdFilter", value: { id: given.second.tokenId } } },
      ],
    }),
    expect: listed("second"),
  }),
  list({
    name: "of an organization without any",
    given: tokens,
    caller: "administrator",
    input: () => ({ filters: [{ filter: { case: "organizationIdFilter", value: { id: "nowhere" } } }] }),
    expect: ok({ pagination: { appliedLimit: "100" } }),
  }),
  ...(
    [
      ["creation date", CREATED_DATE, ["first", "second", "third"]],
      ["id", ID, ["first", "second", "third"]],
      ["expiration date", EXPIRATION_DATE, ["third", "second", "first"]],
      ["organization", ORGANIZATION_ID, ["first", "second", "third"]],
      ["user", USER_ID, ["first", "second", "third"]],
    ] as const
  ).flatMap(([name, sortingColumn, names]) => [
    list({
      name: `by ${name}, ascending`,
      given: tokens,
      caller: "administrator",
      input: (given) => ({ pagination: ascending, sortingColumn, filters: [inOrganization(given)] }),
      expect: listed(...names),
    }),
    list({
      name: `by ${name}, descending`,
      given: tokens,
      caller: "administrator",
      input: (given) => ({ sortingColumn, filters: [inOrganization(given)] }),
      expect: listed(...names.toReversed()),
    }),
  ]),
  ...(
    [
      ["at", EQUALS, ["second"]],
      ["after", AFTER, ["third"]],
      ["at or after", AFTER_OR_EQUALS, ["second", "third"]],
      ["before", BEFORE, ["first"]],
      ["at or before", BEFORE_OR_EQUALS, ["first", "second"]],
    ] as const
  ).map(([name, method, names]) =>
    list({
      name: `created ${name} a time`,
      given: tokens,
      caller: "administrator",
      input: (given) => ({
        pagination: ascending,
        filters: [
          inOrganization(given),
          {
            filter: {
              case: "createdDateFilter",
              value: { timestamp: timestampFromMs(given.startMs + 1_000), method },
            },
          },
        ],
      }),
      expect: listed(...names),
    }),
  ),
  ...(
    [
      ["at", EQUALS, ["second"]],
      ["after", AFTER, ["first"]],
      ["before", BEFORE, ["third"]],
    ] as const
  ).map(([name, method, names]) =>
    list({
      name: `that expire ${name} a time`,
      given: tokens,
      caller: "administrator",
      input: (given) => ({
        pagination: ascending,
        filters: [
          inOrganization(given),
          {
            filter: {
              case: "expirationDateFilter",
              value: { timestamp: timestampFromMs(given.startMs + 1_000 + 2 * dayMs), method },
            },
          },
        ],
      }),
      expect: listed(...names),
    }),
  ),
  list({
    name: "the second page of one",
    given: tokens,
    caller: "administrator",
    input: (given) => ({
      pagination: { asc: true, offset: 1n, limit: 1 },
      filters: [inOrganization(given)],
    }),
    expect: ({ second }) =>
      ok({
        pagination: { totalResult: "3", appliedLimit: "1" },
        result: [expect.objectContaining({ id: second.tokenId })],
      }),
  }),
  list({
    name: "by the owner of the organization",
    given: asOwner,
    caller: "self",
    input: () => ({ pagination: ascending }),
    expect: listed("first", "second", "third"),
  }),
  list({
    name: "one's own, by a machine",
    given: asFirst,
    caller: "self",
    input: () => ({ pagination: ascending }),
    expect: listed("first", "second"),
  }),
  ...(["other", "ORG_OWNER elsewhere"] as const).map((caller) =>
    list({
      name: `by ${caller}`,
      given: tokens,
      caller,
      input: (given: Tokens) => ({ filters: [inOrganization(given)] }),
      expect: listed(),
    }),
  ),
  list({
    name: "a limit of 1,000",
    given: tokens,
    caller: "administrator",
    input: (given) => ({ pagination: { asc: true, limit: 1_000 }, filters: [inOrganization(given)] }),
    expect: listed("first", "second", "third"),
  }),
  list({
    name: "a limit of 1,001",
    given: nobody,
    caller: "administrator",
    input: () => ({ pagination: { limit: 1_001 } }),
    expect: refused(
      Code.InvalidArgument,
      "QUERY-4M0fs",
      "The field pagination.limit is past its limit of 1000",
    ),
  }),
  list({
    name: "a filter that says nothing",
    given: nobody,
    caller: "administrator",
    input: () => ({ filters: [{}] }),
    expect: invalid("ListPersonalAccessTokensRequest.filters[0].filter"),
  }),
  list({
    name: "an id of 201 characters",
    given: nobody,
    caller: "administrator",
    input: () => ({ filters: [{ filter: { case: "tokenIdFilter", value: { id: "x".repeat(201) } } }] }),
    expect: invalid("ListPersonalAccessTokensRequest.filters[0].token_id_filter.id"),
  }),
  ...authenticationRows(list, { filters: [{}] }),
];

export const userV2AccessTokens: readonly Scenario[] = [...addRows, ...removeRows, ...listRows];
