import { afterAll, expect, it } from "@jest/globals";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as UserServiceV3alpha } from "../../gen/zitadel/user/v3alpha/user_service_pb.js";
import { openWorld } from "../support/wire-world.ts";
import { attemptsMax, minuteMs, wrongCode } from "./scenarios/givens.ts";
import { change, enrolled, open, returned } from "./scenarios/session-givens.ts";

/** A code that has had all its tries, and then expires: no further try makes an event. */

const world = await openWorld("safe");
afterAll(() => world.close());

/** How many events `tries` tries make. */
async function eventsOf(tries: number, give: () => Promise<unknown>): Promise<number> {
  const position = await world.history.position();
  for (let count = 0; count < tries; count += 1) await expect(give()).rejects.toThrow(/\(\S+\)$/);
  return (await world.history.settledSince(position)).length;
}

it("of a phone", async () => {
  const { id: userId } = await world.user({ phone: "pending" });
  const token = await world.token(userId);
  world.clock.ms += 10 * minuteMs;
  const v1 = () => world.callAs(token, AuthService.method.verifyMyPhone, { code: wrongCode });
  const v2 = () => world.asAdmin(UserService.method.verifyPhone, { userId, verificationCode: wrongCode });
  expect(await eventsOf(attemptsMax + 10, v1)).toBe(attemptsMax);
  expect(await eventsOf(10, v2)).toBe(0);
});

it("of an OTP SMS registration", async () => {
  const { id: userId, number } = await world.user();
  const { addOTPSMSAuthenticator, verifyOTPSMSRegistration } = UserServiceV3alpha.method;
  const phone = { number, verification: { case: "returnCode", value: {} } } as const;
  const { otpSmsId } = await world.asAdmin(addOTPSMSAuthenticator, { userId, phone });
  world.clock.ms += 10 * minuteMs;
  const give = () => world.asAdmin(verifyOTPSMSRegistration, { userId, otpSmsId, code: wrongCode });
  expect(await eventsOf(attemptsMax + 10, give)).toBe(attemptsMax);
});

it("of a session", async () => {
  const session = await open(world, await enrolled(world), { challenges: returned });
  world.clock.ms += 10 * minuteMs;
  const give = () => change(world, session, { checks: { otpSms: { code: wrongCode } } });
  // Each of them in the session and in its user.
  expect(await eventsOf(attemptsMax + 10, give)).toBe(2 * attemptsMax);
});
