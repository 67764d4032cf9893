import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { RoleService } from "../../../gen/ringback/role/v1/role_service_pb.js";
import { ManagementService } from "../../../gen/zitadel/management/v1/management_service_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import { deleted, nobody, type UserWithToken, withoutPhone } from "./givens.ts";
import { type Outcome, refused, type Row } from "./scenario.ts";

/** What many rows about zitadel.management.v1.ManagementService share. */

const { healthz } = ManagementService.method;

/** All that does not depend on the method. */
type AnyRow = Pick<Row<typeof healthz.input, TestUser>, "name" | "given" | "caller" | "headers">;

/** Whom a call does not find, and why. */
export const notFound: readonly AnyRow[] = [
  { name: "nobody has the id", given: nobody, caller: "administrator" },
  { name: "a deleted user", given: deleted, caller: "administrator" },
  { name: "a user of another organization", given: withoutPhone, caller: "ORG_OWNER elsewhere" },
  {
    name: "a user of another organization than the header names",
    given: withOrganizationElsewhere,
    caller: "administrator",
    headers: elsewhere,
  },
];

/** What the header x-zitadel-orgid brings about before the request is read. */
export const organizationRefused: readonly (AnyRow & { readonly expect: Outcome })[] = [
  {
    name: "an organization that nobody knows",
    given: nobody,
    caller: "administrator",
    headers: () => ({ "x-zitadel-orgid": "nowhere" }),
    expect: refused(Code.PermissionDenied, "AUTH-Bs7Ds"),
  },
  {
    name: "an organization where the caller has no rights",
    given: nobody,
    caller: "ORG_OWNER elsewhere",
    headers: () => ({ "x-zitadel-orgid": "default" }),
    expect: refused(Code.PermissionDenied, "AUTH-5mWD2"),
  },
];

/** A user, while there is another organization, too. */
export async function withOrganizationElsewhere(world: World): Promise<UserWithCode> {
  await world.user({ organizationId: "elsewhere" });
  return world.user();
}

/** The header that names the other organization. */
export function elsewhere(): Readonly<Record<string, string>> {
  return { "x-zitadel-orgid": "elsewhere" };
}

/** The header that names the organization of what was given. */
export function inOwnOrganization({ organizationId }: TestUser): Readonly<Record<string, string>> {
  return { "x-zitadel-orgid": organizationId };
}

/** An organization that nothing else belongs to. */
export function newOrganization(world: World): string {
  return `organization-of-${world.nobody().id}`;
}

/** A human user of the world as v1 shows them. */
export function v1Human({ id, organizationId }: TestUser, state: string, phone: object): object {
  return {
    id,
    state,
    userName: `${id}@example.com`,
    loginNames: [`${id}@example.com`],
    preferredLoginName: `${id}@example.com`,
    human: {
      profile: {
        firstName: "Ada",
        lastName: "Lovelace",
        displayName: "Ada Lovelace",
        preferredLanguage: "und",
      },
      email: { email: `${id}@example.com` },
      phone,
    },
    details: expect.objectContaining({ resourceOwner: organizationId }),
  };
}

/** The owner of an organization that nobody else belongs to. */
export async function withOwner(world: World): Promise<UserWithCode & UserWithToken> {
  const user = await world.user({ organizationId: newOrganization(world) });
  await world.asAdmin(RoleService.method.setRoles, { userId: user.id, roles: ["ORG_OWNER"] });
  return { ...user, token: await world.token(user.id) };
}

/** The same, where the organization locks after 3 wrong passwords or 5 wrong codes. */
export async function withLockout(world: World): Promise<UserWithCode & UserWithToken> {
  const user = await withOwner(world);
  const limits = { maxPasswordAttempts: 3, maxOtpAttempts: 5 };
  await world.callAs(user.token, ManagementService.method.addCustomLockoutPolicy, limits);
  world.clock.ms += 1_000;
  return user;
}
