import { Code, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createClientFor, type Timestamp, timestampMs } from "@zitadel/client";
import { createServerTransport } from "@zitadel/client/node";
import { createAuthServiceClient, createManagementServiceClient } from "@zitadel/client/v1";
import {
  createSessionServiceClient,
  createSettingsServiceClient,
  createUserServiceClient,
  makeReqCtx,
} from "@zitadel/client/v2";
import { createUserServiceClient as createV3UserServiceClient } from "@zitadel/client/v3alpha";
import { createClientTransport } from "@zitadel/client/web";
import { TextQueryMethod as V1TextQueryMethod } from "@zitadel/proto/zitadel/object_pb.js";
import { TextQueryMethod } from "@zitadel/proto/zitadel/object/v2/object_pb.js";
import { TextFilterMethod } from "@zitadel/proto/zitadel/resources/object/v3alpha/object_pb.js";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { describeFlow, present, type SessionRef, type Steps } from "./flow.ts";
import { type SdkServer, startServer } from "./server.ts";

/** ZITADEL's own package for TypeScript: v2, v1 and v3alpha, over gRPC and gRPC-Web. */

type CreateTransport = (token: string, options: { readonly baseUrl: string }) => Transport;

const overGrpc: CreateTransport = createServerTransport;
const overGrpcWeb: CreateTransport = createClientTransport;

describeFlow("@zitadel/client/node, v2", (server) => v2Steps(server, overGrpc));
describeFlow("@zitadel/client/web, v2", (server) => v2Steps(server, overGrpcWeb));
describeFlow("@zitadel/client/node, v1", (server) => v1Steps(server, overGrpc));
describeFlow("@zitadel/client/web, v1", (server) => v1Steps(server, overGrpcWeb));
describeFlow("@zitadel/client/node, v3alpha", (server) => v3Steps(server, overGrpc));
describeFlow("@zitadel/client/web, v3alpha", (server) => v3Steps(server, overGrpcWeb));

describe.each([
  ["node", overGrpc],
  ["web", overGrpcWeb],
])("@zitadel/client/%s, beside the flow", (_entry, createTransport) => {
  let server: SdkServer;
  let transport: Transport;
  beforeAll(async () => {
    server = await startServer("safe");
    transport = createTransport(server.adminToken, { baseUrl: server.url });
    await createUserServiceClient(transport).addHumanUser({
      userId: "ada",
      organization: { org: { case: "orgId", value: "elsewhere" } },
      profile: { givenName: "Ada", familyName: "Lovelace" },
      email: { email: "ada@example.com" },
    });
  });
  afterAll(() => server.close());

  it("calls in the organization that a header names", async () => {
    const management = createManagementServiceClient(transport);
    const inside = (organizationId: string) => ({ headers: { "x-zitadel-orgid": organizationId } });
    const { user } = await management.getUserByID({ id: "ada" }, inside("elsewhere"));
    expect(user?.userName).toBe("ada@example.com");
    await expect(management.getUserByID({ id: "ada" })).rejects.toMatchObject({ code: Code.NotFound });
    await expect(management.getUserByID({ id: "ada" }, inside("nowhere"))).rejects.toMatchObject({
      code: Code.PermissionDenied,
      rawMessage: expect.stringContaining("(AUTH-Bs7Ds)"),
    });
  });

  it("asks for the settings of the instance and of an organization", async () => {
    const policy = { maxPasswordAttempts: 0, maxOtpAttempts: 7 };
    const headers = { "x-zitadel-orgid": "elsewhere" };
    await createManagementServiceClient(transport).addCustomLockoutPolicy(policy, { headers });
    const settings = createSettingsServiceClient(transport);
    const ofInstance = await settings.getLockoutSettings({ ctx: makeReqCtx(undefined) });
    const ofOrganization = await settings.getLockoutSettings({ ctx: makeReqCtx("elsewhere") });
    expect(ofInstance.settings?.maxOtpAttempts).toBe(100n);
    expect(ofOrganization.settings?.maxOtpAttempts).toBe(7n);
  });

  it("gives up when the time is over", async () => {
    const inbox = createClientFor(InboxService)(transport);
    const call = inbox.waitForMessage({ phoneNumber: "+41791234567" }, { timeoutMs: 50 });
    await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });
});

function v2Steps({ url, adminToken }: SdkServer, createTransport: CreateTransport): Steps {
  const transport = createTransport(adminToken, { baseUrl: url });
  const users = createUserServiceClient(transport);
  return {
    ...sessionSteps(transport),

    async addUser(username) {
      const { userId } = await users.addHumanUser({
        username,
        profile: { givenName: "Ada", familyName: "Lovelace" },
        email: { email: username, verification: { case: "isVerified", value: true } },
      });
      return userId;
    },

    async setPhone(userId, phone) {
      await users.setPhone({ userId, phone, verification: { case: "sendCode", value: {} } });
    },

    async verifyPhone(userId, verificationCode) {
      await users.verifyPhone({ userId, verificationCode });
    },

    async phoneOf(userId) {
      const { user } = await users.getUserByID({ userId });
      const human = user?.type.case === "human" ? user.type.value : undefined;
      const { phone, isVerified } = present(human?.phone, "phone");
      return { number: phone, isVerified };
    },

    async addOtpSms(userId) {
      await users.addOTPSMS({ userId });
    },

    async usersNamed(userName) {
      const { result } = await users.listUsers({
        queries: [
          { query: { case: "userNameQuery", value: { userName, method: TextQueryMethod.STARTS_WITH } } },
        ],
      });
      return result.map((user) => user.userId);
    },
  };
}

/** v1 has no sessions. */
function v1Steps({ url, adminToken, tokenOf }: SdkServer, createTransport: CreateTransport): Steps {
  const transport = createTransport(adminToken, { baseUrl: url });
  const management = createManagementServiceClient(transport);
  const authAs = async (userId: string) =>
    createAuthServiceClient(createTransport(await tokenOf(userId), { baseUrl: url }));
  return {
    ...sessionSteps(transport),

    async addUser(userName) {
      const { userId } = await management.importHumanUser({
        userName,
        profile: { firstName: "Ada", lastName: "Lovelace" },
        email: { email: userName, isEmailVerified: true },
      });
      return userId;
    },

    async setPhone(userId, phone) {
      await (await authAs(userId)).setMyPhone({ phone });
    },

    async verifyPhone(userId, code) {
      await (await authAs(userId)).verifyMyPhone({ code });
    },

    async phoneOf(userId) {
      const { phone } = await (await authAs(userId)).getMyPhone({});
      const { phone: number, isPhoneVerified: isVerified } = present(phone, "phone");
      return { number, isVerified };
    },

    async addOtpSms(userId) {
      await (await authAs(userId)).addMyAuthFactorOTPSMS({});
    },

    async usersNamed(userName) {
      const method = V1TextQueryMethod.STARTS_WITH;
      const { result } = await management.listUsers({
        queries: [{ query: { case: "userNameQuery", value: { userName, method } } }],
      });
      return result.map((user) => user.id);
    },
  };
}

/** v3alpha has no sessions; a registration for codes by SMS has a number of its own. */
function v3Steps({ url, adminToken }: SdkServer, createTransport: CreateTransport): Steps {
  const transport = createTransport(adminToken, { baseUrl: url });
  const users = createV3UserServiceClient(transport);
  const phoneOf: Steps["phoneOf"] = async (id) => {
    const { user } = await users.getUser({ id });
    const { number, isVerified } = present(user?.contact?.phone, "phone");
    return { number, isVerified };
  };
  return {
    ...sessionSteps(transport),

    async addUser(username) {
      const { details } = await users.createUser({
        organization: { property: { case: "orgId", value: "default" } },
        user: {
          schemaId: "people",
          contact: { email: { address: username, verification: { case: "isVerified", value: true } } },
          authenticators: { usernames: [{ username }] },
        },
      });
      return present(details, "details").id;
    },

    async setPhone(id, number) {
      await users.setContactPhone({ id, phone: { number, verification: { case: "sendCode", value: {} } } });
    },

    async verifyPhone(id, verificationCode) {
      await users.verifyContactPhone({ id, verificationCode });
    },

    phoneOf,

    async addOtpSms(id) {
      const { number } = await phoneOf(id);
      const { otpSmsId, verificationCode } = await users.addOTPSMSAuthenticator({
        id,
        phone: { number, verification: { case: "returnCode", value: {} } },
      });
      const code = present(verificationCode, "code");
      await users.verifyOTPSMSRegistration({ id, otpSmsId, code });
    },

    async usersNamed(username) {
      const method = TextFilterMethod.STARTS_WITH;
      const { result } = await users.searchUsers({
        filters: [{ Filter: { case: "usernameFilter", value: { username, method } } }],
      });
      return result.map(({ details }) => present(details, "details").id);
    },
  };
}

function sessionSteps(
  transport: Transport,
): Pick<Steps, "createSession" | "challengeOtpSms" | "checkOtpSms" | "factorsOf" | "sessionsOf"> {
  const sessions = createSessionServiceClient(transport);
  const refOf = (sessionId: string, { sessionToken }: { sessionToken: string }): SessionRef => ({
    sessionId,
    sessionToken,
  });
  return {
    async createSession(userId) {
      const reply = await sessions.createSession({
        checks: { user: { search: { case: "userId", value: userId } } },
      });
      return refOf(reply.sessionId, reply);
    },

    async challengeOtpSms({ sessionId, sessionToken }) {
      const reply = await sessions.setSession({ sessionId, sessionToken, challenges: { otpSms: {} } });
      return refOf(sessionId, reply);
    },

    async checkOtpSms({ sessionId, sessionToken }, code) {
      const reply = await sessions.setSession({ sessionId, sessionToken, checks: { otpSms: { code } } });
      return refOf(sessionId, reply);
    },

    async factorsOf({ sessionId, sessionToken }) {
      const { session } = await sessions.getSession({ sessionId, sessionToken });
      const { user, otpSms } = present(session?.factors, "factors");
      return { userId: user?.id, otpSmsMs: otpSms && msOf(otpSms.verifiedAt) };
    },

    async sessionsOf(id) {
      const { sessions: found } = await sessions.listSessions({
        queries: [{ query: { case: "userIdQuery", value: { id } } }],
      });
      return found.map((session) => session.id);
    },
  };
}

function msOf(time: Timestamp | undefined): number {
  return timestampMs(present(time, "time of the check"));
}
