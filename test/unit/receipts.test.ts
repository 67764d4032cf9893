import { createHmac } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import type { MessageRecord, NotedReceipt, Outbox } from "../../src/app/outbox-port.ts";
import type { SmsProvider } from "../../src/app/sms-port.ts";
import { type IncomingReceipt, receiptUrl, takeReceipt } from "../../src/app/receipts.ts";
import { createSmsProvider } from "../../src/sms/providers.ts";
import { createTestClock } from "../support/auth-clock.ts";

const publicUrl = "https://sms.example.com/ringback";
const token = "token-of-twilio";
const clock = createTestClock();

const twilio = createSmsProvider(
  {
    kind: "twilio",
    id: "p1",
    description: "",
    sid: "AC1",
    token,
    senderNumber: "+15550001",
    verifyServiceSid: "",
    channel: "sms",
  },
  { allowPrivate: false, clock, inbox: { deliver: async () => undefined } },
);

/** Everything that was noted; a receipt is noted for what `find` gives as sent. */
function outboxOf(state: MessageRecord["state"] | undefined) {
  const noted: NotedReceipt[] = [];
  const record: MessageRecord = {
    id: "m/1",
    number: 1,
    userId: "ada",
    purpose: "verify_phone",
    recipient: "+41791234567",
    createdMs: 0,
    expiresMs: null,
    state: state ?? "sent",
    reason: "",
    attempts: [],
  };
  const outbox: Pick<Outbox, "find" | "noteReceipt"> = {
    async noteReceipt(receipt) {
      noted.push(receipt);
      return state === "sent";
    },
    find: () => (state === undefined ? undefined : record),
  };
  return { outbox, noted };
}

/** What Twilio posts: signed over the URL that it was told, and the fields in the order of their names. */
function twilioReceipt(url: string): IncomingReceipt {
  const body = "MessageSid=SM1&MessageStatus=delivered";
  const signed = `${url}MessageSidSM1MessageStatusdelivered`;
  return {
    providerId: "p1",
    target: url.slice(publicUrl.length),
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": createHmac("sha1", token).update(signed).digest("base64"),
    },
    readBody: async () => Buffer.from(body),
  };
}

describe("the receipt of a message", () => {
  const url = receiptUrl(publicUrl, "p1", "m/1");
  const providerById = (id: string): SmsProvider | undefined => (id === "p1" ? twilio : undefined);
  const optionsOf = (outbox: Pick<Outbox, "find" | "noteReceipt">) => ({
    publicUrl,
    outbox,
    providerById,
    clock,
  });

  it("has a URL of its own", () => {
    expect(url).toBe("https://sms.example.com/ringback/receipts/p1?message=m%2F1");
  });

  it("is checked against the URL that the provider was told, whatever a proxy took away", async () => {
    const { outbox, noted } = outboxOf("sent");
    expect(await takeReceipt(optionsOf(outbox), twilioReceipt(url))).toBe("noted");
    expect(noted).toEqual([
      { messageId: "m/1", providerId: "p1", state: "delivered", reason: "", atMs: clock.ms },
    ]);
  });

  it("is not genuine when it was signed for another message", async () => {
    const { outbox, noted } = outboxOf("sent");
    const other = twilioReceipt(receiptUrl(publicUrl, "p1", "m/2"));
    const moved = { ...other, target: url.slice(publicUrl.length) };
    expect(await takeReceipt(optionsOf(outbox), moved)).toBe("not_genuine");
    expect(noted).toEqual([]);
  });

  it.each<[MessageRecord["state"] | undefined, string]>([
    ["queued", "too_early"],
    ["delivered", "noted"],
    ["dead", "noted"],
    [undefined, "noted"],
  ])("of a message that is %s is %s", async (state, outcome) => {
    const { outbox } = outboxOf(state);
    expect(await takeReceipt(optionsOf(outbox), twilioReceipt(url))).toBe(outcome);
  });

  it("is not taken for noted where the record of what the provider took comes in between", async () => {
    const { outbox, noted } = outboxOf("sent");
    let isRecorded = false;
    const slow: Pick<Outbox, "find" | "noteReceipt"> = {
      async noteReceipt(receipt) {
        const wasRecorded = isRecorded;
        isRecorded = true;
        return wasRecorded && outbox.noteReceipt(receipt);
      },
      async find(messageId) {
        const record = await outbox.find(messageId);
        const state = isRecorded ? "sent" : "queued";
        isRecorded = true;
        return record && { ...record, state };
      },
    };
    const outcome = await takeReceipt(optionsOf(slow), twilioReceipt(url));
    expect([outcome, noted.length]).toEqual(["too_early", 0]);
    expect(await takeReceipt(optionsOf(slow), twilioReceipt(url))).toBe("noted");
    expect(noted).toHaveLength(1);
  });

  it.each(["", "p2"])("is not even read for the provider %j", async (providerId) => {
    const { outbox } = outboxOf("sent");
    const unread = async (): Promise<never> => {
      throw new Error("the body was read");
    };
    const receipt = { ...twilioReceipt(url), providerId, readBody: unread };
    expect(await takeReceipt(optionsOf(outbox), receipt)).toBe("not_expected");
  });
});
