import { once } from "node:events";
import { type ClientHttp2Stream, connect } from "node:http2";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { RoleService } from "../../gen/ringback/role/v1/role_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { openWorld } from "../support/wire-world.ts";

/** Who calls is asked when the headers of a call are there. What was done since must hold for it all the same. */

const { deactivateUser, getUserByID, lockUser, removePhone, setPhone } = UserService.method;

const world = await openWorld("safe");
const session = connect(world.url);
beforeAll(async () => void (await once(session, "connect")));
afterAll(async () => {
  session.close();
  await world.close();
});

interface Call {
  /** Sends the body. @returns the answer */
  finish(): Promise<unknown>;
}

/** A call of which the server has everything but the body. */
async function begin(token: string, method: string, body: object): Promise<Call> {
  // The first check of a token takes as long as it takes; later ones are done at once.
  await answerTo(request(token, "GetUserByID").end("{}"));
  const open = request(token, method);
  // One connection is read in order: once this is answered, the caller of the other is known.
  await answerTo(request(token, "GetUserByID").end("{}"));
  return { finish: () => answerTo(open.end(JSON.stringify(body))) };
}

function request(token: string, method: string): ClientHttp2Stream {
  return session.request({
    ":method": "POST",
    ":path": `/${UserService.typeName}/${method}`,
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  });
}

const answerTo = (stream: ClientHttp2Stream): Promise<unknown> => json(stream);

async function stateOf(userId: string): Promise<unknown> {
  return (await world.asAdmin(getUserByID, { userId })).user?.state;
}

const inactive = 2;
const denied = { code: "permission_denied" };

it("a user who is deactivated does not undo that with a call that began before", async () => {
  const { id: userId } = await world.user();
  const reactivation = await begin(await world.token(userId), "ReactivateUser", { userId });
  await world.asAdmin(deactivateUser, { userId });
  expect(await reactivation.finish()).toMatchObject(denied);
  expect(await stateOf(userId)).toBe(inactive);
});

it("a manager does not, either", async () => {
  const { id: userId } = await world.user();
  const token = await world.token(userId);
  await world.asAdmin(RoleService.method.setRoles, { userId, roles: ["ORG_USER_MANAGER"] });
  const reactivation = await begin(token, "ReactivateUser", { userId });
  await world.asAdmin(deactivateUser, { userId });
  expect(await reactivation.finish()).toMatchObject(denied);
  expect(await stateOf(userId)).toBe(inactive);
});

it("a user who is locked does not get out of that by way of two calls", async () => {
  const { id: userId } = await world.user();
  const token = await world.token(userId);
  await world.asAdmin(lockUser, { userId });
  const reactivation = await begin(token, "ReactivateUser", { userId });
  await world.callAs(token, deactivateUser, { userId });
  expect(await reactivation.finish()).toMatchObject(denied);
  expect(await stateOf(userId)).toBe(inactive);
});

it("no SMS goes out for a user who was deactivated since", async () => {
  const { id: userId, number: phone } = await world.user();
  const change = await begin(await world.token(userId), setPhone.name, { userId, phone });
  await world.asAdmin(deactivateUser, { userId });
  expect(await change.finish()).toMatchObject(denied);
});

it.each([
  { method: setPhone.name, body: { phone: "+41791234567", isVerified: true } },
  { method: removePhone.name, body: {} },
])("a manager does nothing by $method that needs a role, either", async ({ method, body }) => {
  const { id: userId } = await world.user({ phone: "pending" });
  const token = await world.token(userId);
  await world.asAdmin(RoleService.method.setRoles, { userId, roles: ["ORG_USER_MANAGER"] });
  const change = await begin(token, method, { userId, ...body });
  await world.asAdmin(deactivateUser, { userId });
  expect(await change.finish()).toMatchObject(denied);
});
