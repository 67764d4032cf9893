import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Purpose } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { type Profile, profiles } from "../../src/domain/policy.ts";
import { type SdkServer, startServer } from "./server.ts";

/** The way of a person from no account to a session with a second factor, in the calls of one client. */
export interface Steps {
  /** @returns the user's id */
  addUser(userName: string): Promise<string>;
  /** The code goes out by SMS. */
  setPhone(userId: string, number: string): Promise<void>;
  verifyPhone(userId: string, code: string): Promise<void>;
  phoneOf(userId: string): Promise<{ readonly number: string; readonly isVerified: boolean }>;
  addOtpSms(userId: string): Promise<void>;
  /** With the user check. */
  createSession(userId: string): Promise<SessionRef>;
  /** The code goes out by SMS. */
  challengeOtpSms(session: SessionRef): Promise<SessionRef>;
  checkOtpSms(session: SessionRef, code: string): Promise<SessionRef>;
  factorsOf(session: SessionRef): Promise<Factors>;
  /** @returns the ids of all whose name starts like this */
  usersNamed(start: string): Promise<readonly string[]>;
  /** @returns the ids of the user's sessions */
  sessionsOf(userId: string): Promise<readonly string[]>;
}

export interface SessionRef {
  readonly sessionId: string;
  readonly sessionToken: string;
}

export interface Factors {
  readonly userId: string | undefined;
  /** When the code of the SMS was checked. */
  readonly otpSmsMs: number | undefined;
}

const codeOfPhone: Readonly<Record<Profile, RegExp>> = { safe: /^[0-9]{6}$/, zitadel: /^[A-Z0-9]{6}$/ };
const minuteMs = 60_000;

/** Walks the whole way in both profiles. */
export function describeFlow(client: string, stepsFor: (server: SdkServer) => Steps): void {
  describe.each(profiles)(`${client}, profile %s`, (profile) => {
    let server: SdkServer;
    let steps: Steps;
    beforeAll(async () => {
      server = await startServer(profile);
      steps = stepsFor(server);
    });
    afterAll(() => server.close());

    it("verifies a number, and uses it as a second factor", async () => {
      const number = "+41791234567";
      const startMs = Date.now();
      const userId = await steps.addUser("ada@example.com");

      await steps.setPhone(userId, number);
      expect(await steps.phoneOf(userId)).toEqual({ number, isVerified: false });
      const first = await server.messageTo(number);
      expect(first).toMatchObject({ userId, purpose: Purpose.VERIFY_PHONE });
      expect(first.code).toMatch(codeOfPhone[profile]);
      await steps.verifyPhone(userId, first.code);
      expect(await steps.phoneOf(userId)).toEqual({ number, isVerified: true });

      await steps.addOtpSms(userId);
      const session = await steps.createSession(userId);
      expect(await steps.factorsOf(session)).toEqual({ userId, otpSmsMs: undefined });

      server.putForward(minuteMs); // profile safe pauses between two SMS to one number
      const challenged = await steps.challengeOtpSms(session);
      expect(challenged.sessionToken).not.toBe(session.sessionToken);
      const second = await server.messageTo(number, first);
      expect(second).toMatchObject({ userId, purpose: Purpose.OTP_SMS });
      expect(second.code).toMatch(/^[0-9]{8}$/);
      const checked = await steps.checkOtpSms(challenged, second.code);

      const factors = await steps.factorsOf(checked);
      expect(factors.userId).toBe(userId);
      expect(factors.otpSmsMs).toBeGreaterThanOrEqual(startMs + minuteMs);
      expect(factors.otpSmsMs).toBeLessThanOrEqual(Date.now() + minuteMs);

      expect(await steps.usersNamed("ada@")).toEqual([userId]);
      expect(await steps.sessionsOf(userId)).toEqual([session.sessionId]);
      expect(await steps.sessionsOf("nobody")).toEqual([]);
    });
  });
}

/** @throws Error if the answer lacks it */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the answer has no ${what}`);
  return value;
}
