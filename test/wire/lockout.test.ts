import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import { UserState } from "../../gen/zitadel/user/v2/user_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { openWorld, type World } from "../support/wire-world.ts";
import { attemptsMax, giveWrongCodes, minuteMs, wrongCode } from "./scenarios/givens.ts";
import { change, enrolled, open, returned, type Session } from "./scenarios/session-givens.ts";

/** After how many wrong one-time codes a user is locked. */

const { addCustomLockoutPolicy, resetLockoutPolicyToDefault } = ManagementService.method;
const { deactivateUser, getUserByID, reactivateUser, setPhone, unlockUser } = UserService.method;

const failed = ["session.otp.sms.check.failed", "user.human.mfa.otp.sms.check.failed"];
const wrong = { answer: "CODE-woT0xc", events: failed };
const wrongAndLocked = { answer: "CODE-woT0xc", events: [...failed, "user.locked"] };
const expired = { answer: "CODE-QvUQ4P", events: failed };
const expiredAndLocked = { answer: "CODE-QvUQ4P", events: [...failed, "user.locked"] };
const locked = { answer: "COMMAND-S6h4R", events: [] };
const dead = { answer: "CODE-woT0xc", events: [] };
const right = {
  answer: "right",
  events: ["session.otp.sms.checked", "session.token.set", "user.human.mfa.otp.sms.check.succeeded"],
};

let world: World;

/** Answers the challenge of a session; tells the id of the refusal, and what was recorded. */
async function answer(session: Session, code: string): Promise<{ answer: string; events: string[] }> {
  const position = await world.history.position();
  const given = await change(world, session, { checks: { otpSms: { code } } }).then(
    () => "right",
    (error: unknown) => /\(([\w-]+)\)$/.exec(String(error))?.[1] ?? String(error),
  );
  const events = await world.history.settledSince(position);
  return { answer: given, events: events.map(({ type }) => type) };
}

async function answers(session: Session, ...codes: string[]): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const code of codes) all.push(await answer(session, code));
  return all;
}

const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);
const wrongCodes = (count: number): string[] => times(count, wrongCode);

const again = (session: Session): Promise<Session> => change(world, session, { challenges: returned });

async function challenged(organizationId?: string): Promise<Session> {
  if (organizationId === undefined) return open(world, await enrolled(world), { challenges: returned });
  const user = await world.user({ phone: "verified", organizationId });
  await world.asAdmin(UserService.method.addOTPSMS, { userId: user.id });
  return open(world, user, { challenges: returned });
}

async function stateOf({ id: userId }: Session): Promise<UserState | undefined> {
  return (await world.asAdmin(getUserByID, { userId })).user?.state;
}

describe("profile zitadel, which has no limit of its own", () => {
  let session: Session;
  beforeAll(async () => {
    world = await openWorld("zitadel");
  });
  beforeEach(async () => {
    session = await challenged();
  });
  afterAll(() => world.close());

  it("never locks", async () => {
    expect(await answers(session, ...wrongCodes(120))).toEqual(times(120, wrong));
    expect(await answer(session, session.code)).toEqual(right);
  });

  describe("with a limit of three in the instance", () => {
    beforeAll(async () => {
      await world.asAdmin(AdminService.method.updateLockoutPolicy, { maxOtpAttempts: 3 });
    });

    it("locks by the third wrong code; then right and wrong are refused alike, and nothing is recorded", async () => {
      expect(await answers(session, ...wrongCodes(2))).toEqual([wrong, wrong]);
      expect(await stateOf(session)).toBe(UserState.ACTIVE);
      expect(await answer(session, wrongCode)).toEqual(wrongAndLocked);
      expect(await stateOf(session)).toBe(UserState.LOCKED);
      expect(await answers(session, session.code, wrongCode)).toEqual([locked, locked]);
    });

    it("locks by the third expired code", async () => {
      world.clock.ms += 5 * minuteMs;
      const { code } = session;
      expect(await answers(session, code, code, code)).toEqual([expired, expired, expiredAndLocked]);
      expect(await answer(session, code)).toEqual(locked);
    });

    it("counts the wrong codes of all sessions of a user together", async () => {
      const other = await open(world, session, { challenges: returned });
      expect(await answer(session, wrongCode)).toEqual(wrong);
      expect(await answers(other, ...wrongCodes(2))).toEqual([wrong, wrongAndLocked]);
      expect(await answer(session, session.code)).toEqual(locked);
    });

    it("begins again after a right code", async () => {
      expect(await answers(session, wrongCode, wrongCode, session.code)).toEqual([wrong, wrong, right]);
      expect(await answers(await again(session), ...wrongCodes(3))).toEqual([wrong, wrong, wrongAndLocked]);
    });

    it("begins again after the user was unlocked", async () => {
      await answers(session, ...wrongCodes(3));
      await world.asAdmin(unlockUser, { userId: session.id });
      expect(await answers(session, wrongCode, wrongCode, session.code)).toEqual([wrong, wrong, right]);
    });

    it("begins again after the user was deactivated and reactivated", async () => {
      const { id: userId } = session;
      await answers(session, ...wrongCodes(3));
      await world.asAdmin(deactivateUser, { userId });
      await world.asAdmin(reactivateUser, { userId });
      expect(await answers(session, wrongCode, wrongCode, session.code)).toEqual([wrong, wrong, right]);
    });

    it("goes on after a new challenge", async () => {
      await answers(session, ...wrongCodes(2));
      expect(await answer(await again(session), wrongCode)).toEqual(wrongAndLocked);
    });

    it("does not count the wrong codes of a phone", async () => {
      const verification = { case: "returnCode", value: {} } as const;
      await world.asAdmin(setPhone, { userId: session.id, phone: session.otherNumber, verification });
      await giveWrongCodes(world, session, 5);
      expect(await answers(session, wrongCode, wrongCode, session.code)).toEqual([wrong, wrong, right]);
    });

    it("yields to the limit of an organization, until that is removed", async () => {
      const owner = await world.caller("ORG_OWNER", "strict");
      await world.callAs(owner, addCustomLockoutPolicy, { maxOtpAttempts: 1 });
      expect(await answer(await challenged("strict"), wrongCode)).toEqual(wrongAndLocked);
      expect(await answer(session, wrongCode)).toEqual(wrong);
      await world.callAs(owner, resetLockoutPolicyToDefault, {});
      expect(await answers(await challenged("strict"), ...wrongCodes(3))).toEqual([
        wrong,
        wrong,
        wrongAndLocked,
      ]);
    });

    it("yields to an organization that never locks", async () => {
      const owner = await world.caller("ORG_OWNER", "lenient");
      await world.callAs(owner, addCustomLockoutPolicy, { maxOtpAttempts: 0 });
      const lenient = await challenged("lenient");
      expect(await answers(lenient, ...wrongCodes(5), lenient.code)).toEqual([...times(5, wrong), right]);
    });
  });

  it("locks by the next wrong code when the limit falls below what was counted", async () => {
    await world.asAdmin(AdminService.method.updateLockoutPolicy, { maxOtpAttempts: 5 });
    expect(await answers(session, ...wrongCodes(4))).toEqual(times(4, wrong));
    await world.asAdmin(AdminService.method.updateLockoutPolicy, { maxOtpAttempts: 2 });
    expect(await answer(session, wrongCode)).toEqual(wrongAndLocked);
  });
});

describe("profile safe", () => {
  beforeAll(async () => {
    world = await openWorld("safe");
  });
  afterAll(() => world.close());

  it("locks by the hundredth wrong code; tries after the fifth for one code are not counted", async () => {
    let session = await challenged();
    const tries = [...times(attemptsMax, wrong), dead, dead];
    for (let count = 0; count < 95; count += attemptsMax) {
      expect(await answers(session, ...wrongCodes(attemptsMax + 2))).toEqual(tries);
      session = await again(session);
    }
    expect(await answers(session, ...wrongCodes(5))).toEqual([...times(4, wrong), wrongAndLocked]);
    expect(await answers(session, session.code, wrongCode)).toEqual([locked, locked]);
  });
});
