import { Code, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";

const authorize: Interceptor = (next) => (request) => {
  request.header.set("authorization", `Bearer ${adminToken}`);
  return next(request);
};

const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl, interceptors: [authorize] }),
  "gRPC-Web over HTTP/1.1": (baseUrl) =>
    createGrpcWebTransport({ baseUrl, httpVersion: "1.1", interceptors: [authorize] }),
  "Connect over HTTP/2": (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "2", interceptors: [authorize] }),
};

describe.each(Object.keys(transports))("the inbox over %s", (name) => {
  let world: World;
  let inbox: ReturnType<typeof createClient<typeof InboxService>>;

  beforeEach(async () => {
    world = await openWorld("zitadel");
    const transport = transports[name]?.(world.url);
    if (transport === undefined) throw new Error(`no transport ${name}`);
    inbox = createClient(InboxService, transport);
  });
  afterEach(() => world.close());

  async function send(): Promise<{ userId: string; phone: string }> {
    const user = await world.user();
    await world.asAdmin(UserService.method.setPhone, { userId: user.id, phone: user.number });
    return { userId: user.id, phone: user.number };
  }

  it("answers a wait at once if there is a message, and later as soon as there is a newer one", async () => {
    const { userId, phone } = await send();
    const { message: first } = await inbox.waitForMessage({ phoneNumber: phone });
    expect(first).toMatchObject({ phoneNumber: phone, userId });
    const later = inbox.waitForMessage({ phoneNumber: phone, afterMessageId: first?.id ?? "" });
    await world.asAdmin(UserService.method.resendPhoneCode, { userId });
    const { message: second } = await later;
    expect(Number(second?.id)).toBeGreaterThan(Number(first?.id));
    expect(second?.text).toContain(second?.code);
    expect(second?.code).not.toBe(first?.code);
  });

  it("ends a wait at the deadline of the call", async () => {
    await expect(
      inbox.waitForMessage({ phoneNumber: "+41790000000" }, { timeoutMs: 50 }),
    ).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
  });

  it("streams what arrives from now on, and ends when the server does", async () => {
    await send();
    const watching = inbox.watchMessages({})[Symbol.asyncIterator]();
    const next = watching.next();
    // The stream may begin after the first message of these: it tells of one of them, and of none before.
    const sent: string[] = [];
    let told: Awaited<typeof next> | undefined;
    do {
      sent.push((await send()).phone);
      told = await Promise.race([next, Promise.resolve(undefined)]);
    } while (told === undefined);
    expect(sent).toContain(told.value.message?.phoneNumber);
    const rest = (async () => {
      for (let result = await watching.next(); result.done !== true; result = await watching.next());
    })();
    const isUnavailable = expect(rest).rejects.toMatchObject({ code: Code.Unavailable });
    await world.close();
    await isUnavailable;
  });
});
