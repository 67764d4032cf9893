import { afterAll, expect, it } from "@jest/globals";
import { TextService } from "../../gen/ringback/text/v1/text_service_pb.js";
import { AuthService } from "../../gen/zitadel/auth/v1/auth_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { openWorld } from "../support/wire-world.ts";

/** Where one id stands for several situations, the sentence tells them apart. */

const world = await openWorld("safe");
const { addHumanUser, addOTPSMS, resendPhoneCode, setPhone } = UserService.method;

afterAll(() => world.close());

it("a resend says why there is nothing to send", async () => {
  const resend = async (phone: "none" | "verified"): Promise<unknown> =>
    world.asAdmin(resendPhoneCode, { userId: (await world.user({ phone })).id });
  await expect(resend("none")).rejects.toThrow("The user has no phone number. (PHONE-5xrra88eq8)");
  await expect(resend("verified")).rejects.toThrow(
    "The phone number is verified already. (PHONE-5xrra88eq8)",
  );
});

it("an enrollment without a verified number asks for that, and for no enrollment", async () => {
  const { id: userId } = await world.user({ phone: "pending" });
  await expect(world.asAdmin(addOTPSMS, { userId })).rejects.toThrow(
    "One-time codes by SMS need a verified phone number, and the user has none. (COMMAND-Q54j2)",
  );
});

it("a machine that sets a number of its own is not told that there is no such user", async () => {
  await expect(world.asAdmin(AuthService.method.setMyPhone, { phone: "+41791234567" })).rejects.toThrow(
    "The user is a machine; that is for people only. (COMMAND-3M0fs)",
  );
});

it("a name that is taken may be the e-mail address", async () => {
  const human = {
    profile: { givenName: "Ada", familyName: "Lovelace" },
    email: { email: "ada@example.com", verification: { case: "isVerified", value: true } },
  } as const;
  await world.asAdmin(addHumanUser, human);
  await expect(world.asAdmin(addHumanUser, human)).rejects.toThrow(
    "The user name is taken; where none is given, it is the e-mail address. (V3-DKcYh)",
  );
});

it("the pause between two SMS is told for one second, too", async () => {
  const { id: userId, number: phone } = await world.user();
  await world.asAdmin(setPhone, { userId, phone });
  world.clock.ms += 29_000;
  await expect(world.asAdmin(resendPhoneCode, { userId })).rejects.toThrow(
    "An SMS went to this number just now. Try again in 1 s. (PHONE-w41ts)",
  );
});

it("a value of an enum that is missing is told like every other field that is", async () => {
  await expect(world.asAdmin(TextService.method.previewText, { language: "en" })).rejects.toThrow(
    "invalid PreviewTextRequest.text_type: value is required",
  );
});
