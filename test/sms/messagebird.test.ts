import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Receipt, ReceiptRequest, SmsProvider } from "../../src/app/sms-port.ts";
import { createMessagebirdProvider, type MessagebirdProviderOptions } from "../../src/sms/messagebird.ts";
import { signedJwt } from "../support/provider-jwt.ts";
import { clock, message, nowMs } from "../support/provider-message.ts";
import { messagebird, messagebirdAccount } from "../support/provider-messagebird.ts";
import { give, json, type ProviderServer, startProvider } from "../support/provider-server.ts";

let server: ProviderServer;
beforeEach(async () => {
  server = await startProvider(messagebird);
});
afterEach(() => server.close());

const provider = (options: Partial<MessagebirdProviderOptions> = {}): SmsProvider =>
  createMessagebirdProvider({
    ...messagebirdAccount,
    clock,
    apiUrl: server.url,
    allowPrivate: true,
    ...options,
  });

describe("MessageBird", () => {
  it("gets the message as its SMS API wants it", async () => {
    expect(await provider().send(message)).toEqual({
      kind: "sent",
      providerMessageId: "e8077d803532c0b5937c639b60216938",
    });
    expect(JSON.parse(server.received[0]?.body ?? "")).toEqual({
      originator: "Ringback",
      recipients: ["41791234567"],
      body: message.text,
      datacoding: "auto",
      reference: message.id,
      reportUrl: message.receiptUrl,
    });
  });

  it.each([
    [
      "a wrong key",
      { accessKey: "wrong" },
      "MessageBird answered 401: Request not allowed (incorrect access_key)",
    ],
    [
      "a key that was pasted with its new line",
      { accessKey: "abc\n" },
      "MessageBird cannot be asked: its settings hold a character that HTTP does not allow",
    ],
    ["a bad sender", { sender: "far too long a name" }, "MessageBird answered 422: originator is required"],
  ])("says what is wrong with %s", async (_name, options, reason) => {
    expect(await provider(options).send(message)).toMatchObject({ kind: "rejected", reason });
  });

  it("may have sent a message whose id it does not tell", async () => {
    server.respond = (response) => give(response, json(200, {}));
    expect(await provider().send(message)).toMatchObject({ kind: "unknown" });
  });
});

describe("a receipt of MessageBird", () => {
  const { signingKey } = messagebirdAccount;
  const seconds = Math.floor(nowMs / 1000);

  /** A status report, as MessageBird describes it: a GET whose URL tells all. */
  function receipt(
    status: Record<string, string>,
    key: string = signingKey,
    changes: object = {},
  ): ReceiptRequest {
    const query = new URLSearchParams({
      id: "e8077d803532c0b5937c639b60216938",
      reference: message.id,
      recipient: "41791234567",
      statusDatetime: "2023-11-14T22:13:20+00:00",
      ...status,
    });
    const url = `${message.receiptUrl}&${query}`;
    const claims = {
      iss: "MessageBird",
      nbf: seconds,
      exp: seconds + 60,
      jti: "f3f5ab2c",
      url_hash: createHash("sha256").update(url).digest("hex"),
      ...changes,
    };
    return { url, headers: { "messagebird-signature-jwt": signedJwt(claims, key) }, body: Buffer.alloc(0) };
  }
  const read = async (request: ReceiptRequest, options = {}): Promise<Receipt | undefined> =>
    provider(options).readReceipt?.(request, nowMs);

  it.each([
    [{ status: "scheduled" }, "sent", ""],
    [{ status: "buffered" }, "sent", ""],
    [{ status: "sent" }, "sent", ""],
    [{ status: "delivered", statusReason: "successfully delivered" }, "delivered", ""],
    [{ status: "expired" }, "undelivered", ""],
    [{ status: "delivery_failed", statusReason: "unknown subscriber" }, "undelivered", "unknown subscriber"],
  ])("%j", async (status, state, reason) => {
    expect(await read(receipt(status))).toEqual({ messageId: message.id, state, reason });
  });

  it.each(["constructor", "toString", "__proto__", ""])(
    "means nothing with the status %j",
    async (status) => {
      expect(await read(receipt({ status }))).toBeUndefined();
    },
  );

  it("is not believed without the right signature over this very URL, now", async () => {
    const delivered = { status: "delivered" };
    const good = receipt(delivered);
    expect(await read(good)).toBeDefined();
    expect(await read(receipt(delivered, "another-key"))).toBeUndefined();
    expect(await read({ ...good, url: good.url.replace("delivered", "expired") })).toBeUndefined();
    expect(await read({ ...good, body: Buffer.from("more") })).toBeUndefined();
    const ofMore = { payload_hash: createHash("sha256").update("more").digest("hex") };
    const signed = receipt(delivered, signingKey, ofMore);
    expect(await read({ ...signed, body: Buffer.from("more") })).toBeDefined();
    expect(await read({ ...good, headers: {} })).toBeUndefined();
    expect(await read(receipt(delivered, ""), { signingKey: "" })).toBeUndefined();
    expect(await read(receipt(delivered, signingKey, { exp: seconds - 10 }))).toBeUndefined();
    expect(await read(receipt(delivered, signingKey, { nbf: seconds + 10 }))).toBeUndefined();
    expect(await read(receipt(delivered, signingKey, { exp: undefined }))).toBeUndefined();
    expect(await read(receipt(delivered, signingKey, { iss: "Somebody" }))).toBeUndefined();
    expect(await read(receipt(delivered, signingKey, { url_hash: undefined }))).toBeUndefined();
  });
});
