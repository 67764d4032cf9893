import { createHash, createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Receipt, ReceiptRequest, SmsProvider } from "../../src/app/sms-port.ts";
import { createVonageProvider, type VonageProviderOptions } from "../../src/sms/vonage.ts";
import { signedJwt } from "../support/provider-jwt.ts";
import { clock, message, nowMs } from "../support/provider-message.ts";
import { give, json, type ProviderServer, startProvider } from "../support/provider-server.ts";
import { vonage, vonageAccount } from "../support/provider-vonage.ts";

let server: ProviderServer;
beforeEach(async () => {
  server = await startProvider(vonage);
});
afterEach(() => server.close());

const provider = (options: Partial<VonageProviderOptions> = {}): SmsProvider =>
  createVonageProvider({
    ...vonageAccount,
    clock,
    apiUrl: server.url,
    allowPrivate: true,
    ...options,
  });

describe("Vonage", () => {
  it("gets the message as its Messages API wants it", async () => {
    expect(await provider().send(message)).toEqual({
      kind: "sent",
      providerMessageId: "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    });
    expect(JSON.parse(server.received[0]?.body ?? "")).toEqual({
      message_type: "text",
      channel: "sms",
      to: "41791234567",
      from: "15550001111",
      text: message.text,
      client_ref: message.id,
      webhook_url: message.receiptUrl,
      webhook_version: "v1",
    });
  });

  it.each([
    [
      "a wrong secret",
      { apiSecret: "wrong" },
      "Vonage answered 401: You did not provide correct credentials.",
    ],
    ["a bad sender", { sender: "far too long a name" }, "Vonage answered 422: Invalid params"],
  ])("says what is wrong with %s", async (_name, options, reason) => {
    expect(await provider(options).send(message)).toMatchObject({ kind: "rejected", reason });
  });

  it("may have sent a message whose id it does not tell", async () => {
    server.respond = (response) => give(response, json(202, {}));
    expect(await provider().send(message)).toMatchObject({ kind: "unknown" });
  });
});

describe("a receipt of Vonage", () => {
  const { apiKey, signatureSecret } = vonageAccount;
  const delivered = { message_uuid: "a", client_ref: message.id, channel: "sms", status: "delivered" };

  /** A signed webhook, as Vonage describes it. */
  function receipt(status: object, secret: string = signatureSecret, changes: object = {}): ReceiptRequest {
    const body = Buffer.from(JSON.stringify(status));
    const claims = {
      iat: Math.floor(nowMs / 1000),
      jti: "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
      iss: "Vonage",
      payload_hash: createHash("sha256").update(body).digest("hex"),
      api_key: apiKey,
      application_id: "app",
      ...changes,
    };
    return {
      url: message.receiptUrl ?? "",
      headers: { authorization: `Bearer ${signedJwt(claims, secret)}` },
      body,
    };
  }
  const read = async (request: ReceiptRequest, options = {}): Promise<Receipt | undefined> =>
    provider(options).readReceipt?.(request, nowMs);

  it.each([
    ["submitted", undefined, "sent", ""],
    ["delivered", undefined, "delivered", ""],
    ["read", undefined, "delivered", ""],
    [
      "undeliverable",
      { title: "1320", detail: "The provider is down" },
      "undelivered",
      "The provider is down",
    ],
    ["rejected", { title: "Rejected", detail: "" }, "undelivered", "Rejected"],
    ["rejected", { detail: "To 41791234567 is\n barred" }, "undelivered", "To … is barred"],
  ])("%s %j", async (status, error, state, reason) => {
    const request = receipt({ ...delivered, status, ...(error === undefined ? {} : { error }) });
    expect(await read(request)).toEqual({ messageId: message.id, state, reason });
  });

  it.each(["constructor", "toString", "__proto__", "", 7])(
    "means nothing with the status %j",
    async (status) => {
      expect(await read(receipt({ ...delivered, status }))).toBeUndefined();
    },
  );

  it("is not believed without the right signature over this very body, now", async () => {
    const good = receipt(delivered);
    expect(await read(good)).toBeDefined();
    expect(await read(receipt(delivered, "another-secret"))).toBeUndefined();
    expect(
      await read({ ...good, body: Buffer.from('{"client_ref":"x","status":"delivered"}') }),
    ).toBeUndefined();
    expect(await read({ ...good, headers: {} })).toBeUndefined();
    expect(await read(receipt(delivered, ""), { signatureSecret: "" })).toBeUndefined();
    const seconds = Math.floor(nowMs / 1000);
    expect(await read(receipt(delivered, signatureSecret, { iat: seconds - 290 }))).toBeDefined();
    expect(await read(receipt(delivered, signatureSecret, { iat: seconds - 310 }))).toBeUndefined();
    expect(await read(receipt(delivered, signatureSecret, { iat: seconds + 60 }))).toBeUndefined();
    expect(await read(receipt(delivered, signatureSecret, { iat: undefined }))).toBeUndefined();
    expect(await read(receipt(delivered, signatureSecret, { payload_hash: undefined }))).toBeUndefined();
    expect(await read(receipt(delivered, signatureSecret, { api_key: "other" }))).toBeUndefined();
  });

  it("is not believed if it is signed by nobody", async () => {
    const [, claims] = signedJwt({ iat: Math.floor(nowMs / 1000) }, "").split(".");
    const head = Buffer.from('{"alg":"none"}').toString("base64url");
    const request = receipt(delivered);
    for (const signature of ["", createHmac("sha256", "").update(`${head}.${claims}`).digest("base64url")]) {
      const authorization = `Bearer ${head}.${claims}.${signature}`;
      expect(await read({ ...request, headers: { authorization } })).toBeUndefined();
    }
  });
});
