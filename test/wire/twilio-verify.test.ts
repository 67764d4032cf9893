import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { DeliveryService, MessageState } from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { createLog } from "../../src/lib/log.ts";
import { createSmsProvider } from "../../src/sms/providers.ts";
import { createTestClock } from "../support/auth-clock.ts";
import {
  give,
  type ProviderRequest,
  type ProviderServer,
  startProvider,
} from "../support/provider-server.ts";
import { twilioError } from "../support/provider-twilio.ts";
import { twilioVerify, verificationSid, verifyAccount } from "../support/provider-twilio-verify.ts";
import { type Protocol, protocols, type Result } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type UserWithCode, type World } from "../support/wire-world.ts";
import { bySms, enrolled, open, returned } from "./scenarios/session-givens.ts";

/** Codes that Twilio Verify makes, sends and checks, through the whole house, by gRPC. */

const rightCode = "424242";
const wrongCode = "000000";
const users = UserService.method;
const { setSession, getSession } = SessionService.method;

let twilio: ProviderServer;
let world: World;
let grpc: Protocol;
const logged: string[] = [];

beforeAll(async () => {
  twilio = await startProvider(twilioVerify);
  const smsProvider = createSmsProvider(verifyAccount, {
    allowPrivate: true,
    clock: createTestClock(),
    inbox: { deliver: () => Promise.reject(new Error("nothing comes here")) },
    apiUrls: { twilioVerify: twilio.url },
  });
  world = await openWorld("safe", { smsProvider, log: createLog("debug", (line) => logged.push(line)) });
  const found = protocols(world.url).find(({ name }) => name === "gRPC");
  if (found === undefined) throw new Error("gRPC is not among the protocols");
  grpc = found;
});

const asModeled = (): ProviderServer["respond"] => (response, request) =>
  give(response, twilioVerify.answer(request));

afterEach(() => {
  twilio.respond = asModeled();
});

afterAll(async () => {
  grpc.close();
  await world.close();
  await twilio.close();
});

/** By gRPC, as the administrator. */
async function call<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
): Promise<Result<O>> {
  return (await grpc.call(method, input, { authorization: `Bearer ${adminToken}` })).result;
}

const accepted = { message: expect.anything() };
const refusedBy = (code: Code, id: string): object => ({
  error: expect.objectContaining({ code, details: [expect.objectContaining({ id })] }),
});

/** Runs, and gives what Twilio was asked meanwhile: the end of its path, and the form. */
async function askedDuring(run: () => Promise<unknown>): Promise<readonly (readonly [string, object])[]> {
  const before = twilio.received.length;
  await run();
  return twilio.received
    .slice(before)
    .map(({ path, body }: ProviderRequest) => [
      path.slice(path.lastIndexOf("/") + 1),
      Object.fromEntries(new URLSearchParams(body)),
    ]);
}

/** A number whose code Twilio has sent. */
async function coded(): Promise<UserWithCode> {
  const user = await world.user();
  await world.asAdmin(users.setPhone, { userId: user.id, phone: user.number });
  return user;
}

const verify = ({ id: userId }: UserWithCode, verificationCode: string) =>
  call(users.verifyPhone, { userId, verificationCode });

async function isVerified({ id: userId }: UserWithCode): Promise<boolean | undefined> {
  const { user } = await world.asAdmin(users.getUserByID, { userId });
  return user?.type.case === "human" ? user.type.value.phone?.isVerified : undefined;
}

describe("a number", () => {
  it("gets its code from Twilio, which is told neither text nor code", async () => {
    const user = await world.user();
    const phone = { userId: user.id, phone: user.number };
    const asked = await askedDuring(() => world.asAdmin(users.setPhone, phone));
    expect(asked).toEqual([["Verifications", { To: user.number, Channel: "sms" }]]);
    const { messages } = await world.asAdmin(DeliveryService.method.listMessages, { userId: user.id });
    expect(messages).toMatchObject([
      // How long a text is that Twilio writes is not known here.
      { state: MessageState.SENT, providerMessageId: verificationSid, segments: 0, warning: "" },
    ]);
  });

  it("is verified by the code that Twilio finds right, and by no other", async () => {
    const user = await coded();
    const wrong = await askedDuring(async () =>
      expect(await verify(user, wrongCode)).toEqual(refusedBy(Code.InvalidArgument, "COMMAND-eis9R")),
    );
    expect(wrong).toEqual([["VerificationCheck", { VerificationSid: verificationSid, Code: wrongCode }]]);
    expect(await isVerified(user)).toBe(false);

    expect(await verify(user, rightCode)).toEqual(accepted);
    expect(await isVerified(user)).toBe(true);
  });

  it("has no code left after five wrong ones: Twilio is not asked for a sixth", async () => {
    const user = await coded();
    for (let tries = 0; tries < 5; tries += 1) await verify(user, wrongCode);
    const asked = await askedDuring(async () =>
      expect(await verify(user, rightCode)).toEqual({ error: expect.anything() }),
    );
    expect(asked).toEqual([]);
    expect(await isVerified(user)).toBe(false);
  });

  it("keeps its tries while Twilio cannot be asked", async () => {
    const user = await coded();
    twilio.respond = (response) => response.destroy();
    for (let tries = 0; tries < 6; tries += 1) {
      expect(await verify(user, rightCode)).toEqual(refusedBy(Code.Unavailable, "CODE-u3Nav"));
    }
    expect(logged.at(-1)).toContain("Twilio Verify broke off");
    twilio.respond = asModeled();
    expect(await verify(user, rightCode)).toEqual(accepted);
  });

  it("needs another code once Twilio knows of this one no more", async () => {
    const user = await coded();
    twilio.respond = (response) => give(response, twilioError(404, 20404, "not found"));
    expect(await verify(user, rightCode)).toEqual(refusedBy(Code.InvalidArgument, "COMMAND-eis9R"));
  });

  it("cannot be verified before Twilio took the message", async () => {
    const user = await world.user();
    twilio.respond = (response) => response.writeHead(503).end();
    await call(users.setPhone, { userId: user.id, phone: user.number });
    expect(await verify(user, rightCode)).toEqual(refusedBy(Code.FailedPrecondition, "COMMAND-Sgb4h"));
  });

  it("cannot have its code returned: nobody here knows it", async () => {
    const { id: userId, number: phone } = await world.user();
    const verification = { case: "returnCode", value: {} } as const;
    const asked = await askedDuring(async () =>
      expect(await call(users.setPhone, { userId, phone, verification })).toEqual(
        refusedBy(Code.FailedPrecondition, "CODE-n0Rtn"),
      ),
    );
    expect(asked).toEqual([]);
  });
});

describe("a session", () => {
  it("is checked by the code that Twilio sent for it", async () => {
    const user = await enrolled(world);
    const { sessionId } = await open(world, user);
    const challenging = await askedDuring(() => world.asAdmin(setSession, { sessionId, challenges: bySms }));
    expect(challenging).toEqual([["Verifications", { To: user.number, Channel: "sms" }]]);

    const answer = (code: string) => call(setSession, { sessionId, checks: { otpSms: { code } } });
    expect(await answer(wrongCode)).toEqual({
      error: expect.objectContaining({ code: Code.InvalidArgument }),
    });
    expect(await answer(rightCode)).toEqual(accepted);
    const { session } = await world.asAdmin(getSession, { sessionId });
    expect(session?.factors?.otpSms?.verifiedAt).toBeDefined();
  });

  it("cannot have its code returned", async () => {
    const { sessionId } = await open(world, await enrolled(world));
    expect(await call(setSession, { sessionId, challenges: returned })).toEqual(
      refusedBy(Code.FailedPrecondition, "CODE-n0Rtn"),
    );
  });
});

it("makes the codes from when it is activated until it is deactivated", async () => {
  // Nothing is sent here: the API of a provider that was added is always Twilio's own.
  const { sid, token, verifyServiceSid } = verifyAccount;
  const config = { case: "twilio", value: { sid, token, verifyServiceSid } } as const;
  const other = await openWorld("safe");
  const withCode = async (): Promise<string> => (await other.user({ phone: "pending" })).code;
  try {
    const { id } = await other.asAdmin(DeliveryService.method.addProvider, { config });
    expect(await withCode()).toMatch(/^\d{6}$/);
    await other.asAdmin(AdminService.method.activateSMSProvider, { id });
    await expect(withCode()).rejects.toThrow("CODE-n0Rtn");
    await other.asAdmin(AdminService.method.deactivateSMSProvider, { id });
    expect(await withCode()).toMatch(/^\d{6}$/);
  } finally {
    await other.close();
  }
});

it("leaves neither a code nor a number in the log", () => {
  expect(logged).not.toHaveLength(0);
  expect(logged.join("\n")).not.toMatch(new RegExp(`${rightCode}|${wrongCode}|\\+41`));
});
