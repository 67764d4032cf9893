import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import {
  AttemptOutcome,
  DeliveryService,
  Encoding,
  type Message,
  MessageState,
} from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { sha256Hex } from "../../src/sms/signed-jwt.ts";
import { signedJwt } from "../support/provider-jwt.ts";
import { protocols } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type UserWithCode, type World } from "../support/wire-world.ts";
import type { ProviderServer } from "../support/provider-server.ts";
import { standardWebhookBy, startWebhook } from "../support/webhook.ts";

/** The whole way: a code is asked for, a webhook gets it and reports, and the message shows what became of it. */

const { method } = DeliveryService;
/** As a reverse proxy might have it, which takes the path away. */
const publicUrl = "https://sms.example.com/ringback";

interface Provider {
  readonly id: string;
  readonly signingKey: string;
}

let world: World;
let webhook: ProviderServer;
/** What the webhook answers. */
let status = 204;
let provider: Provider;

beforeAll(async () => {
  webhook = await startWebhook(() => status);
  world = await openWorld("safe", {
    env: { RINGBACK_PUBLIC_URL: `${publicUrl}/`, RINGBACK_SMS_ALLOW_PRIVATE: "true" },
  });
  provider = await addProvider(webhook);
  await world.asAdmin(AdminService.method.activateSMSProvider, { id: provider.id });
});

afterEach(() => {
  status = 204;
});

afterAll(async () => {
  await world.close();
  await webhook.close();
});

async function addProvider({ url }: ProviderServer): Promise<Provider> {
  return world.asAdmin(method.addProvider, { config: { case: "http", value: { endpoint: url } } });
}

/** Asks for a code, and does not wait for what becomes of it. */
async function setPhone({ id, number }: UserWithCode): Promise<void> {
  const response = await fetch(`${world.url}/v2/users/${id}/phone`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ phone: number, sendCode: {} }),
  });
  expect(response.status).toBe(200);
}

/** The newest message of a user, once it is in the state. */
async function messageOf({ id: userId }: UserWithCode, state: MessageState): Promise<Message> {
  for (;;) {
    const { messages } = await world.asAdmin(method.listMessages, { userId, state });
    const [message] = messages;
    if (message !== undefined) return message;
  }
}

async function sent(): Promise<Message> {
  const user = await world.user();
  await setPhone(user);
  return messageOf(user, MessageState.SENT);
}

async function get({ id }: Message): Promise<Message | undefined> {
  return (await world.asAdmin(method.getMessage, { id })).message;
}

interface ReceiptOptions {
  readonly by?: Provider;
  readonly signedMs?: number;
  readonly path?: string;
}

/** Reports as the receiver of a webhook does. @returns the HTTP status */
async function report(
  { id }: Pick<Message, "id">,
  fields: { readonly state: string; readonly reason?: string },
  { by = provider, signedMs = world.clock.ms, path }: ReceiptOptions = {},
): Promise<number> {
  const body = JSON.stringify({ messageId: id, ...fields });
  const response = await fetch(`${world.url}${path ?? `/receipts/${by.id}?message=${id}`}`, {
    method: "POST",
    headers: standardWebhookBy(by.signingKey, `receipt-${id}`, body, signedMs),
    body,
  });
  expect(await response.text()).toBe("");
  return response.status;
}

describe("a receipt", () => {
  it("shows that a message was delivered, and how long that took", async () => {
    const message = await sent();
    expect(message).toMatchObject({
      providerId: provider.id,
      encoding: Encoding.GSM7,
      segments: 1,
      warning: "",
      attempts: [{ providerId: provider.id, outcome: AttemptOutcome.SENT, reason: "" }],
    });
    expect(message.timeToDelivery).toBeUndefined();

    const { headers } = webhook.received.at(-1) ?? {};
    expect(headers?.["ringback-receipt-url"]).toBe(
      `${publicUrl}/receipts/${provider.id}?message=${message.id}`,
    );
    const path = String(headers?.["ringback-receipt-url"]).slice(publicUrl.length);
    world.clock.ms += 2_500;
    expect(await report(message, { state: "delivered" }, { path })).toBe(204);

    const delivered = await get(message);
    expect(delivered?.state).toBe(MessageState.DELIVERED);
    expect(delivered?.timeToDelivery && durationMs(delivered.timeToDelivery)).toBe(2_500);
    expect(delivered?.receiptTime && timestampMs(delivered.receiptTime)).toBe(world.clock.ms);
    expect(delivered?.settleTime).toEqual(message.settleTime);
  });

  it("tells the carrier's reason for what did not arrive, and is final", async () => {
    const message = await sent();
    expect(await report(message, { state: "sent" })).toBe(204);
    expect(await report(message, { state: "undelivered", reason: "the phone is off" })).toBe(204);
    expect(await report(message, { state: "delivered" })).toBe(204);
    expect(await get(message)).toMatchObject({
      state: MessageState.UNDELIVERED,
      reason: "the phone is off",
    });
  });

  it.each([
    ["is cut within a letter of two code units", `${"x".repeat(199)}😀`, `${"x".repeat(199)}\ufffd`],
    ["has half a letter", "the line is \ud83d", "the line is \ufffd"],
  ])("whose reason %s can be read in every protocol", async (_what, reason, told) => {
    const { id } = await sent();
    expect(await report({ id }, { state: "undelivered", reason })).toBe(204);
    for (const way of protocols(world.url)) {
      const { result } = await way.call(method.getMessage, { id }, { authorization: `Bearer ${adminToken}` });
      expect(result).toMatchObject({ message: { message: { reason: told } } });
      way.close();
    }
  });

  it.each<[string, (message: Message) => Promise<number>]>([
    [
      "another key",
      (message) =>
        report(message, { state: "delivered" }, { by: { ...provider, signingKey: "x".repeat(36) } }),
    ],
    [
      "a signature of six minutes ago",
      (message) => report(message, { state: "delivered" }, { signedMs: world.clock.ms - 360_000 }),
    ],
    ["an unknown state", (message) => report(message, { state: "read" })],
  ])("is refused with %s", async (_what, reporting) => {
    const message = await sent();
    expect(await reporting(message)).toBe(403);
    expect(await get(message)).toEqual(message);
  });

  it.each(["314159265358979323", "default", "constructor", "__proto__", ""])(
    "is not expected of the provider %j",
    async (id) => {
      expect(await report({ id: "m" }, { state: "delivered" }, { by: { ...provider, id } })).toBe(404);
    },
  );

  it("comes by GET from MessageBird, signed with its URL", async () => {
    const signingKey = "key-of-messagebird";
    const account = { accessKey: "key", sender: "Ringback", signingKey };
    const { id } = await world.asAdmin(method.addProvider, {
      config: { case: "messagebird", value: account },
    });
    const path = `/receipts/${id}?message=m&reference=m&status=delivered`;
    const seconds = Math.floor(world.clock.ms / 1_000);
    const claims = { iss: "MessageBird", nbf: seconds, exp: seconds + 60, jti: "1" };
    const token = signedJwt({ ...claims, url_hash: sha256Hex(publicUrl + path) }, signingKey);
    const headers = { "messagebird-signature-jwt": token };
    expect((await fetch(world.url + path, { headers })).status).toBe(204);
    expect((await fetch(`${world.url}${path}2`, { headers })).status).toBe(403);
  });

  it("changes nothing that another provider sent", async () => {
    const message = await sent();
    const other = await addProvider(webhook);
    expect(await report(message, { state: "delivered" }, { by: other })).toBe(204);
    expect(await get(message)).toEqual(message);
  });

  it("may come too early, while the message is still being handed over", async () => {
    status = 503;
    const user = await world.user();
    await setPhone(user);
    const queued = await messageOf(user, MessageState.QUEUED);
    expect(await report(queued, { state: "delivered" })).toBe(503);
  });
});

it("no receipt is asked for without a public URL", async () => {
  const other = await openWorld("safe", { env: { RINGBACK_SMS_ALLOW_PRIVATE: "true" } });
  try {
    const config = { case: "http", value: { endpoint: webhook.url } } as const;
    const { id } = await other.asAdmin(method.addProvider, { config });
    await other.asAdmin(AdminService.method.activateSMSProvider, { id });
    const { id: userId, number: phone } = await other.user();
    const before = webhook.received.length;
    await other.asAdmin(UserService.method.setPhone, { userId, phone });
    expect(webhook.received.slice(before).map(({ headers }) => headers["ringback-receipt-url"])).toEqual([
      undefined,
    ]);
    expect((await fetch(`${other.url}/receipts/${id}`, { method: "POST" })).status).toBe(404);
  } finally {
    await other.close();
  }
});

describe("a message", () => {
  it("that no provider takes is a dead letter, with the reason", async () => {
    status = 400;
    const user = await world.user();
    await setPhone(user);
    const message = await messageOf(user, MessageState.DEAD);
    expect(message.reason).not.toBe("");
    expect(message.attempts).toMatchObject([
      { providerId: provider.id, outcome: AttemptOutcome.REJECTED, reason: expect.stringContaining("400") },
    ]);
  });

  it("goes by the route of its country, to the next provider where the first refuses", async () => {
    const refusing = await startWebhook(() => 400);
    const first = await addProvider(refusing);
    await world.asAdmin(method.setRoutes, {
      routes: [
        { countries: ["DE"], targets: [{ providerId: first.id, weight: 1 }] },
        {
          countries: ["CH"],
          targets: [
            { providerId: first.id, weight: 1 },
            { providerId: provider.id, weight: 1, step: 1 },
          ],
        },
      ],
    });
    try {
      const message = await sent();
      expect(message.providerId).toBe(provider.id);
      expect(message.attempts).toMatchObject([
        { providerId: first.id, outcome: AttemptOutcome.REJECTED },
        { providerId: provider.id, outcome: AttemptOutcome.SENT },
      ]);
      expect(refusing.received).toHaveLength(1);
      const removal = world.asAdmin(AdminService.method.removeSMSProvider, { id: first.id });
      await expect(removal).rejects.toThrow(first.id);
    } finally {
      await world.asAdmin(method.setRoutes, { routes: [] });
      await refusing.close();
    }
  });

  it("tells a warning of more than one segment", async () => {
    await world.asAdmin(AdminService.method.setDefaultVerifyPhoneMessageText, {
      language: "en",
      text: `{{.Code}} ${"ü€漢".repeat(30)}`,
    });
    const message = await sent();
    expect(message).toMatchObject({
      encoding: Encoding.UCS2,
      segments: 2,
      warning: "The message takes 2 segments, each of which is paid for.",
    });
    const inGerman = { authorization: `Bearer ${adminToken}`, "accept-language": "de" };
    const response = await fetch(`${world.url}/ringback/v1/messages/${message.id}`, { headers: inGerman });
    expect(await response.json()).toMatchObject({
      message: { warning: "Die Nachricht braucht 2 Segmente, von denen jedes bezahlt wird." },
    });
  });
});
