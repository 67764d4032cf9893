import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { describeFlow, present, type SessionRef, type Steps } from "./flow.ts";
import { type SdkServer, startServer } from "./server.ts";

/** What the SDKs post that are generated from ZITADEL's OpenAPI documents, and what curl sends, by plain fetch. */

describeFlow("Connect JSON, v2", connectSteps);
describeFlow("REST, v2", restSteps);

/** The headers of the generated SDKs: none of them says that this is Connect. */
const sdkHeaders = {
  accept: "application/json",
  "content-type": "application/json",
  "user-agent": "zitadel-client/4.1.0 (lang=php; lang_version=8.3; os=linux; arch=x86_64)",
  "x-request-id": "01966b4d-6a8f-7cc4-9f0b-1d5a3c0e2b11",
};

function connectSteps({ url, adminToken }: SdkServer): Steps {
  const post = async (service: string, method: string, body: JsonObject): Promise<JsonValue> => {
    const { status, json } = await send(adminToken, "POST", `${url}/zitadel.${service}/${method}`, body);
    expect({ status, json }).toMatchObject({ status: 200 });
    return json;
  };
  const users = (method: string, body: JsonObject) => post("user.v2.UserService", method, body);
  const sessions = (method: string, body: JsonObject) => post("session.v2.SessionService", method, body);
  return {
    async addUser(username) {
      const reply = await users("CreateUser", {
        organizationId: "default",
        username,
        human: {
          profile: { givenName: "Ada", familyName: "Lovelace" },
          email: { email: username, isVerified: true },
        },
      });
      return textAt(reply, "id");
    },

    async setPhone(userId, phone) {
      await users("SetPhone", { userId, phone, sendCode: {} });
    },

    async verifyPhone(userId, verificationCode) {
      await users("VerifyPhone", { userId, verificationCode });
    },

    phoneOf: async (userId) => phoneIn(await users("GetUserByID", { userId })),

    async addOtpSms(userId) {
      await users("AddOTPSMS", { userId });
    },

    async createSession(userId) {
      const reply = await sessions("CreateSession", { checks: { user: { userId } } });
      return sessionIn(reply, textAt(reply, "sessionId"));
    },

    async challengeOtpSms({ sessionId, sessionToken }) {
      const body = { sessionId, sessionToken, challenges: { otpSms: { returnCode: false } } };
      return sessionIn(await sessions("SetSession", body), sessionId);
    },

    async checkOtpSms({ sessionId, sessionToken }, code) {
      const body = { sessionId, sessionToken, checks: { otpSms: { code } } };
      return sessionIn(await sessions("SetSession", body), sessionId);
    },

    factorsOf: async ({ sessionId, sessionToken }) =>
      factorsIn(await sessions("GetSession", { sessionId, sessionToken })),

    usersNamed: async (start) => idsIn(await users("ListUsers", userQuery(start)), "result", "userId"),

    sessionsOf: async (userId) =>
      idsIn(await sessions("ListSessions", sessionQuery(userId)), "sessions", "id"),
  };
}

function restSteps({ url, adminToken }: SdkServer): Steps {
  const request = async (
    wanted: 200 | 201,
    method: string,
    path: string,
    body?: JsonObject,
  ): Promise<JsonValue> => {
    const { status, json } = await send(adminToken, method, `${url}/v2/${path}`, body);
    expect({ status, json }).toMatchObject({ status: wanted });
    return json;
  };
  return {
    async addUser(username) {
      const reply = await request(200, "POST", "users/human", {
        username,
        profile: { givenName: "Ada", familyName: "Lovelace" },
        email: { email: username, isVerified: true },
      });
      return textAt(reply, "userId");
    },

    async setPhone(userId, phone) {
      await request(200, "POST", `users/${userId}/phone`, { phone, sendCode: {} });
    },

    async verifyPhone(userId, verificationCode) {
      await request(200, "POST", `users/${userId}/phone/verify`, { verificationCode });
    },

    phoneOf: async (userId) => phoneIn(await request(200, "GET", `users/${userId}`)),

    async addOtpSms(userId) {
      await request(200, "POST", `users/${userId}/otp_sms`, {});
    },

    async createSession(userId) {
      const reply = await request(201, "POST", "sessions", { checks: { user: { userId } } });
      return sessionIn(reply, textAt(reply, "sessionId"));
    },

    async challengeOtpSms({ sessionId, sessionToken }) {
      const body = { sessionToken, challenges: { otpSms: {} } };
      return sessionIn(await request(200, "PATCH", `sessions/${sessionId}`, body), sessionId);
    },

    async checkOtpSms({ sessionId, sessionToken }, code) {
      const body = { sessionToken, checks: { otpSms: { code } } };
      return sessionIn(await request(200, "PATCH", `sessions/${sessionId}`, body), sessionId);
    },

    factorsOf: async ({ sessionId, sessionToken }) =>
      factorsIn(await request(200, "GET", `sessions/${sessionId}?sessionToken=${sessionToken}`)),

    usersNamed: async (start) =>
      idsIn(await request(200, "POST", "users", userQuery(start)), "result", "userId"),

    sessionsOf: async (userId) =>
      idsIn(await request(200, "POST", "sessions/search", sessionQuery(userId)), "sessions", "id"),
  };
}

const userQuery = (userName: string) => ({
  queries: [{ userNameQuery: { userName, method: "TEXT_QUERY_METHOD_STARTS_WITH" } }],
});

const sessionQuery = (id: string) => ({ queries: [{ userIdQuery: { id } }] });

describe("an error in JSON", () => {
  let server: SdkServer;
  beforeAll(async () => {
    server = await startServer("zitadel");
  });
  afterAll(() => server.close());

  const message = expect.stringMatching(/ \(COMMAND-ieJ2e\)$/);

  it("is Connect's where the path is a method's", async () => {
    const target = `${server.url}/zitadel.user.v2.UserService/SetPhone`;
    const body = { userId: "nobody", phone: "+41791234567" };
    expect(await send(server.adminToken, "POST", target, body)).toEqual({
      status: 404,
      json: {
        code: "not_found",
        message,
        details: [expect.objectContaining({ type: "zitadel.v1.ErrorDetail", value: expect.any(String) })],
      },
    });
  });

  it("is google.rpc.Status where it is REST's", async () => {
    const target = `${server.url}/v2/users/nobody/phone`;
    expect(await send(server.adminToken, "POST", target, { phone: "+41791234567" })).toEqual({
      status: 404,
      json: {
        code: 5,
        message,
        details: [
          {
            "@type": "type.googleapis.com/zitadel.v1.ErrorDetail",
            id: "COMMAND-ieJ2e",
            message: expect.any(String),
          },
        ],
      },
    });
  });
});

interface JsonReply {
  readonly status: number;
  readonly json: JsonValue;
}

async function send(token: string, method: string, target: string, body?: JsonObject): Promise<JsonReply> {
  const response = await fetch(target, {
    method,
    headers: { ...sdkHeaders, authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json = (await response.json()) as JsonValue; // that is what JSON gives
  return { status: response.status, json };
}

// ------------------------------------------------------------------------------ what the answers hold

function phoneIn(reply: JsonValue): Awaited<ReturnType<Steps["phoneOf"]>> {
  const verified = at(reply, "user", "human", "phone", "isVerified");
  return { number: textAt(reply, "user", "human", "phone", "phone"), isVerified: verified === true };
}

function sessionIn(reply: JsonValue, sessionId: string): SessionRef {
  return { sessionId, sessionToken: textAt(reply, "sessionToken") };
}

function factorsIn(reply: JsonValue): Awaited<ReturnType<Steps["factorsOf"]>> {
  const checked = at(reply, "session", "factors", "otpSms");
  return {
    userId: textAt(reply, "session", "factors", "user", "id"),
    otpSmsMs: checked === undefined ? undefined : Date.parse(textAt(checked, "verifiedAt")),
  };
}

/** A list that is empty is left out. */
function idsIn(reply: JsonValue, list: string, id: string): readonly string[] {
  const found = at(reply, list) ?? [];
  if (!Array.isArray(found)) throw new Error(`${list} is no list`);
  return found.map((each) => textAt(each, id));
}

function textAt(json: JsonValue, ...path: readonly string[]): string {
  const text = present(at(json, ...path), path.join("."));
  if (typeof text !== "string") throw new Error(`${path.join(".")} is no text`);
  return text;
}

function at(json: JsonValue, ...path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (value, name) =>
      typeof value === "object" && value !== null && !Array.isArray(value) ? value[name] : undefined,
    json,
  );
}
