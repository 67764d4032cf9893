import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createHttpProvider, type HttpProviderOptions } from "../../src/sms/http.ts";
import { isForbiddenAddress, refuseForbiddenUrl } from "../../src/sms/public-address.ts";
import { clock, message, nowMs, silentMs } from "../support/provider-message.ts";
import type { ProviderRequest, ProviderServer } from "../support/provider-server.ts";
import { signatureBy, startWebhook } from "../support/webhook.ts";

const signingKey = "signing-key-of-this-test";
const nothing: Pick<ProviderRequest, "headers" | "body"> = { headers: {}, body: "" };

let webhook: ProviderServer;
beforeEach(async () => {
  webhook = await startWebhook();
});
afterEach(() => webhook.close());

const provider = (options: Partial<HttpProviderOptions> = {}) =>
  createHttpProvider({
    id: "p1",
    description: "",
    url: webhook.url,
    signingKeys: [{ key: signingKey, expiresMs: null }],
    allowPrivate: true,
    clock,
    ...options,
  });

describe("a webhook", () => {
  it("gets ZITADEL's payload, without what is empty", async () => {
    expect(await provider().send(message)).toEqual({ kind: "sent" });
    expect(JSON.parse(webhook.received[0]?.body ?? "")).toEqual({
      contextInfo: {
        eventType: "user.human.phone.code.added",
        provider: { id: "p1", description: "" },
        recipientPhoneNumber: "+41791234567",
      },
      templateData: { greeting: "Hello Ada", text: message.text },
      args: {
        code: "123456",
        userID: "ada",
        orgID: "default",
        userName: "ada@example.com",
        firstName: "Ada",
        lastName: "Lovelace",
        displayName: "Ada Lovelace",
        lastEmail: "ada@example.com",
        lastPhone: "+41791234567",
        preferredLoginName: "ada@example.com",
        loginNames: ["ada@example.com"],
        creationDate: "2020-09-13T12:26:40.000Z",
        changeDate: "2023-11-14T22:13:20.000Z",
      },
    });
    await provider().send({ ...message, purpose: "verify_otp_sms" });
    expect(JSON.parse(webhook.received[1]?.body ?? "")).toMatchObject({
      contextInfo: { eventType: "user.human.mfa.otp.sms.code.added" },
      args: { oTP: "123456", expiry: 600_000 * 1_000_000 },
    });
  });

  it("can check the signature, and tell attempts of one message by its key", async () => {
    await provider().send(message);
    await provider().send(message);
    const [{ headers, body } = nothing, second] = webhook.received;
    expect(headers["zitadel-signature"]).toBe(signatureBy([signingKey], body, nowMs));
    expect(headers["content-type"]).toBe("application/json");
    expect(headers["idempotency-key"]).toBe(message.id);
    expect(second?.headers["idempotency-key"]).toBe(message.id);
  });

  it("gets a signature by each key that is still valid, in their order", async () => {
    const signingKeys = [
      { key: "present", expiresMs: null },
      { key: "for another millisecond", expiresMs: nowMs + 1 },
      { key: "expired just now", expiresMs: nowMs },
      { key: "expired", expiresMs: nowMs - 1 },
    ];
    await provider({ signingKeys }).send(message);
    const [{ headers, body } = nothing] = webhook.received;
    const valid = ["present", "for another millisecond"];
    expect(headers["zitadel-signature"]).toBe(signatureBy(valid, body, nowMs));
  });

  it("gets no signature when its last key has expired", async () => {
    await provider({ signingKeys: [{ key: signingKey, expiresMs: nowMs }] }).send(message);
    expect(webhook.received[0]?.headers).not.toHaveProperty("zitadel-signature");
  });

  it("gets no signature without a key", async () => {
    await provider({ signingKeys: [] }).send(message);
    expect(webhook.received[0]?.headers).not.toHaveProperty("zitadel-signature");
  });
});

describe("the outcome", () => {
  const status =
    (code: number, headers = {}) =>
    (response: ServerResponse): void =>
      void response.writeHead(code, headers).end("{}");

  it.each([
    ["200", status(200), { kind: "sent" }],
    ["202", status(202), { kind: "sent" }],
    [
      "301",
      status(301, { location: "/elsewhere" }),
      { kind: "rejected", reason: "the webhook answered 301" },
    ],
    ["400", status(400), { kind: "rejected", reason: "the webhook answered 400" }],
    ["401", status(401), { kind: "rejected", reason: "the webhook answered 401", isAccountRefused: true }],
    ["408", status(408), { kind: "retry", reason: "the webhook answered 408" }],
    [
      "429 with Retry-After",
      status(429, { "retry-after": "7" }),
      { kind: "retry", reason: "the webhook answered 429", retryAfterMs: 7_000 },
    ],
    ["500", status(500), { kind: "retry", reason: "the webhook answered 500" }],
    ["a reset", (response: ServerResponse) => response.destroy(), { kind: "unknown", reason: /broke off/ }],
    [
      "a reset in the body",
      (response: ServerResponse) => {
        response.writeHead(200, { "content-length": "10" }).write("12345");
        response.socket?.resetAndDestroy();
      },
      { kind: "unknown", reason: /broke off/ },
    ],
    [
      "what is no HTTP",
      (response: ServerResponse): void => {
        response.socket?.end("garbage\r\n\r\n");
      },
      { kind: "unknown", reason: "the webhook broke off: network error" },
    ],
  ] as const)("of %s", async (_name, answered, expected) => {
    webhook.respond = answered;
    const result = await provider().send(message);
    expect(result).toMatchObject(
      "reason" in expected && typeof expected.reason === "object"
        ? { ...expected, reason: expect.stringMatching(expected.reason) }
        : expected,
    );
    expect(webhook.received).toHaveLength(1);
  });

  it.each([
    ["does not come", () => {}],
    [
      "drips",
      (response: ServerResponse) => {
        const drip = setInterval(() => response.write("."), 20);
        response.writeHead(200).on("close", () => clearInterval(drip));
      },
    ],
  ] as const)("that %s is waited for so long", async (_name, answered) => {
    webhook.respond = answered;
    expect(await provider({ timeoutMs: silentMs }).send(message)).toEqual({
      kind: "unknown",
      reason: "the webhook did not answer within 2000 ms",
    });
    expect(webhook.received).toHaveLength(1);
  });

  it("of a refused connection", async () => {
    await webhook.close();
    expect(await provider().send(message)).toEqual({
      kind: "retry",
      reason: "the webhook cannot be reached: ECONNREFUSED",
    });
  });
});

describe("a private address", () => {
  it("is not connected to, by address or by name", async () => {
    let connections = 0;
    const receiver = createServer(() => (connections += 1)).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const { port } = receiver.address() as AddressInfo; // it listens on a port
    for (const host of [
      "127.0.0.1",
      "localhost",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "0x7f.1",
      "2130706433",
      "0177.0.0.1",
    ]) {
      const result = await provider({ url: `https://${host}:${port}/hook`, allowPrivate: false }).send(
        message,
      );
      expect([host, result]).toEqual([
        host,
        { kind: "rejected", reason: expect.stringContaining("on a private or loopback address") },
      ]);
    }
    receiver.close();
    expect(connections).toBe(0);
  });

  it("is not what plain http is refused for, which anybody on the way can read", async () => {
    for (const host of ["8.8.8.8", "localhost", "sms.example.com"]) {
      expect(await provider({ url: `http://${host}/hook`, allowPrivate: false }).send(message)).toEqual({
        kind: "rejected",
        reason: "the webhook is at an http URL, which RINGBACK_SMS_ALLOW_PRIVATE does not allow",
      });
    }
  });

  it.each([
    "0.0.0.0",
    "0.255.255.255",
    "10.255.255.255",
    "100.127.255.255",
    "127.255.255.255",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.255",
    "192.0.2.255",
    "192.88.99.255",
    "192.168.255.255",
    "198.19.255.255",
    "198.51.100.255",
    "203.0.113.255",
    "239.255.255.255",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::255.0.0.1",
    "::ffff:0:ff00:1",
    "64:ff9b::a00:1",
    "64:ff9b::ff00:1",
    "64:ff9b:1:ffff::1",
    "100::ffff:0:0:1",
    "2001:0:ff00:1::",
    "2001:db8:ffff::1",
    "2002:ff00:1::",
    "3fff:fff::1",
    "fc00::1",
    "fdff::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ffff::1",
  ])("%s is one", (address) => {
    expect(isForbiddenAddress(address)).toBe(true);
  });

  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "11.0.0.1",
    "100.63.0.1",
    "100.128.0.1",
    "126.0.0.1",
    "169.255.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "192.169.0.1",
    "198.17.0.1",
    "223.0.0.1",
    "2001:1::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
  ])("%s is none", (address) => {
    expect(isForbiddenAddress(address)).toBe(false);
    refuseForbiddenUrl(new URL(`https://${address.includes(":") ? `[${address}]` : address}`));
  });
});
