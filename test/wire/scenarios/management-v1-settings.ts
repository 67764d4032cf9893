import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { ManagementService } from "../../../gen/zitadel/management/v1/management_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import { type UserWithToken, withoutPhone } from "./givens.ts";
import { inOwnOrganization, organizationRefused, withLockout, withOwner } from "./management-v1-rows.ts";
import {
  ok,
  type Outcome,
  permissionRows,
  refused,
  rowsOf,
  type Scenario,
  type Subject,
} from "./scenario.ts";
import { builtInDetails, builtInLockout, lockoutLimits, settingDetails } from "./settings-json.ts";

/**
 * zitadel.management.v1.ManagementService: the lockout policy of the organization, in a world where nothing is set
 * for the instance.
 */

const { method } = ManagementService;
const nothing = (): object => ({});
const settingsOf = ({ organizationId, createdMs }: TestUser): Subject => ({
  id: organizationId,
  organizationId,
  createdMs,
});

/** The policy is 3 wrong passwords and 5 wrong codes since a second; it has just been changed. */
async function withChangedLockout(world: World): Promise<UserWithToken> {
  const user = await withLockout(world);
  await world.callAs(user.token, method.updateCustomLockoutPolicy, {
    maxPasswordAttempts: 4,
    maxOtpAttempts: 6,
  });
  return user;
}

async function withResetLockout(world: World): Promise<UserWithToken> {
  const user = await withLockout(world);
  await world.callAs(user.token, method.resetLockoutPolicyToDefault, {});
  return user;
}

const builtInOnly = (_: TestUser, world: World): Outcome =>
  ok({ policy: { ...builtInLockout(world), isDefault: true, details: builtInDetails } });
const builtIn = (_: TestUser, world: World): Outcome =>
  ok({ policy: { ...builtInLockout(world), isDefault: true, details: builtInDetails }, isDefault: true });

const own =
  (maxPasswordAttempts: number, maxOtpAttempts: number) =>
  async ({ token }: UserWithToken, world: World): Promise<void> => {
    const { policy, isDefault } = await world.callAs(token, method.getLockoutPolicy, {});
    expect(policy).toMatchObject({
      maxPasswordAttempts: BigInt(maxPasswordAttempts),
      maxOtpAttempts: BigInt(maxOtpAttempts),
      isDefault: false,
    });
    expect(isDefault).toBe(false);
  };

// ----------------------------------------------------------- GetLockoutPolicy, GetDefaultLockoutPolicy

const get = rowsOf("management.v1 GetLockoutPolicy", method.getLockoutPolicy);
const getDefault = rowsOf("management.v1 GetDefaultLockoutPolicy", method.getDefaultLockoutPolicy);

const getRows: readonly Scenario[] = [
  get({
    name: "built in",
    everyWay: true,
    given: withOwner,
    caller: "self",
    input: nothing,
    expect: builtIn,
  }),
  get({
    name: "the organization's",
    everyWay: true,
    given: withLockout,
    caller: "self",
    input: nothing,
    expect: ({ organizationId, createdMs }) =>
      ok({ policy: { ...lockoutLimits(3, 5), details: settingDetails(organizationId, 1, createdMs) } }),
  }),
  get({
    name: "the organization's that the header names, after a change",
    given: withChangedLockout,
    caller: "administrator",
    headers: inOwnOrganization,
    input: nothing,
    expect: ({ organizationId, createdMs }, { clock }) =>
      ok({
        policy: { ...lockoutLimits(4, 6), details: settingDetails(organizationId, 2, createdMs, clock.ms) },
      }),
  }),
  get({
    name: "built in, after that of the organization was removed",
    given: withResetLockout,
    caller: "self",
    input: nothing,
    expect: builtIn,
  }),
  getDefault({
    name: "built in, although the organization has one",
    everyWay: true,
    given: withLockout,
    caller: "self",
    input: nothing,
    expect: builtInOnly,
  }),
  ...(["IAM_LOGIN_CLIENT", "ORG_USER_MANAGER", "ORG_OWNER_VIEWER"] as const).flatMap((caller) => [
    get({ name: `by ${caller}`, given: withoutPhone, caller, input: nothing, expect: builtIn }),
    getDefault({ name: `by ${caller}`, given: withoutPhone, caller, input: nothing, expect: builtInOnly }),
  ]),
  ...organizationRefused.flatMap((refusal) => [
    get({ ...refusal, input: nothing }),
    getDefault({ ...refusal, input: nothing }),
  ]),
  ...permissionRows(get, {}, "IAM_USER_MANAGER"),
  ...permissionRows(getDefault, {}, "IAM_USER_MANAGER"),
];

// ---------------------------------------------------------------------------- AddCustomLockoutPolicy

const add = rowsOf("management.v1 AddCustomLockoutPolicy", method.addCustomLockoutPolicy);
const limits = { maxPasswordAttempts: 7, maxOtpAttempts: 8 };
const set = { expect: ok(), effect: ["settings.lockout.set"], about: settingsOf } as const;

const addRows: readonly Scenario[] = [
  add({
    name: "by the owner",
    everyWay: true,
    given: withOwner,
    caller: "self",
    input: () => limits,
    ...set,
    details: "add",
    after: own(7, 8),
  }),
  add({
    name: "in the organization that the header names, one that never locks",
    given: withOwner,
    caller: "administrator",
    headers: inOwnOrganization,
    input: nothing,
    ...set,
    details: "add",
    after: own(0, 0),
  }),
  add({
    name: "again after it was removed",
    given: withResetLockout,
    caller: "self",
    input: () => limits,
    ...set,
    details: "add",
    after: own(7, 8),
  }),
  add({
    name: "there is one",
    given: withLockout,
    caller: "self",
    input: () => limits,
    expect: refused(Code.AlreadyExists, "ORG-0olDf"),
  }),
  ...organizationRefused.map((refusal) => add({ ...refusal, input: nothing })),
  ...permissionRows(add, {}, "ORG_USER_MANAGER"),
];

// ------------------------------------------------------------------------- UpdateCustomLockoutPolicy

const update = rowsOf("management.v1 UpdateCustomLockoutPolicy", method.updateCustomLockoutPolicy);

const updateRows: readonly Scenario[] = [
  update({
    name: "by the owner",
    everyWay: true,
    given: withLockout,
    caller: "self",
    input: () => limits,
    ...set,
    after: own(7, 8),
  }),
  update({
    name: "only wrong codes, in the organization that the header names",
    given: withLockout,
    caller: "administrator",
    headers: inOwnOrganization,
    input: () => ({ maxPasswordAttempts: 3, maxOtpAttempts: 6 }),
    ...set,
    after: own(3, 6),
  }),
  update({
    name: "only wrong passwords",
    given: withLockout,
    caller: "self",
    input: () => ({ maxPasswordAttempts: 4, maxOtpAttempts: 5 }),
    ...set,
    after: own(4, 5),
  }),
  update({
    name: "to what it is",
    given: withLockout,
    caller: "self",
    input: () => ({ maxPasswordAttempts: 3, maxOtpAttempts: 5 }),
    expect: refused(Code.FailedPrecondition, "ORG-4M9vs"),
  }),
  ...[withOwner, withResetLockout].map((given) =>
    update({
      name: given === withOwner ? "there is none" : "it was removed",
      given,
      caller: "self",
      input: () => limits,
      expect: refused(Code.NotFound, "ORG-ADfs1"),
    }),
  ),
  ...organizationRefused.map((refusal) => update({ ...refusal, input: nothing })),
  ...permissionRows(update, {}, "ORG_OWNER_VIEWER"),
];

// ----------------------------------------------------------------------- ResetLockoutPolicyToDefault

const reset = rowsOf("management.v1 ResetLockoutPolicyToDefault", method.resetLockoutPolicyToDefault);

const resetRows: readonly Scenario[] = [
  reset({
    name: "by the owner",
    everyWay: true,
    given: withLockout,
    caller: "self",
    input: nothing,
    expect: ok(),
    effect: ["settings.lockout.removed"],
    about: settingsOf,
    after: async ({ token }, world) => {
      expect(await world.callAs(token, method.getLockoutPolicy, {})).toMatchObject({ isDefault: true });
    },
  }),
  reset({
    name: "in the organization that the header names",
    given: withLockout,
    caller: "administrator",
    headers: inOwnOrganization,
    input: nothing,
    expect: ok(),
    effect: ["settings.lockout.removed"],
    about: settingsOf,
  }),
  ...[withOwner, withResetLockout].map((given) =>
    reset({
      name: given === withOwner ? "there is none" : "it was removed already",
      given,
      caller: "self",
      input: nothing,
      expect: refused(Code.NotFound, "ORG-D4zuz"),
    }),
  ),
  ...organizationRefused.map((refusal) => reset({ ...refusal, input: nothing })),
  ...permissionRows(reset, {}, "ORG_USER_MANAGER"),
];

export const managementV1Settings: readonly Scenario[] = [
  ...getRows,
  ...addRows,
  ...updateRows,
  ...resetRows,
];
