import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { SmsProvider } from "../../src/app/sms-port.ts";
import { createSnsProvider, type SnsProviderOptions } from "../../src/sms/sns.ts";
import { clock, message } from "../support/provider-message.ts";
import { give, type ProviderServer, startProvider } from "../support/provider-server.ts";
import { sns, snsAccount, snsError } from "../support/provider-sns.ts";

let server: ProviderServer;
beforeEach(async () => {
  server = await startProvider(sns);
});
afterEach(() => server.close());

const provider = (options: Partial<SnsProviderOptions> = {}): SmsProvider =>
  createSnsProvider({
    ...snsAccount,
    clock,
    apiUrl: server.url,
    allowPrivate: true,
    ...options,
  });

describe("AWS SNS", () => {
  it("gets a signed message, as transactional and with the sender's name", async () => {
    expect(await provider().send(message)).toEqual({
      kind: "sent",
      providerMessageId: "567910cd-659e-55d4-8ccb-5aaf14679dc0",
    });
    expect(Object.fromEntries(new URLSearchParams(server.received[0]?.body))).toEqual({
      Action: "Publish",
      Version: "2010-03-31",
      PhoneNumber: message.recipient,
      Message: message.text,
      "MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SMSType",
      "MessageAttributes.entry.1.Value.DataType": "String",
      "MessageAttributes.entry.1.Value.StringValue": "Transactional",
      "MessageAttributes.entry.2.Name": "AWS.SNS.SMS.SenderID",
      "MessageAttributes.entry.2.Value.DataType": "String",
      "MessageAttributes.entry.2.Value.StringValue": "Ringback",
    });
  });

  it("gets no sender where the account has one", async () => {
    expect(await provider({ senderId: "" }).send(message)).toMatchObject({ kind: "sent" });
    expect(server.received[0]?.body).not.toContain("SenderID");
  });

  it.each([
    ["a wrong secret", { secretAccessKey: "wrong" }, "AWS SNS answered 403: SignatureDoesNotMatch"],
    ["a wrong key id", { accessKeyId: "AKIDOTHER" }, "AWS SNS answered 403: InvalidClientTokenId"],
    ["a wrong region", { region: "us-east-1" }, "AWS SNS answered 403: SignatureDoesNotMatch"],
    ["a wrong clock", { clock: { nowMs: () => 0 } }, "AWS SNS answered 403: RequestExpired"],
  ])("refuses the account, and says what is wrong, with %s", async (_name, options, reason) => {
    expect(await provider(options).send(message)).toEqual({
      kind: "rejected",
      reason,
      isAccountRefused: true,
    });
  });

  it.each(["Throttling", "ThrottlingException"])("is asked again after a 400 that is %s", async (code) => {
    server.respond = (response) => give(response, snsError(400, code, "Rate exceeded"));
    expect(await provider().send(message)).toEqual({
      kind: "retry",
      reason: `AWS SNS answered 400: ${code}`,
    });
  });

  it("may have sent a message whose id it does not tell", async () => {
    server.respond = (response) => give(response, { status: 200, body: "<PublishResponse/>" });
    expect(await provider().send(message)).toMatchObject({ kind: "unknown" });
  });
});
