import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { ReceiptRequest, SigningKey, SmsProvider } from "../../src/app/sms-port.ts";
import { createHttpProvider } from "../../src/sms/http.ts";
import { isStandardWebhook, standardWebhookHeaders } from "../../src/sms/webhook-signature.ts";
import { clock, message, nowMs } from "../support/provider-message.ts";
import { type ProviderRequest, type ProviderServer, startProvider } from "../support/provider-server.ts";
import { webhook, webhookAccount, webhookKey } from "../support/provider-webhook.ts";

let server: ProviderServer;
beforeEach(async () => {
  server = await startProvider(webhook);
});
afterEach(() => server.close());

const forever = (key: string): SigningKey => ({ key, expiresMs: null });
const provider = (signingKeys: readonly SigningKey[] = [forever(webhookKey)]): SmsProvider =>
  createHttpProvider({ ...webhookAccount(server.url), signingKeys, allowPrivate: true, clock });

const nothing: Pick<ProviderRequest, "headers" | "body"> = { headers: {}, body: "" };
const seconds = Math.floor(nowMs / 1000);
const sign = (secret: string | Buffer, id: string, timestamp: number, body: string): string =>
  `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`;

describe("a webhook", () => {
  it("gets the headers of Standard Webhooks, and where to report", async () => {
    expect(await provider().send(message)).toEqual({ kind: "sent" });
    const { headers, body } = server.received[0] ?? nothing;
    expect(headers).toMatchObject({
      "webhook-id": message.id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": sign(webhookKey, message.id, seconds, body),
      "ringback-receipt-url": message.receiptUrl,
    });
  });

  it("gets two signatures while the key is replaced", async () => {
    await provider([
      forever("new"),
      { key: "old", expiresMs: nowMs + 1 },
      { key: "gone", expiresMs: nowMs },
    ]).send(message);
    const { headers, body } = server.received[0] ?? nothing;
    const signatures = ["new", "old"].map((key) => sign(key, message.id, seconds, body));
    expect(headers["webhook-signature"]).toBe(signatures.join(" "));
  });

  it("gets no signature without a key", async () => {
    await provider([]).send(message);
    expect(server.received[0]?.headers).not.toHaveProperty("webhook-signature");
    expect(server.received[0]?.headers["webhook-id"]).toBe(message.id);
  });

  it("can check it with any library of Standard Webhooks", () => {
    // Their own example: https://github.com/standard-webhooks/standard-webhooks, libraries/javascript
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const headers = standardWebhookHeaders(id, '{"test": 2432232314}', [secret], 1_614_265_330_999);
    expect(headers).toEqual({
      "webhook-id": id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
    const request = { url: "", headers, body: Buffer.from('{"test": 2432232314}') };
    expect(isStandardWebhook(request, [secret], 1_614_265_330_999)).toBe(true);
  });
});

describe("a receipt of a webhook", () => {
  const delivered = { messageId: message.id, state: "delivered", reason: "" };

  function receipt(body: object, secret = webhookKey, timestamp = seconds): ReceiptRequest {
    const json = JSON.stringify(body);
    const signature = sign(secret, "receipt-1", timestamp, json);
    return {
      url: message.receiptUrl ?? "",
      headers: {
        "webhook-id": "receipt-1",
        "webhook-timestamp": String(timestamp),
        "webhook-signature": `v1a,something ${signature}`,
      },
      body: Buffer.from(json),
    };
  }
  const read = (request: ReceiptRequest, keys?: readonly SigningKey[]): unknown =>
    provider(keys).readReceipt?.(request, nowMs);

  it.each([
    [{ state: "sent" }, { state: "sent", reason: "" }],
    [
      { state: "delivered", reason: null },
      { state: "delivered", reason: "" },
    ],
    [
      { state: "undelivered", reason: "no route\nto +41 79 123 45 67 (code 123456)" },
      { state: "undelivered", reason: "no route to … (code …)" },
    ],
  ])("%j", (body, expected) => {
    expect(read(receipt({ ...delivered, ...body }))).toEqual({ messageId: message.id, ...expected });
  });

  it("is signed with any key that is valid", () => {
    const keys = [forever("new"), { key: "old", expiresMs: nowMs + 1 }, { key: "gone", expiresMs: nowMs }];
    expect(read(receipt(delivered, "new"), keys)).toBeDefined();
    expect(read(receipt(delivered, "old"), keys)).toBeDefined();
    expect(read(receipt(delivered, "gone"), keys)).toBeUndefined();
  });

  it("is not believed without the right signature over this very body, within 5 minutes", () => {
    const good = receipt(delivered);
    expect(read(good)).toEqual(delivered);
    expect(read(receipt(delivered, "another-key"))).toBeUndefined();
    expect(read(good, [])).toBeUndefined();
    expect(read({ ...good, headers: {} })).toBeUndefined();
    expect(
      read({ ...good, body: Buffer.from(JSON.stringify({ ...delivered, state: "sent" })) }),
    ).toBeUndefined();
    expect(read({ ...good, headers: { ...good.headers, "webhook-id": "receipt-2" } })).toBeUndefined();
    expect(read(receipt(delivered, webhookKey, seconds - 299))).toBeDefined();
    expect(read(receipt(delivered, webhookKey, seconds - 301))).toBeUndefined();
    expect(read(receipt(delivered, webhookKey, seconds + 302))).toBeUndefined();
  });

  it.each([{}, { messageId: message.id }, { ...delivered, state: "lost" }, { state: "sent" }, [], null])(
    "is nothing as %j",
    (body) => {
      expect(read(receipt(Object(body)))).toBeUndefined();
    },
  );
});
