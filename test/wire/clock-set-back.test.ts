import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { TokenService } from "../../gen/ringback/token/v1/token_service_pb.js";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { openWorld, type World } from "../support/wire-world.ts";

/** The clock of a server is set back, or another one with a clock ahead wrote before. */

const { setPhone, resendPhoneCode, verifyPhone, addOTPSMS } = UserService.method;
const { createSession, setSession } = SessionService.method;
const hourMs = 3_600_000;

let world: World;
beforeEach(async () => {
  world = await openWorld("safe");
});
afterEach(() => world.close());

async function timesOf(type: string, id: string): Promise<readonly number[]> {
  const events = await world.history.settledSince(0);
  return events
    .filter(({ aggregate }) => aggregate.type === type && aggregate.id === id)
    .map(({ atMs }) => atMs);
}

it("the history of a user, and of a session, never goes back in time", async () => {
  const { id: userId, otherNumber } = await world.user({ phone: "verified" });
  await world.asAdmin(addOTPSMS, { userId });
  const { sessionId } = await world.asAdmin(createSession, { checks: { user: userOf(userId) } });
  const beforeMs = world.clock.ms;
  world.clock.ms -= hourMs;
  const code = { verification: { case: "returnCode", value: {} } } as const;
  const set = await world.asAdmin(setPhone, { userId, phone: otherNumber, ...code });
  await world.asAdmin(verifyPhone, { userId, verificationCode: set.verificationCode ?? "" });
  await world.asAdmin(setSession, { sessionId, metadata: { key: Buffer.from("value") } });
  for (const times of [await timesOf("user", userId), await timesOf("session", sessionId)]) {
    expect(times.at(-1)).toBe(beforeMs);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  }
});

it("who asks for a further SMS too early is told how long that is by the clock", async () => {
  const { id: userId, number } = await world.user();
  const sms = { verification: { case: "sendCode", value: {} } } as const;
  await world.asAdmin(setPhone, { userId, phone: number, ...sms });
  world.clock.ms -= hourMs;
  await expect(world.asAdmin(resendPhoneCode, { userId, ...sms })).rejects.toThrow("in 3630 s");
  world.clock.ms += hourMs + 30_000;
  await world.asAdmin(resendPhoneCode, { userId, ...sms });
});

it("a token is valid for a user who was added by a clock ahead", async () => {
  const { id: userId } = await world.user();
  world.clock.ms -= hourMs;
  const { token } = await world.asAdmin(TokenService.method.createToken, { userId });
  const { user } = await world.callAs(token, AuthService.method.getMyUser, {});
  expect(user?.id).toBe(userId);
});

function userOf(userId: string) {
  return { search: { case: "userId", value: userId } } as const;
}
