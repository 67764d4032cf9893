import {
  type DescMessage,
  type DescMethodUnary,
  type JsonObject,
  type Message,
  type MessageInitShape,
  toJson,
} from "@bufbuild/protobuf";
import { timestampFromMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { RoleService } from "../../../gen/ringback/role/v1/role_service_pb.js";
import { SessionService } from "../../../gen/zitadel/session/v2/session_service_pb.js";
import type { SessionService as Beta } from "../../../gen/zitadel/session/v2beta/session_service_pb.js";
import { UserService } from "../../../gen/zitadel/user/v2/user_service_pb.js";
import type { TestUser, UserWithCode, World } from "../../support/wire-world.ts";
import type { EitherService } from "./either-service.ts";
import { recreated, smsPerHour, type UserWithToken } from "./givens.ts";
import { byId } from "./session-inputs.ts";
import { type EventType, refused, type Row, rowsOf, type Scenario, type Subject } from "./scenario.ts";

/** Situations that the scenarios of sessions begin with, and what they look for afterwards. */

const { method } = SessionService;
const users = UserService.method;

/** The methods of v2, or those of v2beta. */
export type SessionMethods = EitherService<typeof SessionService, typeof Beta>;

/** What makes a scenario of a row about this method, and about the session that was given. */
export function sessionRowsOf<I extends DescMessage>(
  title: string,
  about: DescMethodUnary<I>,
): <G extends TestUser>(row: Row<I, G>) => Scenario {
  const make = rowsOf(`${title} ${about.name}`, about);
  return (row) => make({ about: subjectOf, ...row });
}

function subjectOf(given: TestUser | Session): Subject {
  if (!("sessionId" in given)) return given;
  return { id: given.sessionId, organizationId: "instance", createdMs: given.openedMs };
}

/** Between two SMS to one number, in profile safe. */
const pauseMs = 30_000;

/** A session that is not there yet. */
export const newSession = ({ createdMs }: TestUser): Subject => ({
  id: "",
  organizationId: "instance",
  createdMs,
});

// ------------------------------------------------------------------------------------------ situations

/** A session, mostly of the user. The code is the answer to its challenge, if that was returned. */
export interface Session extends UserWithCode {
  readonly sessionId: string;
  readonly sessionToken: string;
  readonly openedMs: number;
}

/** What one may leave out, as a plain object. */
type Plain<I extends DescMessage> = Exclude<MessageInitShape<I>, Message>;
type Opening = Plain<typeof method.createSession.input>;
type Change = Omit<Plain<typeof method.setSession.input>, "sessionId">;

/** The user is checked unless `opening` says otherwise. */
export async function open(world: World, user: TestUser, opening: Opening = {}): Promise<Session> {
  const made = await world.asAdmin(method.createSession, { checks: byId(user), ...opening });
  const { sessionId, sessionToken, challenges } = made;
  return { ...user, sessionId, sessionToken, openedMs: world.clock.ms, code: challenges?.otpSms ?? "" };
}

/** Changes a session as the administrator. */
export async function change<S extends Session>(world: World, session: S, asked: Change): Promise<S> {
  const { sessionId } = session;
  const { sessionToken, challenges } = await world.asAdmin(method.setSession, { ...asked, sessionId });
  return { ...session, sessionToken, code: challenges?.otpSms ?? session.code };
}

export const returned = { otpSms: { returnCode: true } };
export const bySms = { otpSms: {} };

/** A user who can answer one-time codes by SMS. */
export async function enrolled(world: World): Promise<UserWithCode> {
  const user = await world.user({ phone: "verified" });
  await world.asAdmin(users.addOTPSMS, { userId: user.id });
  return user;
}

export const ofNobody = async (world: World): Promise<Session> => open(world, world.nobody(), { checks: {} });
export const ofUser = async (world: World): Promise<Session> => open(world, await world.user());
export const ofEnrolled = async (world: World): Promise<Session> => open(world, await enrolled(world));
export const challenged = async (world: World): Promise<Session> =>
  open(world, await enrolled(world), { challenges: returned });

export async function challengedBySms(world: World): Promise<Session> {
  const session = await open(world, await enrolled(world), { challenges: bySms });
  return { ...session, code: (await world.lastMessage(session.number)).code };
}

/** As many SMS went out as within an hour may, each as soon as it could; the next one could go now. */
export async function challengedBySmsOfAnHour(world: World): Promise<Session> {
  let session = await challengedBySms(world);
  for (let sent = 1; sent < smsPerHour; sent += 1) {
    world.clock.ms += pauseMs;
    session = await change(world, session, { challenges: bySms });
  }
  world.clock.ms += pauseMs;
  return { ...session, code: (await world.lastMessage(session.number)).code };
}

/** The token is the one from before a change. */
export async function withFormerToken(world: World): Promise<Session> {
  const session = await ofUser(world);
  await change(world, session, { metadata: { step: bytes("2") } });
  return session;
}

export async function ended(world: World): Promise<Session> {
  const session = await ofUser(world);
  await world.asAdmin(method.deleteSession, { sessionId: session.sessionId });
  return session;
}

/** Opened so long ago, with a life of an hour. */
export const ofAge =
  (ageMs: number) =>
  async (world: World): Promise<Session> => {
    const session = await open(world, await world.user(), { lifetime: { seconds: 3_600n } });
    world.clock.ms += ageMs;
    return session;
  };

/** Its creator has no role any more, and is not its user; `token` is theirs. */
export async function ofFormerLoginClient(
  world: World,
): Promise<Session & UserWithToken & { readonly creator: TestUser }> {
  const creator = await world.user();
  const user = await world.user();
  await world.asAdmin(RoleService.method.setRoles, { userId: creator.id, roles: ["IAM_LOGIN_CLIENT"] });
  const token = await world.token(creator.id);
  const checks = byId(user);
  const { sessionId, sessionToken } = await world.callAs(token, method.createSession, { checks });
  await world.asAdmin(RoleService.method.setRoles, { userId: creator.id, roles: [] });
  return { ...user, sessionId, sessionToken, openedMs: world.clock.ms, token, creator };
}

/** Of a user who is locked by now; their token is from before. */
export async function ofLocked(world: World): Promise<Session & UserWithToken> {
  const session = await challenged(world);
  const token = await world.token(session.id);
  await world.asAdmin(users.lockUser, { userId: session.id });
  return { ...session, token };
}

/** Of a user who is deactivated by now. */
export async function ofInactive(world: World): Promise<Session> {
  const session = await challenged(world);
  await world.asAdmin(users.deactivateUser, { userId: session.id });
  return session;
}

/** Of a deleted user, whose id and number somebody else has since, who is enrolled too. */
export async function ofRecreated(world: World): Promise<Session> {
  const session = await recreated(world, await challenged(world));
  await world.asAdmin(users.addOTPSMS, { userId: session.id });
  return session;
}

/** Somebody else has the id of its creator since; `token` is theirs. */
export async function ofRecreatedCreator(world: World): Promise<Session & UserWithToken> {
  const session = await ofFormerLoginClient(world);
  await recreated(world, session.creator);
  return { ...session, token: await world.token(session.creator.id) };
}

/** Of a user who is gone; their token is from before. */
export async function ofDeleted(world: World): Promise<Session & UserWithToken> {
  const session = await ofUser(world);
  const token = await world.token(session.id);
  await world.asAdmin(users.deleteUser, { userId: session.id });
  return { ...session, token };
}

/** Its creator is gone; `token` is theirs, from before. */
export async function ofDeletedCreator(world: World): Promise<Session & UserWithToken> {
  const session = await ofFormerLoginClient(world);
  await world.asAdmin(users.deleteUser, { userId: session.creator.id });
  return session;
}

// ------------------------------------------------------------------------------------------ expectations

export const lacksPermission = refused(Code.PermissionDenied, "AUTH-AWfge");
export const tokenInvalid = refused(Code.PermissionDenied, "COMMAND-sGr42");
export const notExisting = refused(Code.NotFound, "COMMAND-Flk38");
export const terminated = refused(Code.FailedPrecondition, "COMMAND-Hewfq");
export const lifeOver = refused(Code.FailedPrecondition, "COMMAND-Hkl3d");
export const userInactive = refused(Code.FailedPrecondition, "SESSION-Gj4ko");
export const userMissing = refused(Code.NotFound, "QUERY-Dfbg2");

/** The answer gives a token, and the code if one is asked for. */
export const withToken = (challenges?: object): object => ({
  sessionToken: expect.stringMatching(/^rbs_[\w-]{43}$/),
  ...(challenges === undefined ? {} : { challenges }),
});

export const withNewSession = (challenges?: object): object => ({
  sessionId: expect.stringMatching(/^[0-9]{18}$/),
  ...withToken(challenges),
});

/** What opening a session writes around its changes. */
export const openedWith = (...changes: EventType[]): readonly EventType[] => [
  "session.added",
  ...changes,
  "session.token.set",
];

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The time on the wire. */
export const time = (ms: number): unknown => toJson(TimestampSchema, timestampFromMs(ms));

/** What GetSession shows of the session. */
export async function sessionOf(world: World, sessionId: unknown): Promise<JsonObject> {
  const found = await world.asAdmin(method.getSession, { sessionId: String(sessionId) });
  const json = toJson(method.getSession.output, found);
  if (!isObject(json) || !isObject(json["session"])) throw new Error("there is no session in the answer");
  return json["session"];
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
