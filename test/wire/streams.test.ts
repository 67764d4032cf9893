import { Code, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { InboxService, type WatchMessagesResponse } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { RoleService } from "../../gen/ringback/role/v1/role_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { bearer } from "../support/bearer.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";

interface Options {
  readonly baseUrl: string;
  readonly interceptors: Interceptor[];
}

const transports: Readonly<Record<string, (options: Options) => Transport>> = {
  gRPC: createGrpcTransport,
  "gRPC-Web over HTTP/1.1": (options) => createGrpcWebTransport({ ...options, httpVersion: "1.1" }),
  "Connect over HTTP/2": (options) => createConnectTransport({ ...options, httpVersion: "2" }),
};

describe.each(Object.keys(transports))("the inbox over %s", (name) => {
  let world: World;
  let inbox: ReturnType<typeof createClient<typeof InboxService>>;

  beforeEach(async () => {
    world = await openWorld("zitadel");
    inbox = inboxOf(adminToken);
  });
  afterEach(() => world.close());

  function inboxOf(token: string): typeof inbox {
    const transport = transports[name]?.({ baseUrl: world.url, interceptors: [bearer(token)] });
    if (transport === undefined) throw new Error(`no transport ${name}`);
    return createClient(InboxService, transport);
  }

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

  type Next = IteratorResult<WatchMessagesResponse>;

  /** What a stream tells first. It may begin after the first message of these: it tells of one of them. */
  async function firstOf(watching: AsyncIterator<WatchMessagesResponse>) {
    const next = watching.next();
    const sent: string[] = [];
    let told: Next | undefined;
    do {
      sent.push((await send()).phone);
      told = await Promise.race([next, Promise.resolve(undefined)]);
    } while (told === undefined);
    return { sent, told: told.value.message?.phoneNumber };
  }

  it("streams what arrives from now on, and ends when the server does", async () => {
    await send();
    const watching = inbox.watchMessages({})[Symbol.asyncIterator]();
    const { sent, told } = await firstOf(watching);
    expect(sent).toContain(told);
    const isUnavailable = expect(restOf(watching)).rejects.toMatchObject({ code: Code.Unavailable });
    await world.close();
    await isUnavailable;
  });

  it("refuses to watch a number that is none, by the rule of the contract", async () => {
    await expect(
      restOf(inbox.watchMessages({ phoneNumber: "079" })[Symbol.asyncIterator]()),
    ).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringContaining("WatchMessagesRequest.phone_number: "),
    });
  });

  it("tells no more to somebody whose role was taken away since", async () => {
    const { id: userId } = await world.user();
    const token = await world.token(userId);
    await world.asAdmin(setRoles, { userId, roles: ["IAM_OWNER"] });
    const theirs = inboxOf(token);
    const watching = theirs.watchMessages({})[Symbol.asyncIterator]();
    await firstOf(watching);
    const { number: phoneNumber, id: waitedFor } = await world.user();
    const wait = expect(theirs.waitForMessage({ phoneNumber })).rejects.toMatchObject(notAllowed);
    await theirs.listMessages({}); // the wait has begun before that
    await world.asAdmin(setRoles, { userId, roles: [] });
    await world.asAdmin(UserService.method.setPhone, { userId: waitedFor, phone: phoneNumber });
    await expect(restOf(watching, phoneNumber)).rejects.toMatchObject(notAllowed);
    await wait;
  });
});

const { setRoles } = RoleService.method;
const notAllowed = { code: Code.NotFound };

/** Reads on. @throws Error if it tells of this number */
async function restOf(watching: AsyncIterator<WatchMessagesResponse>, secret = ""): Promise<void> {
  for (;;) {
    const { done, value } = await watching.next();
    if (done === true) return;
    if (value.message?.phoneNumber === secret) throw new Error(`was told of ${secret}`);
  }
}
