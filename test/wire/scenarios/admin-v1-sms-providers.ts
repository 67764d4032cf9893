import type { JsonObject } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { AdminService } from "../../../gen/zitadel/admin/v1/admin_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import { ok, permissionRows, refused, rowsOf, type Scenario } from "./scenario.ts";
import { settingDetails } from "./settings-json.ts";
import {
  about,
  twilioShown,
  httpShown,
  type Provider,
  withoutProvider,
  addTwilio,
  addHttp,
  withTwilio,
  withHttp,
  activated,
  withRemoved,
  byId,
  expectProvider,
  idRows,
} from "./sms-provider-rows.ts";

/** zitadel.admin.v1.AdminService: SMS providers. They belong to the instance: for a world of its own. */

const { method } = AdminService;
const nothing = (): object => ({});
const active = "SMS_PROVIDER_CONFIG_ACTIVE";
const inactive = "SMS_PROVIDER_CONFIG_INACTIVE";
const tooLong = "x".repeat(201);

// -------------------------------------------------------------------- GetSMSProvider, ListSMSProviders

const get = rowsOf("admin.v1 GetSMSProvider", method.getSMSProvider);
const list = rowsOf("admin.v1 ListSMSProviders", method.listSMSProviders);

const shown = (
  { id, sequence, createdMs }: Provider,
  state: string,
  config: object,
  changedMs = createdMs,
): object => ({
  id,
  state,
  ...config,
  details: settingDetails("instance", sequence, createdMs, changedMs),
});

const withTwo = async (world: World) => {
  const first = await withTwilio(world);
  return { ...first, second: await activated(addHttp)(world) };
};
const asTwilio = { description: "Twilio", twilio: twilioShown };
const asHttp = { description: "A webhook", http: httpShown };

const total =
  (totalResult: string | undefined) =>
  async (_: TestUser, __: World, { details }: JsonObject): Promise<void> =>
    expect(details).toEqual({ ...(totalResult && { totalResult }), viewTimestamp: expect.any(String) });

const readRows: readonly Scenario[] = [
  get({
    name: "an inactive one of Twilio, without its token",
    everyWay: true,
    given: withTwilio,
    caller: "IAM_OWNER",
    input: byId,
    expect: (given) => ok({ config: shown(given, inactive, asTwilio) }),
  }),
  get({
    name: "an active webhook, without its signing key",
    everyWay: true,
    given: activated(withHttp),
    caller: "administrator",
    input: byId,
    expect: (given, { clock }) => ok({ config: shown(given, active, asHttp, clock.ms) }),
  }),
  ...idRows(get, { request: "GetSMSProviderRequest", missing: "QUERY-fn99w", id: 100 }),
  ...permissionRows(get, { id: "x".repeat(101) }, "ORG_OWNER"),
  list({
    name: "none",
    everyWay: true,
    given: withoutProvider,
    caller: "IAM_OWNER",
    input: nothing,
    expect: ok(),
    after: total(undefined),
  }),
  list({
    name: "in the order in which they were added",
    everyWay: true,
    given: withTwo,
    caller: "administrator",
    input: nothing,
    expect: (given, { clock }) =>
      ok({ result: [shown(given, inactive, asTwilio), shown(given.second, active, asHttp, clock.ms)] }),
    after: total("2"),
  }),
  list({
    name: "the newest first, one of them",
    given: withTwo,
    caller: "administrator",
    input: () => ({ query: { limit: 1 } }),
    expect: ({ second }) => ok({ result: [expect.objectContaining({ id: second.id })] }),
    after: total("2"),
  }),
  list({
    name: "the second page",
    given: withTwo,
    caller: "administrator",
    input: () => ({ query: { asc: true, offset: 1n } }),
    expect: ({ second }) => ok({ result: [expect.objectContaining({ id: second.id })] }),
    after: total("2"),
  }),
  list({
    name: "not one that was removed",
    given: withRemoved,
    caller: "administrator",
    input: nothing,
    expect: ok(),
  }),
  list({
    name: "1,001 at once",
    given: withoutProvider,
    caller: "administrator",
    input: () => ({ query: { limit: 1_001 } }),
    expect: refused(Code.InvalidArgument, "QUERY-4M0fs"),
  }),
  ...permissionRows(list, {}, "ORG_OWNER"),
];

// ------------------------------------------------ ActivateSMSProvider, DeactivateSMSProvider, RemoveSMSProvider

const activate = rowsOf("admin.v1 ActivateSMSProvider", method.activateSMSProvider);
const deactivate = rowsOf("admin.v1 DeactivateSMSProvider", method.deactivateSMSProvider);
const remove = rowsOf("admin.v1 RemoveSMSProvider", method.removeSMSProvider);

/** A Twilio provider that is inactive, and an active webhook beside it. */
async function withAnotherActive(world: World): Promise<Provider & { readonly other: string }> {
  const provider = await withTwilio(world);
  const { id: other } = await activated(addHttp)(world);
  return { ...provider, other };
}

const alreadyActive = refused(Code.FailedPrecondition, "COMMAND-B25GFeIvRi");
const alreadyInactive = refused(Code.FailedPrecondition, "COMMAND-OSZAEkYvk7");
const isActive = expectProvider({ state: 1 });
const isInactive = expectProvider({ state: 2 });

const stateRows: readonly Scenario[] = [
  ...[withTwilio, withHttp].map((given) =>
    activate({
      name: given === withHttp ? "a webhook" : "one of Twilio",
      everyWay: true,
      given,
      caller: "IAM_OWNER",
      input: byId,
      expect: ok(),
      effect: ["settings.sms.provider.activated"],
      about,
      after: isActive,
    }),
  ),
  activate({
    name: "in the place of the active one",
    given: withAnotherActive,
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: ["settings.sms.provider.activated"],
    about,
    after: async (given, world, json) => {
      await isActive(given, world, json);
      await expectProvider({ state: 2 }, given.other)(given, world, json);
    },
  }),
  activate({
    name: "one that is active",
    given: activated(withHttp),
    caller: "administrator",
    input: byId,
    expect: alreadyActive,
  }),
  activate({
    name: "Twilio Verify",
    given: async (world) => {
      await withoutProvider(world);
      return addTwilio(world, "VA0001");
    },
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: ["settings.sms.provider.activated"],
    about,
    after: isActive,
  }),
  ...idRows(activate, { request: "ActivateSMSProviderRequest", missing: "COMMAND-9ULtp9PH5E", id: 200 }),
  ...permissionRows(activate, { id: tooLong }, "ORG_OWNER"),

  deactivate({
    name: "the active one",
    everyWay: true,
    given: activated(withHttp),
    caller: "IAM_OWNER",
    input: byId,
    expect: ok(),
    effect: ["settings.sms.provider.deactivated"],
    about,
    after: isInactive,
  }),
  ...[withHttp, withAnotherActive].map((given) =>
    deactivate({
      name: given === withHttp ? "one that was never active" : "one beside the active one",
      given,
      caller: "administrator",
      input: byId,
      expect: alreadyInactive,
    }),
  ),
  ...idRows(deactivate, { request: "DeactivateSMSProviderRequest", missing: "COMMAND-La91dGNhbM", id: 200 }),
  ...permissionRows(deactivate, { id: tooLong }, "ORG_OWNER"),

  ...[withTwilio, activated(withHttp)].map((given) =>
    remove({
      name: given === withTwilio ? "an inactive one" : "the active one",
      everyWay: true,
      given,
      caller: "IAM_OWNER",
      input: byId,
      expect: ok(),
      effect: ["settings.sms.provider.removed"],
      about,
      after: async ({ id }, world) => {
        await expect(world.asAdmin(method.getSMSProvider, { id })).rejects.toThrow("QUERY-fn99w");
      },
    }),
  ),
  remove({
    name: "one beside the active one, which stays so",
    given: withAnotherActive,
    caller: "administrator",
    input: byId,
    expect: ok(),
    effect: ["settings.sms.provider.removed"],
    about,
    after: (given, world, json) => expectProvider({ state: 1 }, given.other)(given, world, json),
  }),
  ...idRows(remove, { request: "RemoveSMSProviderRequest", missing: "COMMAND-povEVHPCkV", id: 200 }),
  ...permissionRows(remove, { id: tooLong }, "ORG_OWNER"),
];

export const adminV1SmsProviders: readonly Scenario[] = [...readRows, ...stateRows];
