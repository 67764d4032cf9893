import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { Purpose } from "../../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { SessionService } from "../../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import { UserService as Registrations } from "../../../gen/zitadel/user/v3alpha/user_service_pb.js";
import type { TestUser, World } from "../../support/wire-world.ts";
import { attemptsMax, machine, minuteMs, otpSmsCode, wrongCode } from "./givens.ts";
import { type EventType, ok, refused, type Scenario } from "./scenario.ts";
import {
  bySms,
  bytes,
  challenged,
  challengedBySms,
  challengedBySmsOfAnHour,
  change,
  enrolled,
  lacksPermission,
  newSession,
  ofDeleted,
  ofEnrolled,
  ofInactive,
  ofLocked,
  ofNobody,
  ofRecreated,
  ofUser,
  open,
  openedWith,
  returned,
  type Session,
  type SessionMethods,
  sessionOf,
  time,
  tokenInvalid,
  sessionRowsOf,
  userInactive,
  withNewSession,
  withToken,
} from "./session-givens.ts";
import { byId } from "./session-inputs.ts";

/** The session services: one-time codes by SMS. */

const { method } = SessionService;
const users = UserService.method;

const challengeWithoutUser = refused(Code.FailedPrecondition, "COMMAND-JKL3g");
const challengeNotReady = refused(Code.FailedPrecondition, "COMMAND-BJ2g3");
const checkWithoutUser = refused(Code.InvalidArgument, "COMMAND-S453v");
const checkNotReady = refused(Code.FailedPrecondition, "COMMAND-d2r52");
const noChallenge = refused(Code.FailedPrecondition, "COMMAND-S34gh");
const wrong = refused(Code.InvalidArgument, "CODE-woT0xc");
const expired = refused(Code.FailedPrecondition, "CODE-QvUQ4P");
const userLocked = refused(Code.FailedPrecondition, "COMMAND-S6h4R");
const paused = refused(Code.ResourceExhausted, "PHONE-w41ts", "in 30 s");

const challengedOnly: readonly EventType[] = ["session.otp.sms.challenged", "session.token.set"];
const challengedAndSent: readonly EventType[] = [...challengedOnly, "session.otp.sms.sent"];
const succeeded: EventType = "user.human.mfa.otp.sms.check.succeeded";
const checked: readonly EventType[] = ["session.otp.sms.checked", "session.token.set", succeeded];
const failed: readonly EventType[] = ["session.otp.sms.check.failed", "user.human.mfa.otp.sms.check.failed"];

const codeOf = (code: string) => ({ otpSms: { code } }) as const;

/** @returns the two services' rows about challenges and their answers */
export function sessionChallengeRows(title: string, methods: SessionMethods): readonly Scenario[] {
  return [...createRows(title, methods), ...challengeRows(title, methods), ...checkRows(title, methods)];
}

// ------------------------------------------------------------------------------------------- situations

/** The verified number is the former one: a newer one is not verified. */
const withNewerNumber = async (world: World): Promise<Session> =>
  withUnverified(world, await ofEnrolled(world));
const withNewerUnverified = async (world: World): Promise<Session> =>
  withUnverified(world, await challenged(world));

async function withUnverified(world: World, session: Session): Promise<Session> {
  const verification = { case: "returnCode", value: {} } as const;
  await world.asAdmin(users.setPhone, { userId: session.id, phone: session.otherNumber, verification });
  return session;
}

/** Enrolled by a registration of v3alpha, to the other number. */
async function registered(world: World): Promise<Session & { readonly otpSmsId: string }> {
  const session = await ofUser(world);
  return { ...session, otpSmsId: await register(world, session, session.otherNumber) };
}

async function register(world: World, { id: userId }: TestUser, number: string): Promise<string> {
  const phone = { number, verification: { case: "isVerified", value: true } } as const;
  const { otpSmsId } = await world.asAdmin(Registrations.method.addOTPSMSAuthenticator, { userId, phone });
  return otpSmsId;
}

async function verifyNumber(world: World, { id: userId }: TestUser, phone: string): Promise<void> {
  const verification = { case: "isVerified", value: true } as const;
  await world.asAdmin(users.setPhone, { userId, phone, verification });
}

/** The code went to the number that the user had then. */
async function withReplacedNumber(world: World): Promise<Session> {
  const session = await challenged(world);
  await verifyNumber(world, session, session.otherNumber);
  return session;
}

const withNumberAnew =
  (which: "number" | "otherNumber") =>
  async (world: World): Promise<Session> => {
    const session = await withRemovedPhone(world);
    await verifyNumber(world, session, session[which]);
    await world.asAdmin(users.addOTPSMS, { userId: session.id });
    return session;
  };

/** The code went to the registration, and stays the answer while that is where codes go. */
async function challengedByRegistration(world: World): Promise<Session & { readonly otpSmsId: string }> {
  const session = await registered(world);
  return change(world, session, { challenges: returned });
}

async function withReplacedRegistration(world: World): Promise<Session> {
  const session = await challengedByRegistration(world);
  const { id: userId, otpSmsId, number } = session;
  await register(world, session, number);
  await world.asAdmin(Registrations.method.removeOTPSMSAuthenticator, { userId, otpSmsId });
  return session;
}

async function withNumberAfterRegistration(world: World): Promise<Session> {
  const session = await challengedByRegistration(world);
  await verifyNumber(world, session, session.number);
  await world.asAdmin(users.addOTPSMS, { userId: session.id });
  return session;
}

async function withRemovedPhone(world: World): Promise<Session> {
  const session = await challenged(world);
  await world.asAdmin(users.removePhone, { userId: session.id });
  return session;
}

async function withRemovedEnrollment(world: World): Promise<Session> {
  const session = await challenged(world);
  await world.asAdmin(users.removeOTPSMS, { userId: session.id });
  return session;
}

/** The code is the one of the challenge that was replaced. */
async function withReplacedChallenge(world: World): Promise<Session> {
  const session = await challenged(world);
  const { code } = await change(world, session, { challenges: returned });
  // Two codes may be the same by chance.
  return code === session.code ? withReplacedChallenge(world) : session;
}

/** The code was right once. */
async function answered(world: World): Promise<Session> {
  const session = await challenged(world);
  return { ...(await change(world, session, { checks: codeOf(session.code) })), code: session.code };
}

const ofAge =
  (ageMs: number) =>
  async (world: World): Promise<Session> => {
    const session = await challenged(world);
    world.clock.ms += ageMs;
    return session;
  };

const afterWrongTries =
  (count: number) =>
  async (world: World): Promise<Session> => {
    const session = await challenged(world);
    for (let tries = 0; tries < count; tries += 1) {
      await expect(change(world, session, { checks: codeOf(wrongCode) })).rejects.toThrow("CODE-woT0xc");
    }
    return session;
  };

/** The code belongs to the challenge of another session of the user. */
async function withCodeOfAnother(world: World): Promise<Session> {
  const session = await challenged(world);
  const { code } = await open(world, session, { challenges: returned });
  return code === session.code ? withCodeOfAnother(world) : { ...session, code };
}

// ------------------------------------------------------------------------------------------ expectations

async function expectSms(world: World, recipient: string, sessionId: unknown): Promise<void> {
  const { code, purpose, text } = await world.lastMessage(recipient);
  expect({ code, purpose }).toEqual({ code: otpSmsCode, purpose: Purpose.OTP_SMS });
  expect(text).toContain(code);
  const { session } = await world.asAdmin(method.getSession, { sessionId: String(sessionId) });
  expect(session?.factors?.otpSms).toBeUndefined();
  await world.asAdmin(method.setSession, { sessionId: String(sessionId), checks: codeOf(code) });
}

async function expectVerified({ sessionId }: Session, world: World): Promise<void> {
  const { factors } = await sessionOf(world, sessionId);
  expect(factors).toMatchObject({ otpSms: { verifiedAt: time(world.clock.ms) } });
}

/** The challenge is still there, and no token was made. */
async function expectUnharmed({ sessionId, sessionToken, code }: Session, world: World): Promise<void> {
  const token = await world.caller(undefined);
  await world.callAs(token, method.setSession, { sessionId, sessionToken, checks: codeOf(code) });
}

// ------------------------------------------------------------------------------ CreateSession, at once

function createRows(title: string, methods: SessionMethods): readonly Scenario[] {
  const row = sessionRowsOf(title, methods.createSession);
  const base = { given: enrolled, caller: "administrator", about: newSession } as const;
  const success = { ...base, details: "view" } as const;
  return [
    row({
      ...success,
      name: "a user, and a challenge whose code is returned",
      everyWay: true,
      input: (user) => ({ checks: byId(user), challenges: returned }),
      expect: ok(withNewSession({ otpSms: otpSmsCode })),
      effect: openedWith("session.user.checked", "session.otp.sms.challenged"),
    }),
    row({
      ...success,
      name: "a user, and a challenge by SMS",
      everyWay: true,
      input: (user) => ({ checks: byId(user), challenges: bySms }),
      expect: ok(withNewSession({})),
      effect: [...openedWith("session.user.checked", "session.otp.sms.challenged"), "session.otp.sms.sent"],
      after: ({ number }, world, { sessionId }) => expectSms(world, number, sessionId),
    }),
    row({
      ...base,
      name: "a challenge without user",
      input: () => ({ challenges: returned }),
      expect: challengeWithoutUser,
    }),
    row({
      ...base,
      name: "a challenge of a user who is not enrolled",
      given: (world) => world.user({ phone: "verified" }),
      input: (user) => ({ checks: byId(user), challenges: returned }),
      expect: challengeNotReady,
    }),
    row({
      ...base,
      name: "a challenge of a machine",
      given: machine,
      input: (user) => ({ checks: byId(user), challenges: returned }),
      expect: challengeNotReady,
    }),
    row({
      ...base,
      name: "a code without user",
      input: () => ({ checks: codeOf(wrongCode) }),
      expect: checkWithoutUser,
    }),
    row({
      ...base,
      name: "a code of a user who is not enrolled",
      given: (world) => world.user({ phone: "verified" }),
      input: (user) => ({ checks: { ...byId(user), ...codeOf(wrongCode) } }),
      expect: checkNotReady,
    }),
    row({
      ...base,
      name: "a code, and the challenge that it could only answer later",
      input: (user) => ({ checks: { ...byId(user), ...codeOf(wrongCode) }, challenges: returned }),
      expect: noChallenge,
    }),
  ];
}

// -------------------------------------------------------------------------------- SetSession: challenge

function challengeRows(title: string, methods: SessionMethods): readonly Scenario[] {
  const row = sessionRowsOf(title, methods.setSession);
  const base = { given: ofEnrolled, caller: "administrator" } as const;
  const byReturn = {
    ...base,
    input: ({ sessionId }: Session) => ({ sessionId, challenges: returned }),
    expect: ok(withToken({ otpSms: otpSmsCode })),
    effect: challengedOnly,
  };
  const bySending = {
    ...base,
    input: ({ sessionId }: Session) => ({ sessionId, challenges: bySms }),
    expect: ok(withToken({})),
    effect: challengedAndSent,
  };
  const refusal = { ...byReturn, effect: [] };
  return [
    row({
      ...byReturn,
      name: "a challenge whose code is returned",
      everyWay: true,
      after: async ({ number }, world, { challenges }) => {
        expect(challenges).toEqual({ otpSms: otpSmsCode });
        await expect(world.lastMessage(number)).rejects.toThrow("no SMS");
      },
    }),
    row({
      ...bySending,
      name: "a challenge by SMS, with the session token",
      everyWay: true,
      caller: "other",
      input: ({ sessionId, sessionToken }) => ({ sessionId, sessionToken, challenges: bySms }),
      after: ({ sessionId, number }, world) => expectSms(world, number, sessionId),
    }),
    row({
      ...bySending,
      name: "a challenge by SMS goes to the verified number, not to a newer one",
      given: withNewerNumber,
      after: async ({ sessionId, number, otherNumber }, world) => {
        await expectSms(world, number, sessionId);
        await expect(world.lastMessage(otherNumber)).rejects.toThrow("no SMS");
      },
    }),
    row({
      ...bySending,
      name: "a challenge by SMS goes to the newer number once it is verified",
      given: async (world) => {
        const session = await withNewerNumber(world);
        const verification = { case: "returnCode", value: {} } as const;
        const { id: userId } = session;
        const { verificationCode = "" } = await world.asAdmin(users.resendPhoneCode, {
          userId,
          verification,
        });
        await world.asAdmin(users.verifyPhone, { userId, verificationCode });
        return session;
      },
      after: ({ sessionId, otherNumber }, world) => expectSms(world, otherNumber, sessionId),
    }),
    row({
      ...bySending,
      name: "a challenge by SMS goes to a verified registration where no number is enrolled",
      given: registered,
      after: ({ sessionId, otherNumber }, world) => expectSms(world, otherNumber, sessionId),
    }),
    row({
      ...byReturn,
      name: "together with the user",
      given: async (world) => ({ ...(await ofNobody(world)), user: await enrolled(world) }),
      input: ({ sessionId, user }) => ({ sessionId, checks: byId(user), challenges: returned }),
      effect: ["session.user.checked", ...challengedOnly],
    }),
    row({
      ...bySending,
      name: "a challenge by SMS just after another",
      profile: "safe",
      given: challengedBySms,
      expect: paused,
      effect: [],
      after: expectUnharmed,
    }),
    row({
      ...bySending,
      name: "one SMS too many within an hour",
      profile: "safe",
      everyWay: true,
      given: challengedBySmsOfAnHour,
      expect: refused(Code.ResourceExhausted, "PHONE-h4Ur1", "in 3300 s"),
      effect: [],
      after: expectUnharmed,
    }),
    row({
      ...bySending,
      name: "one SMS too many within an hour",
      profile: "zitadel",
      given: challengedBySmsOfAnHour,
    }),
    row({
      ...bySending,
      name: "a challenge by SMS just after another",
      profile: "zitadel",
      given: challengedBySms,
    }),
    row({
      ...byReturn,
      name: "a challenge whose code is returned, just after an SMS",
      given: challengedBySms,
    }),
    row({ ...refusal, name: "a challenge without user", given: ofNobody, expect: challengeWithoutUser }),
    row({
      ...refusal,
      name: "a challenge of a user who is gone",
      given: ofDeleted,
      expect: challengeNotReady,
    }),
    row({
      ...refusal,
      name: "a challenge, where somebody else has the id of the user since",
      everyWay: true,
      given: ofRecreated,
      expect: challengeNotReady,
    }),
    row({
      ...refusal,
      name: "a challenge of a user without number",
      given: ofUser,
      expect: challengeNotReady,
    }),
    row({
      ...refusal,
      name: "a challenge after the number was removed",
      given: withRemovedPhone,
      expect: challengeNotReady,
    }),
    row({
      ...refusal,
      name: "a challenge after the enrollment was removed",
      everyWay: true,
      given: withRemovedEnrollment,
      expect: challengeNotReady,
    }),
    row({
      ...refusal,
      name: "a challenge by the user, without session token",
      caller: "self",
      expect: lacksPermission,
    }),
    ...(["other", "self"] as const).map((caller) =>
      row({
        ...refusal,
        name: `a challenge whose code is returned, with the session token, by ${caller}`,
        everyWay: true,
        caller,
        input: ({ sessionId, sessionToken }) => ({ sessionId, sessionToken, challenges: returned }),
        expect: lacksPermission,
      }),
    ),
    row({
      ...byReturn,
      name: "a challenge whose code is returned, with the session token, by who may open sessions",
      caller: "IAM_LOGIN_CLIENT",
      input: ({ sessionId, sessionToken }) => ({ sessionId, sessionToken, challenges: returned }),
    }),
    ...[returned, bySms].flatMap((challenges, index) => [
      row({
        ...refusal,
        name: `a challenge of a locked user (${index})`,
        given: ofLocked,
        input: ({ sessionId }) => ({ sessionId, challenges }),
        expect: userLocked,
      }),
      row({
        ...refusal,
        name: `a challenge of a deactivated user (${index})`,
        given: ofInactive,
        input: ({ sessionId }) => ({ sessionId, challenges }),
        expect: userInactive,
      }),
    ]),
    row({
      ...refusal,
      name: "a challenge with a wrong session token",
      input: ({ sessionId }) => ({ sessionId, sessionToken: "wrong", challenges: returned }),
      expect: tokenInvalid,
    }),
  ];
}

// ------------------------------------------------------------------------------------ SetSession: check

function checkRows(title: string, methods: SessionMethods): readonly Scenario[] {
  const row = sessionRowsOf(title, methods.setSession);
  const given = challenged;
  const caller = "administrator";
  const right = ({ sessionId, code }: Session) => ({ sessionId, checks: codeOf(code) });
  const bad = ({ sessionId }: Session) => ({ sessionId, checks: codeOf(wrongCode) });
  const success = {
    given,
    caller,
    input: right,
    expect: ok(withToken()),
    effect: checked,
    after: expectVerified,
  } as const;
  const failure = { given, caller, input: bad, expect: wrong, effect: failed } as const;
  const refusal = { ...failure, effect: [] };
  return [
    row({ ...success, name: "the right code", everyWay: true }),
    row({ ...success, name: "the code of the SMS", given: challengedBySms }),
    row({
      ...success,
      name: "the right code, with the session token",
      caller: "other",
      input: ({ sessionId, sessionToken, code }) => ({ sessionId, sessionToken, checks: codeOf(code) }),
    }),
    row({ ...success, name: "the right code after a wrong one", given: afterWrongTries(1) }),
    row({ ...success, name: "the right code at its last moment", given: ofAge(5 * minuteMs - 1) }),
    row({
      ...success,
      name: "the right code, with the user, metadata and a lifetime",
      input: (session) => ({
        sessionId: session.sessionId,
        checks: { ...byId(session), ...codeOf(session.code) },
        metadata: { step: bytes("2") },
        lifetime: { seconds: 60n },
      }),
      effect: [
        "session.user.checked",
        "session.otp.sms.checked",
        "session.metadata.set",
        "session.lifetime.set",
        "session.token.set",
        succeeded,
      ],
    }),
    row({
      ...success,
      name: "the right code, and a new challenge",
      input: ({ sessionId, code }) => ({ sessionId, checks: codeOf(code), challenges: returned }),
      expect: ok(withToken({ otpSms: otpSmsCode })),
      effect: ["session.otp.sms.checked", ...challengedOnly, succeeded],
      after: async (session, world, { challenges }) => {
        await expectVerified(session, world);
        const { otpSms } = challenges as { readonly otpSms: string }; // asserted by `expect`
        await change(world, session, { checks: codeOf(otpSms) });
      },
    }),
    row({
      ...refusal,
      name: "a code, and the challenge that it could only answer later",
      given: ofEnrolled,
      input: ({ sessionId }) => ({ sessionId, checks: codeOf(wrongCode), challenges: bySms }),
      expect: noChallenge,
    }),
    row({
      ...refusal,
      name: "the right code again",
      everyWay: true,
      given: answered,
      input: right,
      expect: noChallenge,
    }),
    row({
      ...failure,
      name: "a wrong code, which keeps challenge and token",
      everyWay: true,
      after: expectUnharmed,
    }),
    row({
      ...failure,
      name: "a wrong code: nothing else of the request happens",
      input: ({ sessionId }) => ({
        sessionId,
        checks: codeOf(wrongCode),
        challenges: bySms,
        metadata: { step: bytes("2") },
        lifetime: { seconds: 60n },
      }),
      after: async (session, world) => {
        await expectUnharmed(session, world);
        const found = await sessionOf(world, session.sessionId);
        expect(found["metadata"] ?? found["expirationDate"]).toBeUndefined();
      },
    }),
    row({
      ...failure,
      name: "the right code between spaces",
      input: ({ sessionId, code }) => ({ sessionId, checks: codeOf(` ${code} `) }),
    }),
    row({
      ...failure,
      name: "the code of a challenge that was replaced",
      given: withReplacedChallenge,
      input: right,
    }),
    row({ ...failure, name: "the code of another session", given: withCodeOfAnother, input: right }),
    row({
      ...failure,
      name: "the right code, expired",
      everyWay: true,
      given: ofAge(5 * minuteMs),
      input: right,
      expect: expired,
    }),
    row({ ...failure, name: "a wrong code for an expired one", given: ofAge(5 * minuteMs), expect: expired }),
    row({
      ...refusal,
      name: "the right code after the last wrong try",
      profile: "safe",
      given: afterWrongTries(attemptsMax),
      input: right,
    }),
    row({
      ...success,
      name: "the right code after many wrong tries",
      profile: "zitadel",
      given: afterWrongTries(30),
    }),
    row({
      ...refusal,
      name: "the right code of a locked user",
      everyWay: true,
      given: ofLocked,
      input: right,
      expect: userLocked,
    }),
    row({ ...refusal, name: "a wrong code of a locked user", given: ofLocked, expect: userLocked }),
    row({
      ...refusal,
      name: "an expired code of a locked user",
      given: async (world) => {
        const session = await ofLocked(world);
        world.clock.ms += 5 * minuteMs;
        return session;
      },
      input: right,
      expect: userLocked,
    }),
    ...[right, bad].map((input, index) =>
      row({
        ...refusal,
        name: `a code of a deactivated user (${index})`,
        given: ofInactive,
        input,
        expect: userInactive,
      }),
    ),
    ...[
      { name: "after the number was replaced", given: withReplacedNumber },
      { name: "after another number was enrolled", given: withNumberAnew("otherNumber") },
      { name: "of a registration that was replaced", given: withReplacedRegistration },
      { name: "of a registration, after a number was enrolled", given: withNumberAfterRegistration },
    ].map((situation) =>
      row({
        ...failure,
        ...situation,
        name: `the right code ${situation.name}`,
        everyWay: true,
        input: right,
        expect: expired,
      }),
    ),
    ...[
      { name: "although a newer number waits for its verification", given: withNewerUnverified },
      { name: "after the same number was enrolled anew", given: withNumberAnew("number") },
      { name: "of a registration", given: challengedByRegistration },
    ].map((situation) => row({ ...success, ...situation, name: `the right code ${situation.name}` })),
    row({ ...refusal, name: "a code without user", given: ofNobody, expect: checkWithoutUser }),
    row({ ...refusal, name: "a code of a user who is gone", given: ofDeleted, expect: checkNotReady }),
    row({
      ...refusal,
      name: "the right code, where somebody else has the id of the user since",
      everyWay: true,
      given: ofRecreated,
      input: right,
      expect: checkNotReady,
    }),
    row({ ...refusal, name: "a code without challenge", given: ofEnrolled, expect: noChallenge }),
    row({
      ...refusal,
      name: "a code after the number was removed",
      given: withRemovedPhone,
      input: right,
      expect: checkNotReady,
    }),
    row({
      ...refusal,
      name: "a code after the enrollment was removed",
      given: withRemovedEnrollment,
      input: right,
      expect: checkNotReady,
    }),
    row({
      ...refusal,
      name: "the right code by the user, without session token",
      caller: "self",
      input: right,
      expect: lacksPermission,
      after: expectUnharmed,
    }),
  ];
}
