import { Code } from "@connectrpc/connect";
import { SettingsService } from "../../../gen/zitadel/settings/v2/settings_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import { nobody, withoutPhone } from "./givens.ts";
import { inOwnOrganization, organizationRefused, withLockout, withOwner } from "./management-v1-rows.ts";
import { invalid, ok, permissionRows, refused, rowsOf, type Scenario } from "./scenario.ts";
import { builtInLockout, lockoutLimits } from "./settings-json.ts";

/** zitadel.settings.v2.SettingsService, in a world where nothing is set for the instance. */

const get = rowsOf("settings.v2 GetLockoutSettings", SettingsService.method.getLockoutSettings);

const ofInstance = { ctx: { resourceOwner: { case: "instance", value: true } } } as const;
const ofOrganization = ({ organizationId }: TestUser) =>
  ({ ctx: { resourceOwner: { case: "orgId", value: organizationId } } }) as const;

const builtIn = (_: TestUser, world: World) =>
  ok({ settings: { ...builtInLockout(world), resourceOwnerType: "RESOURCE_OWNER_TYPE_INSTANCE" } });
const own = ok({ settings: { ...lockoutLimits(3, 5), resourceOwnerType: "RESOURCE_OWNER_TYPE_ORG" } });
const settingsOf = ({ organizationId, createdMs }: TestUser) => ({
  id: organizationId,
  organizationId,
  createdMs,
});

export const settingsV2: readonly Scenario[] = [
  get({
    name: "built in",
    everyWay: true,
    given: withOwner,
    caller: "self",
    input: () => ({}),
    expect: builtIn,
    details: "built-in",
  }),
  get({
    name: "of the caller's organization",
    everyWay: true,
    given: withLockout,
    caller: "self",
    input: () => ({}),
    expect: own,
    about: settingsOf,
  }),
  get({
    name: "of the organization that the header names",
    given: withLockout,
    caller: "administrator",
    headers: inOwnOrganization,
    input: () => ({}),
    expect: own,
    about: settingsOf,
  }),
  get({
    name: "of the organization that the request names",
    given: withLockout,
    caller: "administrator",
    input: ofOrganization,
    expect: own,
    about: settingsOf,
  }),
  get({
    name: "of an organization that is named by nothing",
    given: withLockout,
    caller: "self",
    input: () => ({ ctx: { resourceOwner: { case: "orgId", value: "" } } }),
    expect: own,
    about: settingsOf,
  }),
  get({
    name: "of the instance, by the owner of an organization",
    given: withLockout,
    caller: "self",
    input: () => ofInstance,
    expect: builtIn,
    details: "built-in",
  }),
  ...(["IAM_LOGIN_CLIENT", "ORG_OWNER_VIEWER", "ORG_USER_MANAGER"] as const).map((caller) =>
    get({
      name: `by ${caller}`,
      given: withoutPhone,
      caller,
      input: () => ({}),
      expect: builtIn,
      details: "built-in",
    }),
  ),
  get({
    name: "of an organization where the caller has no rights",
    given: withLockout,
    caller: "ORG_OWNER elsewhere",
    input: ofOrganization,
    expect: refused(Code.PermissionDenied, "AUTH-AWfge"),
  }),
  get({
    name: "not of the instance, although it says so",
    given: nobody,
    caller: "administrator",
    input: () => ({ ctx: { resourceOwner: { case: "instance", value: false } } }),
    expect: invalid("GetLockoutSettingsRequest.ctx.instance"),
  }),
  ...organizationRefused.map((row) => get({ ...row, input: () => ({}) })),
  ...permissionRows(get, { ctx: { resourceOwner: { case: "instance", value: false } } }, "IAM_USER_MANAGER"),
];
