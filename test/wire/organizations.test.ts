import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, describe, expect, it } from "@jest/globals";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { protocols } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type UserWithCode } from "../support/wire-world.ts";

/** The header x-zitadel-orgid: which organization a call of v1 is about. */

const { addHumanUser, getHumanPhone, getUserByID, listUsers, removeUser, updateHumanPhone } =
  ManagementService.method;

const world = await openWorld("safe");
const ways = protocols(world.url);

afterAll(async () => {
  for (const way of ways) way.close();
  await world.close();
});

/** The owner of an organization with one more user, who has a verified number; and somebody without a role. */
async function newOrganization() {
  const organizationId = `organization-${world.nobody().id}`;
  const user = await world.user({ phone: "verified", organizationId });
  const ownerToken = await world.caller("ORG_OWNER", organizationId);
  const otherToken = await world.caller(undefined, organizationId);
  return { organizationId, user, ownerToken, otherToken };
}

describe.each(ways)("over $name", (way) => {
  async function answer<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInitShape<I>,
    token: string,
    organizationId?: string,
  ): Promise<MessageShape<O> | { readonly code: number; readonly id: string | undefined }> {
    const named = organizationId === undefined ? {} : { "x-zitadel-orgid": organizationId };
    const headers = { authorization: `Bearer ${token}`, ...named };
    const { result } = await way.call(method, input, headers);
    if (!("error" in result)) return result.message;
    return { code: result.error.code, id: result.error.details[0]?.id };
  }

  const get = ({ id }: UserWithCode, token: string, organizationId?: string) =>
    answer(getUserByID, { id }, token, organizationId);
  const isUser = ({ id, organizationId }: UserWithCode) =>
    expect.objectContaining({
      user: expect.objectContaining({
        id,
        details: expect.objectContaining({ resourceOwner: organizationId }),
      }),
    });
  const notFound = { code: Code.NotFound, id: "QUERY-Dfbg2" };
  const lacksPermission = { code: Code.PermissionDenied, id: "AUTH-5mWD2" };
  const unknown = { code: Code.PermissionDenied, id: "AUTH-Bs7Ds" };

  it("finds a user of another organization only where that is named", async () => {
    const { user, organizationId } = await newOrganization();
    expect(await get(user, adminToken, organizationId)).toEqual(isUser(user));
    expect(await get(user, adminToken)).toEqual(notFound);
  });

  it("does not find a user of the caller's own organization where another is named", async () => {
    const { organizationId } = await newOrganization();
    const own = await world.user();
    expect(await get(own, adminToken)).toEqual(isUser(own));
    expect(await get(own, adminToken, organizationId)).toEqual(notFound);
  });

  it("lists the users of the organization that is named, and no others", async () => {
    const { user, organizationId } = await newOrganization();
    const listed = await answer(listUsers, {}, adminToken, organizationId);
    if (!("result" in listed)) throw new Error("refused");
    expect(listed.result.map(({ id }) => id)).toContain(user.id);
    expect(new Set(listed.result.map(({ details }) => details?.resourceOwner))).toEqual(
      new Set([organizationId]),
    );
    expect(listed.details?.totalResult).toBe(3n);
  });

  it("adds a user to the organization that is named", async () => {
    const { organizationId } = await newOrganization();
    const { id } = world.nobody();
    const human = {
      userName: id,
      profile: { firstName: "Ada", lastName: "Lovelace" },
      email: { email: `${id}@example.com` },
    };
    expect(await answer(addHumanUser, human, adminToken, organizationId)).toMatchObject({
      details: { resourceOwner: organizationId },
    });
  });

  it("reads and changes a number there", async () => {
    const { user, organizationId } = await newOrganization();
    const { id: userId, number, otherNumber: phone } = user;
    expect(await answer(getHumanPhone, { userId }, adminToken, organizationId)).toMatchObject({
      phone: { phone: number, isPhoneVerified: true },
    });
    expect(await answer(getHumanPhone, { userId }, adminToken)).toEqual({
      code: Code.NotFound,
      id: "QUERY-DAvb3",
    });
    const change = { userId, phone, isPhoneVerified: true };
    expect(await answer(updateHumanPhone, change, adminToken)).toEqual({
      code: Code.FailedPrecondition,
      id: "COMMAND-3M0fs",
    });
    expect(await answer(updateHumanPhone, change, adminToken, organizationId)).toMatchObject({
      details: { resourceOwner: organizationId },
    });
  });

  it("removes a user there only", async () => {
    const { user, organizationId } = await newOrganization();
    const missing = { code: Code.NotFound, id: "COMMAND-m9od" };
    expect(await answer(removeUser, { id: user.id }, adminToken)).toEqual(missing);
    expect(await answer(removeUser, { id: user.id }, adminToken, organizationId)).not.toEqual(missing);
    expect(await get(user, adminToken, organizationId)).toEqual(notFound);
  });

  it.each(["nowhere", "x".repeat(201), "__proto__"])("refuses %s, which nobody knows", async (id) => {
    const { user } = await newOrganization();
    expect(await get(user, adminToken, id)).toEqual(unknown);
  });

  it("takes the caller's own organization where the header is empty, or names it", async () => {
    const { user, organizationId, ownerToken } = await newOrganization();
    for (const named of [undefined, "", organizationId]) {
      expect(await get(user, ownerToken, named)).toEqual(isUser(user));
    }
  });

  it("refuses the owner of another organization", async () => {
    const one = await newOrganization();
    const another = await newOrganization();
    expect(await get(one.user, another.ownerToken, one.organizationId)).toEqual(lacksPermission);
    expect(await get(another.user, another.ownerToken, one.organizationId)).toEqual(lacksPermission);
    expect(await get(one.user, another.ownerToken)).toEqual(notFound);
  });

  it("does not tell somebody without a role that there is something", async () => {
    const { user, organizationId, otherToken } = await newOrganization();
    const nothing = { code: Code.NotFound, id: "AUTHZ-cdgFk" };
    expect(await get(user, otherToken)).toEqual(nothing);
    expect(await get(user, otherToken, organizationId)).toEqual(nothing);
    expect(await get(user, otherToken, (await newOrganization()).organizationId)).toEqual(nothing);
  });

  it("is of no use to see oneself, or a user of v2", async () => {
    const { user, organizationId } = await newOrganization();
    const own = await world.user({ phone: "verified" });
    const { getMyPhone } = AuthService.method;
    const token = await world.token(own.id);
    expect(await answer(getMyPhone, {}, token, organizationId)).toMatchObject({
      phone: { phone: own.number },
    });
    for (const named of [undefined, organizationId]) {
      const found = await answer(UserService.method.getUserByID, { userId: user.id }, adminToken, named);
      expect(found).toMatchObject({ user: { userId: user.id } });
    }
  });
});
