import { status as Status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  createAccessTokenInterceptor,
  createAdminClient,
  createAuthClient,
  createManagementClient,
  createSessionClient,
  createUserClient,
} from "@zitadel/node/dist/api/index.js";
import { TextQueryMethod as V1TextQueryMethod } from "@zitadel/node/dist/api/generated/zitadel/object.js";
import { TextQueryMethod } from "@zitadel/node/dist/api/generated/zitadel/object/v2beta/object.js";
import { describeFlow, present, type SessionRef, type Steps } from "./flow.ts";
import { type SdkServer, startServer } from "./server.ts";

/** The package for Node on nice-grpc: v2beta and v1. Its channels close when the server does. */

describeFlow("@zitadel/node, v2beta", v2betaSteps);
describeFlow("@zitadel/node, v1", v1Steps);

function v2betaSteps(server: SdkServer): Steps {
  const users = createUserClient(server.url, createAccessTokenInterceptor(server.adminToken));
  return {
    ...sessionSteps(server),

    async addUser(username) {
      const { userId } = await users.addHumanUser({
        username,
        profile: { givenName: "Ada", familyName: "Lovelace" },
        email: { email: username, isVerified: true },
      });
      return userId;
    },

    async setPhone(userId, phone) {
      await users.setPhone({ userId, phone, sendCode: {} });
    },

    async verifyPhone(userId, verificationCode) {
      await users.verifyPhone({ userId, verificationCode });
    },

    async phoneOf(userId) {
      const { user } = await users.getUserByID({ userId });
      const { phone, isVerified } = present(user?.human?.phone, "phone");
      return { number: phone, isVerified };
    },

    async addOtpSms(userId) {
      await users.addOTPSMS({ userId });
    },

    async usersNamed(userName) {
      const method = TextQueryMethod.TEXT_QUERY_METHOD_STARTS_WITH;
      const { result } = await users.listUsers({ queries: [{ userNameQuery: { userName, method } }] });
      return result.map((user) => user.userId);
    },
  };
}

/** v1 has no sessions. */
function v1Steps(server: SdkServer): Steps {
  const { url, adminToken } = server;
  const management = createManagementClient(url, createAccessTokenInterceptor(adminToken));
  const authAs = async (userId: string) =>
    createAuthClient(url, createAccessTokenInterceptor(await server.tokenOf(userId)));
  return {
    ...sessionSteps(server),

    async addUser(userName) {
      const { userId } = await management.addHumanUser({
        userName,
        profile: { firstName: "Ada", lastName: "Lovelace" },
        email: { email: userName, isEmailVerified: true },
      });
      return userId;
    },

    async setPhone(userId, phone) {
      await management.updateHumanPhone({ userId, phone });
    },

    async verifyPhone(userId, code) {
      await (await authAs(userId)).verifyMyPhone({ code });
    },

    async phoneOf(userId) {
      const { phone } = await management.getHumanPhone({ userId });
      const { phone: number, isPhoneVerified: isVerified } = present(phone, "phone");
      return { number, isVerified };
    },

    async addOtpSms(userId) {
      const auth = await authAs(userId);
      await auth.addMyAuthFactorOTPSMS({});
    },

    async usersNamed(userName) {
      const method = V1TextQueryMethod.TEXT_QUERY_METHOD_STARTS_WITH;
      const { result } = await management.listUsers({ queries: [{ userNameQuery: { userName, method } }] });
      return result.map((user) => user.id);
    },
  };
}

function sessionSteps({
  url,
  adminToken,
}: SdkServer): Pick<Steps, "createSession" | "challengeOtpSms" | "checkOtpSms" | "factorsOf" | "sessionsOf"> {
  const sessions = createSessionClient(url, createAccessTokenInterceptor(adminToken));
  const refOf = (sessionId: string, { sessionToken }: { sessionToken: string }): SessionRef => ({
    sessionId,
    sessionToken,
  });
  return {
    async createSession(userId) {
      const reply = await sessions.createSession({ checks: { user: { userId } } });
      return refOf(reply.sessionId, reply);
    },

    async challengeOtpSms(session) {
      const reply = await sessions.setSession({ ...session, challenges: { otpSms: {} } });
      return refOf(session.sessionId, reply);
    },

    async checkOtpSms(session, code) {
      const reply = await sessions.setSession({ ...session, checks: { otpSms: { code } } });
      return refOf(session.sessionId, reply);
    },

    async factorsOf(session) {
      const { user, otpSms } = present((await sessions.getSession(session)).session?.factors, "factors");
      return { userId: user?.id, otpSmsMs: otpSms && present(otpSms.verifiedAt, "time").getTime() };
    },

    async sessionsOf(id) {
      const { sessions: found } = await sessions.listSessions({ queries: [{ userIdQuery: { id } }] });
      return found.map((session) => session.id);
    },
  };
}

describe("@zitadel/node, beside the flow", () => {
  let server: SdkServer;
  beforeAll(async () => {
    server = await startServer("zitadel");
  });
  afterAll(() => server.close());

  it("shows an administrator the settings", async () => {
    const admin = createAdminClient(server.url, createAccessTokenInterceptor(server.adminToken));
    const { policy } = await admin.getLockoutPolicy({});
    expect(policy).toMatchObject({ isDefault: true });
  });

  it("is told code and id of an error", async () => {
    const users = createUserClient(server.url, createAccessTokenInterceptor(server.adminToken));
    let status = "";
    const call = users.setPhone(
      { userId: "nobody", phone: "+41791234567" },
      { onTrailer: (trailer) => (status = String(trailer.get("grpc-status-details-bin"))) },
    );
    await expect(call).rejects.toMatchObject({
      name: "ClientError",
      path: "/zitadel.user.v2beta.UserService/SetPhone",
      code: Status.NOT_FOUND,
      details: expect.stringMatching(/ \(COMMAND-ieJ2e\)$/),
    });
    expect(status).toContain("type.googleapis.com/zitadel.v1.ErrorDetail");
  });
});
