import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  DeliveryService,
  type Message,
  MessageState,
} from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { Profile } from "../../src/domain/policy.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";

/** Codes for numbers that no route leads to, and by channels that nobody sends by. */

const { addOTPSMS, getUserByID, setPhone } = UserService.method;
const { createSession } = SessionService.method;
const { addProvider, listMessages, setRoutes } = DeliveryService.method;

const returnCode = { case: "returnCode", value: {} } as const;
const german = "+4915112345678";
const refused = "no SMS provider is set up for that. (PHONE-n0Way)";

async function openWithRouteTo(profile: Profile, country: string): Promise<World> {
  const world = await openWorld(profile);
  const { id: providerId } = await world.asAdmin(addProvider, { config: { case: "inbox", value: {} } });
  const targets = [{ providerId, weight: 1 }];
  await world.asAdmin(setRoutes, { routes: [{ countries: [country], targets }] });
  return world;
}

/** Asks for a code that goes a certain way. @returns the HTTP status, and what was answered */
async function setPhoneOver(
  world: World,
  userId: string,
  phone: string,
  channel: string,
): Promise<readonly [number, string]> {
  const response = await fetch(`${world.url}/v2/users/${userId}/phone`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "ringback-channel": channel },
    body: JSON.stringify({ phone }),
  });
  return [response.status, await response.text()];
}

describe("in profile safe", () => {
  let world: World;
  beforeAll(async () => void (world = await openWithRouteTo("safe", "DE")));
  afterAll(() => world.close());

  it("the number is not set, and nothing waits", async () => {
    const { id: userId, number: phone } = await world.user();
    await expect(world.asAdmin(setPhone, { userId, phone })).rejects.toThrow(refused);
    const { user } = await world.asAdmin(getUserByID, { userId });
    expect(user?.type.value).toMatchObject({ phone: { phone: "" } });
    expect((await world.asAdmin(listMessages, { userId })).messages).toEqual([]);
    await world.asAdmin(setPhone, { userId, phone: german });
    expect((await world.lastMessage(german)).code).toMatch(/^\d{6}$/);
  });

  it("a code that the caller gets needs no way", async () => {
    const { id: userId, number: phone } = await world.user();
    const { verificationCode } = await world.asAdmin(setPhone, { userId, phone, verification: returnCode });
    expect(verificationCode).toMatch(/^\d{6}$/);
  });

  it("a login is told at once", async () => {
    const { id: userId } = await world.user({ phone: "verified" });
    await world.asAdmin(addOTPSMS, { userId });
    const session = {
      checks: { user: { search: { case: "userId", value: userId } } },
      challenges: { otpSms: {} },
    } as const;
    await expect(world.asAdmin(createSession, session)).rejects.toThrow(refused);
  });
});

describe("in profile safe, without routes", () => {
  let world: World;
  beforeAll(async () => void (world = await openWorld("safe")));
  afterAll(() => world.close());

  it.each([
    ["sms", 200, ""],
    ["voice", 400, "PHONE-n0Way"],
  ])("by %s", async (channel, status, id) => {
    const user = await world.user();
    expect(await setPhoneOver(world, user.id, user.number, channel)).toEqual([
      status,
      expect.stringContaining(id),
    ]);
  });
});

describe("in profile zitadel", () => {
  let world: World;
  beforeAll(async () => void (world = await openWithRouteTo("zitadel", "DE")));
  afterAll(() => world.close());

  it("the call is answered like any, and the message ends", async () => {
    const { id: userId, number } = await world.user();
    expect(await setPhoneOver(world, userId, number, "sms")).toEqual([200, expect.any(String)]);
    const state = MessageState.DEAD;
    let messages: readonly Message[] = [];
    while (messages.length === 0) ({ messages } = await world.asAdmin(listMessages, { userId, state }));
    expect(messages).toMatchObject([{ reason: "no route leads to its country" }]);
  });
});
