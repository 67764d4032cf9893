import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { Details } from "../../gen/zitadel/object/v2/object_pb.js";
import type { Session } from "../../gen/zitadel/session/v2/session_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import type { User } from "../../gen/zitadel/user/v2/user_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/v1/error_pb.js";
import { errorCode } from "../../src/lib/error-code.ts";
import { bearer } from "./bearer.ts";
import { type Answer, type Call, type Done, outcomeUnknownId } from "./crash-history.ts";
import { adminToken } from "./crash-server.ts";

/** The calls of the load: how each is sent over gRPC, and how its answer is understood. */

export interface Clients {
  readonly users: Client<typeof UserService>;
  readonly sessions: Client<typeof SessionService>;
  close(): void;
}

/** What a call asks for, and how. */
export type Request = Pick<Call, "kind" | "userId" | "sessionId" | "phone" | "code" | "idempotencyKey"> & {
  send(clients: Clients, options: { readonly timeoutMs: number }): Promise<Omit<Done, "kind">>;
};

/** On a connection of their own. */
export function connectTo(baseUrl: string): Clients {
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({ baseUrl, sessionManager, interceptors: [bearer(adminToken)] });
  return {
    users: createClient(UserService, transport),
    sessions: createClient(SessionService, transport),
    close: () => sessionManager.abort(),
  };
}

/** @param phone is sent a code, or declared verified */
export function addUser(userId: string, phone: string, how: "sendCode" | "isVerified"): Request {
  const verification =
    how === "sendCode" ? ({ case: how, value: {} } as const) : ({ case: how, value: true } as const);
  return {
    kind: "add user",
    userId,
    phone,
    send: async ({ users }, options) => {
      const profile = { givenName: "Ada", familyName: "Lovelace" };
      const email = { email: emailOf(userId) };
      return done(
        await users.addHumanUser({ userId, profile, email, phone: { phone, verification } }, options),
      );
    },
  };
}

/** Their name, too. */
function emailOf(userId: string): string {
  return `${userId}@example.com`;
}

export function enroll(userId: string): Request {
  return {
    kind: "enroll",
    userId,
    send: async ({ users }, options) => done(await users.addOTPSMS({ userId }, options)),
  };
}

export type Delivery = "sendCode" | "returnCode";

export function setPhone(userId: string, phone: string, how: Delivery): Request {
  return {
    kind: "set phone",
    userId,
    phone,
    send: async ({ users }, options) => {
      const reply = await users.setPhone({ userId, phone, verification: { case: how, value: {} } }, options);
      return { ...done(reply), ...codeOf(reply.verificationCode) };
    },
  };
}

export function resendCode(userId: string, how: Delivery): Request {
  return {
    kind: "resend code",
    userId,
    send: async ({ users }, options) => {
      const reply = await users.resendPhoneCode({ userId, verification: { case: how, value: {} } }, options);
      return { ...done(reply), ...codeOf(reply.verificationCode) };
    },
  };
}

export function verifyPhone(userId: string, code: string): Request {
  return {
    kind: "verify phone",
    userId,
    code,
    send: async ({ users }, options) =>
      done(await users.verifyPhone({ userId, verificationCode: code }, options)),
  };
}

export function removePhone(userId: string): Request {
  return {
    kind: "remove phone",
    userId,
    send: async ({ users }, options) => done(await users.removePhone({ userId }, options)),
  };
}

export function readUser(userId: string): Request {
  return {
    kind: "read user",
    userId,
    async send({ users }, options) {
      const { user } = await users.getUserByID({ userId }, options);
      if (user === undefined) throw new Error("a user without a user");
      return shownUser(user);
    },
  };
}

/** Looks for them by name. One that is missing tells of no events. */
export function listUser(userId: string): Request {
  return {
    kind: "list user",
    userId,
    async send({ users }, options) {
      const userNameQuery = { userName: emailOf(userId) };
      const queries = [{ query: { case: "userNameQuery", value: userNameQuery } as const }];
      const { result } = await users.listUsers({ queries }, options);
      const user = result.find((each) => each.userId === userId);
      return user === undefined ? { sequence: 0, phone: "", isVerified: false } : shownUser(user);
    },
  };
}

function shownUser(user: User): Omit<Done, "kind"> {
  const human = user.type.case === "human" ? user.type.value : undefined;
  const { phone = "", isVerified = false } = human?.phone ?? {};
  return { ...done(user), phone, isVerified };
}

export function openSession(userId: string, how: Delivery, idempotencyKey: string): Request {
  return {
    kind: "open session",
    userId,
    idempotencyKey,
    async send({ sessions }, options) {
      const reply = await sessions.createSession(
        {
          checks: { user: { search: { case: "userId", value: userId } } },
          challenges: { otpSms: { returnCode: how === "returnCode" } },
        },
        { ...options, headers: { "idempotency-key": idempotencyKey } },
      );
      return { ...done(reply), ...codeOf(reply.challenges?.otpSms), sessionId: reply.sessionId };
    },
  };
}

export function checkSession(userId: string, sessionId: string, code: string): Request {
  return {
    kind: "check session",
    userId,
    sessionId,
    code,
    send: async ({ sessions }, options) =>
      done(await sessions.setSession({ sessionId, checks: { otpSms: { code } } }, options)),
  };
}

export function readSession(userId: string, sessionId: string): Request {
  return {
    kind: "read session",
    userId,
    sessionId,
    async send({ sessions }, options) {
      const { session } = await sessions.getSession({ sessionId }, options);
      if (session === undefined) throw new Error("a session without a session");
      return shownSession(session);
    },
  };
}

/** Looks for it among those of its user. One that is missing tells of no events. */
export function listSession(userId: string, sessionId: string): Request {
  return {
    kind: "list session",
    userId,
    sessionId,
    async send({ sessions }, options) {
      const queries = [{ query: { case: "userIdQuery", value: { id: userId } } as const }];
      const reply = await sessions.listSessions({ queries }, options);
      const session = reply.sessions.find(({ id }) => id === sessionId);
      return session === undefined ? { sequence: 0, isVerified: false } : shownSession(session);
    },
  };
}

function shownSession({ sequence, factors }: Session): Omit<Done, "kind"> {
  return { sequence: Number(sequence), isVerified: factors?.otpSms !== undefined };
}

/** What a call that was not done tells. */
export function failureOf(error: unknown): Exclude<Answer, Done> {
  const failure = ConnectError.from(error);
  // Every refusal of a replica has an id; what the client makes of a lost connection has none.
  const id = failure.findDetails(ErrorDetailSchema)[0]?.id;
  if (id !== undefined && id !== outcomeUnknownId) return { kind: "refused", id };
  if (errorCode(failure.cause) === "ECONNREFUSED") return { kind: "unreachable" };
  return { kind: "unknown", reason: id ?? `${Code[failure.code]}: ${failure.rawMessage}` };
}

function done({ details }: { readonly details?: Details | undefined }): { readonly sequence: number } {
  if (details === undefined) throw new Error("a reply without details");
  return { sequence: Number(details.sequence) };
}

function codeOf(code: string | undefined): { readonly code?: string } {
  return code === undefined ? {} : { code };
}
