import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "@jest/globals";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { connectProto } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";
import { wrongCode } from "./scenarios/givens.ts";
import { bySms, enrolled, open } from "./scenarios/session-givens.ts";

/** RINGBACK_RESEND_POLICY, from the SMS to the answer. */

const { setPhone, resendPhoneCode, verifyPhone } = UserService.method;
const { setSession } = SessionService.method;

let world: World;
afterEach(() => world.close());

async function openWith(policy: string): Promise<void> {
  world = await openWorld("safe", { env: { RINGBACK_RESEND_POLICY: policy } });
}

/** A number may get the next SMS after this. */
function pass(): void {
  world.clock.ms += 31_000;
}

/** Where codes are made and answered. */
interface Place {
  readonly name: string;
  /** @returns a way to have a code sent, which gives it, and one to answer, which tells whether it was right */
  begin(): Promise<{ send(): Promise<string>; answer(code: string): Promise<boolean> }>;
}

const phone: Place = {
  name: "a phone",
  async begin() {
    const { id: userId, number } = await world.user();
    let isSet = false;
    return {
      async send() {
        if (isSet) await world.asAdmin(resendPhoneCode, { userId });
        else await world.asAdmin(setPhone, { userId, phone: number });
        isSet = true;
        return (await world.lastMessage(number)).code;
      },
      answer: (code) => isAccepted(verifyPhone, { userId, verificationCode: code }),
    };
  },
};

const session: Place = {
  name: "a session",
  async begin() {
    const { sessionId, number } = await open(world, await enrolled(world));
    return {
      async send() {
        await world.asAdmin(setSession, { sessionId, challenges: bySms });
        return (await world.lastMessage(number)).code;
      },
      answer: (code) => isAccepted(setSession, { sessionId, checks: { otpSms: { code } } }),
    };
  },
};

async function isAccepted<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
): Promise<boolean> {
  const protocol = connectProto(world.url);
  const { result } = await protocol.call(method, input, { authorization: `Bearer ${adminToken}` });
  protocol.close();
  return "message" in result;
}

/** Whether a code is kept, encrypted, to go out once more. */
async function isKept(): Promise<boolean> {
  return (await world.history.settledSince(0)).some(({ data }) => "sealed" in data);
}

describe.each([phone, session])("the codes of $name", ({ begin }) => {
  it("replace: only the newest is right", async () => {
    await openWith("replace");
    const { send, answer } = await begin();
    const first = await send();
    pass();
    const second = await send();
    expect(await answer(first)).toBe(false);
    expect(await answer(second)).toBe(true);
    expect(await isKept()).toBe(false);
  });

  it("repeat: the same goes out again, and wrong tries are not forgotten", async () => {
    await openWith("repeat");
    const { send, answer } = await begin();
    const first = await send();
    for (let tries = 1; tries <= 4; tries += 1) expect(await answer(wrongCode)).toBe(false);
    pass();
    expect(await send()).toBe(first);
    expect(await isKept()).toBe(true);
    expect(await answer(first)).toBe(true);
  });

  it("repeat: a dead code is not repeated", async () => {
    await openWith("repeat");
    const { send, answer } = await begin();
    const first = await send();
    for (let tries = 1; tries <= 5; tries += 1) await answer(wrongCode);
    expect(await answer(first)).toBe(false);
    pass();
    const second = await send();
    expect(second).not.toBe(first);
    expect(await answer(second)).toBe(true);
  });

  it("last-2: the newest two are right, with one budget of tries", async () => {
    await openWith("last-2");
    const { send, answer } = await begin();
    const codes = [await send()];
    for (let resent = 1; resent <= 2; resent += 1) {
      pass();
      codes.push(await send());
    }
    const [oldest = "", former = "", newest = ""] = codes;
    expect(await answer(oldest)).toBe(false);
    expect(await answer(wrongCode)).toBe(false);
    expect(await answer(former)).toBe(true);
    // Any of them uses all of them up.
    expect(await answer(newest)).toBe(false);
    expect(await isKept()).toBe(false);
  });
});
