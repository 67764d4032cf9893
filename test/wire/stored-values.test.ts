import type { DescMessage, DescMethodUnary, JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, describe, expect, it } from "@jest/globals";
import { TimestampFilterMethod } from "../../gen/zitadel/filter/v2/filter_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { ZITADELUsers } from "../../gen/zitadel/resources/user/v3alpha/user_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { SecretGeneratorType } from "../../gen/zitadel/settings/v1/secret_generator_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { type Protocol, protocols, type WireError } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type TestUser } from "../support/wire-world.ts";
import { withMachine } from "./scenarios/givens.ts";

/** What one protocol can say and another cannot tell is not stored: a list would fail for everybody. */

const { createUser, getUser, patchUser, searchUsers } = ZITADELUsers.method;
const { addPersonalAccessToken, listPersonalAccessTokens } = UserService.method;
const { createSession, listSessions } = SessionService.method;
const { updateSecretGenerator } = AdminService.method;

const world = await openWorld("safe");
const ways = protocols(world.url);
/** JSON cannot even say it. */
const binaryWays = ways.filter(({ name }) => ["gRPC", "gRPC-Web", "Connect proto"].includes(name));

afterAll(async () => {
  for (const protocol of ways) protocol.close();
  await world.close();
});

async function errorOf<I extends DescMessage, O extends DescMessage>(
  protocol: Protocol,
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
): Promise<WireError | undefined> {
  const { result } = await protocol.call(method, input, { authorization: `Bearer ${adminToken}` });
  return "error" in result ? result.error : undefined;
}

const refusedFor = (id: string, field: string): object =>
  expect.objectContaining({
    code: Code.InvalidArgument,
    message: expect.stringContaining(`The field ${field} `),
    details: [expect.objectContaining({ id })],
  });

const withData = ({ id: userId, organizationId }: TestUser, data: JsonObject) => ({
  organization: { property: { case: "orgId", value: organizationId } as const },
  user: { userId, schemaId: "person", data },
});

/** As many objects and lists within each other. */
function nested(levels: number): JsonObject {
  let data: JsonObject = { end: 1 };
  for (let level = 2; level < levels; level += 2) data = { in: [data] };
  return levels % 2 === 1 ? data : { in: data };
}

describe.each(binaryWays)("data of a user, over $name", (protocol) => {
  it.each([{ bad: NaN }, { in: { bad: [1, Infinity] } }, { in: [{ bad: -Infinity }] }])(
    "holds no number that is not finite: %j",
    async (data) => {
      const refusal = refusedFor("RINGBACK-n8Fin", "user.data");
      const user = world.nobody();
      expect(await errorOf(protocol, createUser, withData(user, data))).toEqual(refusal);
      await world.asAdmin(createUser, withData(user, {}));
      expect(await errorOf(protocol, patchUser, { id: user.id, user: { data } })).toEqual(refusal);
    },
  );
});

const jsonWays = ways.filter((way) => !binaryWays.includes(way));

describe.each(jsonWays)("data of a user, over $name", (protocol) => {
  it.each([{ bad: "\ud800" }, { "bad \udc00": 1 }, { in: [{ bad: ["x\udbff"] }] }])(
    "holds no half of a character: %j",
    async (data) => {
      const refusal = refusedFor("RINGBACK-u8Uni", "user.data");
      const user = world.nobody();
      expect(await errorOf(protocol, createUser, withData(user, data))).toEqual(refusal);
      await world.asAdmin(createUser, withData(user, {}));
      expect(await errorOf(protocol, patchUser, { id: user.id, user: { data } })).toEqual(refusal);
    },
  );
});

describe.each(ways)("data of a user, over $name", (protocol) => {
  it("is 20 levels deep and 64 KiB large at most, and can be read then", async () => {
    const user = world.nobody();
    const deepest = nested(20);
    const largest = { text: "x".repeat(65_536 - '{"text":""}'.length) };
    for (const data of [deepest, largest]) {
      await world.asAdmin(createUser, withData(world.nobody(), data));
    }
    await world.asAdmin(createUser, withData(user, deepest));
    expect(await errorOf(protocol, getUser, { id: user.id })).toBeUndefined();
    expect(await errorOf(protocol, searchUsers, {})).toBeUndefined();
    const refusal = refusedFor("QUERY-4M0fs", "user.data");
    for (const data of [nested(21), { text: `${largest.text}x` }]) {
      expect(await errorOf(protocol, createUser, withData(world.nobody(), data))).toEqual(refusal);
      expect(await errorOf(protocol, patchUser, { id: user.id, user: { data } })).toEqual(refusal);
    }
  });
});

/** The year 10000. */
const endSeconds = 253_402_300_800n;

const badTimes = [
  { seconds: endSeconds, nanos: 0 },
  { seconds: 2n ** 63n - 1n, nanos: 0 },
  { seconds: 4_000_000_000n, nanos: 1_000_000_000 },
  { seconds: 4_000_000_000n, nanos: -1 },
];
/** Nothing can expire then, but it can be asked for. */
const tooEarly = { seconds: -62_135_596_801n, nanos: 0 };

describe.each(binaryWays)("a time, over $name", (protocol) => {
  it.each(badTimes)("is no expiration date: $seconds s and $nanos ns", async (expirationDate) => {
    const { id: userId } = await withMachine(world);
    expect(await errorOf(protocol, addPersonalAccessToken, { userId, expirationDate })).toEqual(
      refusedFor("QUERY-4M0fs", "expiration_date"),
    );
  });

  it.each([...badTimes, tooEarly])("cannot be asked for: $seconds s and $nanos ns", async (timestamp) => {
    const value = { timestamp, method: TimestampFilterMethod.BEFORE };
    const created = [{ filter: { case: "createdDateFilter", value } as const }];
    const expiring = [{ filter: { case: "expirationDateFilter", value } as const }];
    expect(await errorOf(protocol, listPersonalAccessTokens, { filters: created })).toEqual(
      refusedFor("QUERY-4M0fs", "filters.created_date_filter.timestamp"),
    );
    expect(await errorOf(protocol, listPersonalAccessTokens, { filters: expiring })).toEqual(
      refusedFor("QUERY-4M0fs", "filters.expiration_date_filter.timestamp"),
    );
    const query = { case: "creationDateQuery", value: { creationDate: timestamp } } as const;
    expect(await errorOf(protocol, listSessions, { queries: [{ query }] })).toEqual(
      refusedFor("QUERY-4M0fs", "queries.creation_date_query.creation_date"),
    );
  });
});

describe.each(binaryWays)(
  "a duration whose parts of a second are a second or more, over $name",
  (protocol) => {
    it.each([
      { seconds: 600n, nanos: 1_000_000_000 },
      { seconds: 600n, nanos: 2_147_483_647 },
    ])("is none: $seconds s and $nanos ns", async (duration) => {
      const generator = { generatorType: SecretGeneratorType.OTP_SMS, length: 8, includeDigits: true };
      expect(await errorOf(protocol, updateSecretGenerator, { ...generator, expiry: duration })).toEqual(
        refusedFor("QUERY-4M0fs", "expiry"),
      );
      expect(await errorOf(protocol, createSession, { lifetime: duration })).toEqual(
        refusedFor("QUERY-4M0fs", "lifetime"),
      );
    });
  },
);

it.each(ways)("the last moment that can be told is an expiration date, read over $name", async (protocol) => {
  const { id: userId } = await withMachine(world);
  const expirationDate = { seconds: endSeconds - 1n, nanos: 999_999_999 };
  await world.asAdmin(addPersonalAccessToken, { userId, expirationDate });
  const filters = [{ filter: { case: "userIdFilter", value: { id: userId } } as const }];
  expect(await errorOf(protocol, listPersonalAccessTokens, { filters })).toBeUndefined();
});
