import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { DeliveryService } from "../../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { AdminService } from "../../../gen/zitadel/admin/v1/admin_service_pb.js";
import type { World } from "../../support/wire-world.ts";
import { invalid, ok, permissionRows, refused, rowsOf, type Scenario } from "./scenario.ts";
import { time } from "./settings-json.ts";
import { about, addHttp, byId, type Provider, withoutProvider, withTwilio } from "./sms-provider-rows.ts";

/** ringback.delivery.v1.DeliveryService: routes, in a world of its own. */

const { method } = DeliveryService;

interface Providers extends Provider {
  readonly other: string;
}

async function withTwo(world: World): Promise<Providers> {
  const first = await withTwilio(world);
  return { ...first, other: (await addHttp(world)).id };
}

const target = (providerId: string, weight = 1, step = 0): object => ({ providerId, weight, step });

/** Switzerland and Germany by the one and then the other, every other country by both at once. */
const routesOf = ({ id, other }: Providers) => [
  { countries: ["CH", "DE"], targets: [target(id, 1000), target(other, 1, 9)] },
  { countries: [], targets: [target(id, 3), target(other, 1)] },
];

async function withRoutes(world: World): Promise<Providers> {
  const given = await withTwo(world);
  await world.asAdmin(method.setRoutes, { routes: routesOf(given) });
  const createdMs = world.clock.ms;
  world.clock.ms += 1_000;
  return { ...given, createdMs };
}

const setting = rowsOf("delivery.v1 SetRoutes", method.setRoutes);
const getting = rowsOf("delivery.v1 GetRoutes", method.getRoutes);
const removing = rowsOf("admin.v1 RemoveSMSProvider", AdminService.method.removeSMSProvider);

const set = { effect: ["settings.sms.routes.set"], about } as const;
const changedNow = (_: unknown, { clock }: World) => ok({ changeTime: time(clock.ms) });
const routes = (count: number, id: string, targets = 1) =>
  Array.from({ length: count }, () => ({ targets: Array.from({ length: targets }, () => target(id)) }));

export const deliveryV1Routes: readonly Scenario[] = [
  setting({
    name: "by country, weight and step",
    everyWay: true,
    given: withTwo,
    caller: "IAM_OWNER",
    input: (given) => ({ routes: routesOf(given) }),
    expect: changedNow,
    ...set,
    after: async (given, world) => {
      const { routes: found } = await world.asAdmin(method.getRoutes, {});
      expect(found).toMatchObject(routesOf(given));
    },
  }),
  setting({
    name: "a hundred",
    given: withTwilio,
    caller: "administrator",
    input: ({ id }) => ({ routes: routes(100, id) }),
    expect: changedNow,
    ...set,
  }),
  setting({
    name: "the same again",
    given: withRoutes,
    caller: "administrator",
    input: (given) => ({ routes: routesOf(given) }),
    expect: ({ createdMs }) => ok({ changeTime: time(createdMs) }),
  }),
  setting({
    name: "none any more",
    given: withRoutes,
    caller: "administrator",
    input: () => ({ routes: [] }),
    expect: changedNow,
    ...set,
    after: async ({ id }, world) => {
      await world.asAdmin(AdminService.method.removeSMSProvider, { id });
    },
  }),
  ...["UK", "ch", "XX", ""].map((country) =>
    setting({
      name: `the country ${JSON.stringify(country)}`,
      given: withTwilio,
      caller: "administrator",
      input: ({ id }) => ({ routes: [{ countries: ["CH", country], targets: [target(id)] }] }),
      expect: refused(Code.InvalidArgument, "SMS-c0Unt", country),
    }),
  ),
  ...["314159265358979323", "constructor"].map((providerId) =>
    setting({
      name: `a provider that is not there: ${providerId}`,
      given: withTwilio,
      caller: "administrator",
      input: ({ id }) => ({ routes: [{ targets: [target(id), target(providerId)] }] }),
      expect: refused(Code.FailedPrecondition, "SMS-p0Mis", providerId),
    }),
  ),
  setting({
    name: "a provider twice",
    given: withTwilio,
    caller: "administrator",
    input: ({ id }) => ({ routes: [{ targets: [target(id), target(id, 1, 1)] }] }),
    expect: refused(Code.InvalidArgument, "SMS-t0Wic"),
  }),
  ...(
    [
      ["routes: ", 101, 1],
      ["routes[0].targets", 1, 0],
      ["routes[0].targets", 1, 11],
    ] as const
  ).map(([field, count, targets]) =>
    setting({
      name: `${count} routes of ${targets} targets`,
      given: withTwilio,
      caller: "administrator",
      input: ({ id }) => ({ routes: routes(count, id, targets) }),
      expect: invalid(`SetRoutesRequest.${field.replace(": ", "")}`),
    }),
  ),
  ...(
    [
      ["weight", 0, 0],
      ["weight", 1_001, 0],
      ["step", 1, 10],
    ] as const
  ).map(([field, weight, step]) =>
    setting({
      name: `a weight of ${weight} at step ${step}`,
      given: withTwilio,
      caller: "administrator",
      input: ({ id }) => ({ routes: [{ targets: [target(id, weight, step)] }] }),
      expect: invalid(`SetRoutesRequest.routes[0].targets[0].${field}`),
    }),
  ),
  setting({
    name: "a country by three letters",
    given: withTwilio,
    caller: "administrator",
    input: ({ id }) => ({ routes: [{ countries: ["CHE"], targets: [target(id)] }] }),
    expect: invalid("SetRoutesRequest.routes[0].countries[0]"),
  }),
  setting({
    name: "a country twice",
    given: withTwilio,
    caller: "administrator",
    input: ({ id }) => ({ routes: [{ countries: ["CH", "CH"], targets: [target(id)] }] }),
    expect: invalid("SetRoutesRequest.routes[0].countries"),
  }),
  ...permissionRows(setting, { routes: [{}] }, "ORG_OWNER"),

  getting({
    name: "those that are set",
    everyWay: true,
    given: withRoutes,
    caller: "administrator",
    input: () => ({}),
    expect: ({ id, other, createdMs }) =>
      ok({
        changeTime: time(createdMs),
        routes: [
          {
            countries: ["CH", "DE"],
            targets: [
              { providerId: id, weight: 1000 },
              { providerId: other, weight: 1, step: 9 },
            ],
          },
          {
            targets: [
              { providerId: id, weight: 3 },
              { providerId: other, weight: 1 },
            ],
          },
        ],
      }),
  }),
  getting({
    name: "none",
    given: withoutProvider,
    caller: "administrator",
    input: () => ({}),
    // Those of other scenarios may have been taken away.
    expect: { kind: "ok", json: expect.not.objectContaining({ routes: expect.anything() }) as object },
  }),
  ...permissionRows(getting, {}, "ORG_OWNER"),

  removing({
    name: "one that a route names",
    everyWay: true,
    given: withRoutes,
    caller: "administrator",
    input: byId,
    expect: refused(Code.FailedPrecondition, "SMS-r0Ute", "Twilio"),
  }),
];
