import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { CodeVault } from "../../src/app/code-vault.ts";
import { KeyRotation } from "../../src/app/key-rotation.ts";
import { instanceId, Settings } from "../../src/app/settings.ts";
import { configOf, accountOf, type SmsAccountInput } from "../../src/app/sms-account.ts";
import type { Store } from "../../src/app/store-port.ts";
import { policyOf } from "../../src/domain/policy.ts";
import type { SettingsEvent } from "../../src/domain/settings-state.ts";
import { createLog } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { outboxMessage, settlement, userCommit } from "../support/store-commits.ts";
import { withParts } from "../support/with-parts.ts";

const [oldKey, newKey, lostKey] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
const vaultOf = (...keys: (Uint8Array | undefined)[]) =>
  new CodeVault(
    keys.flatMap((key) => key ?? []),
    randomBytes,
  );
const before = vaultOf(oldKey);
const both = vaultOf(newKey, oldKey);
const after = vaultOf(newKey);
const clock = { nowMs: () => 1_000 };

/** A store, and a rotation that resolves when its first round is over. */
function setUp(parts: Partial<Store> = {}) {
  const store = withParts<Store>(openMemoryStore(), parts);
  const settings = new Settings(policyOf("safe", undefined), store, clock);
  const records: { message: string }[] = [];
  const log = createLog("debug", (line) => records.push(JSON.parse(line)));
  const rotation = new KeyRotation({ vault: both, settings, outbox: store.outbox, clock, log });
  return { store, settings, records, rotation };
}

type ProviderAdded = Extract<SettingsEvent, { data: { config: object } }>;

const accounts: readonly SmsAccountInput[] = [
  { kind: "inbox", description: "1" },
  { kind: "http", description: "2", endpoint: "https://sms.example.com", signingKey: "s1" },
  {
    kind: "twilio",
    description: "3",
    sid: "AC",
    token: "s2",
    senderNumber: "+41790000000",
    verifyServiceSid: "",
  },
  { kind: "vonage", description: "4", apiKey: "k", apiSecret: "s3", sender: "me", signatureSecret: "s4" },
  { kind: "vonage", description: "5", apiKey: "k", apiSecret: "s5", sender: "me" },
  { kind: "messagebird", description: "6", accessKey: "s6", sender: "me", signingKey: "s7" },
  {
    kind: "sns",
    description: "7",
    region: "eu-west-1",
    accessKeyId: "k",
    secretAccessKey: "s8",
    senderId: "",
  },
];

describe("the rotation of the master key", () => {
  afterEach(() => void jest.useRealTimers());

  it("encrypts the secrets of every kind of provider anew, and each message that waits", async () => {
    const { store, settings, rotation, records } = setUp();
    const events = accounts.map((account): ProviderAdded => {
      const config = configOf(before, account.description, account);
      const former = { sealed: before.seal(account.description, "former"), expiresMs: 9_000 };
      return {
        type: "settings.sms.provider.added",
        data: {
          providerId: account.description,
          config: config.kind === "http" ? { ...config, formerSigningKey: former } : config,
        },
      };
    });
    await settings.instance.execute(instanceId, () => ({ events }));
    const ids = Array.from({ length: 250 }, (_, index) => `m${index}`);
    for (const id of ids) {
      // One is of a replica that has the new key already.
      const sealed = (id === "m2" ? after : before).seal(id, `text of ${id}`);
      await store.commit(userCommit(id, 0, { message: outboxMessage(id, { userId: id, sealed }) }));
    }
    const [claimed] = await store.outbox.claim(1_000, 1_000, 1);
    await store.outbox.settle(settlement("m1"));

    rotation.start();
    await settled(records, "nothing is encrypted with an older master key any more");
    expect(records.at(-1)).toMatchObject({ providers: 6, messages: 248 });
    await rotation.stop();

    const state = (await settings.find("instance"))?.state;
    for (const [index, { data }] of events.entries()) {
      const id = data.providerId;
      const found = state?.smsProviders[id];
      if (found === undefined) throw new Error(`the provider ${id} is gone`);
      expect(accountOf(after, id, found.value)).toEqual(accountOf(before, id, data.config));
      expect(found.sequence).toBe(index + 1);
    }
    const waiting = await store.outbox.waiting(undefined, 1_000);
    expect(waiting).toHaveLength(249);
    for (const { id, sealed } of waiting) expect(after.open(id, sealed)).toBe(`text of ${id}`);
    // A claim outlives it.
    expect(claimed !== undefined && (await store.outbox.begin(claimed, []))).toBe(true);
  });

  // On a shared store a decision may be asked for twice.
  const shared = { isShared: true, isInMemory: false } as const;
  it.each([
    ["a store", {}],
    ["a shared store", shared],
  ])("leaves what it cannot open in %s, and does not say that the older key may go", async (_, parts) => {
    const { store, settings, rotation, records } = setUp(parts);
    const sealed = vaultOf(lostKey).seal("m1", "text");
    await store.commit(userCommit("1", 0, { message: outboxMessage("m1", { sealed }) }));
    const config = { kind: "http", description: "", endpoint: "", sealedSigningKey: sealed } as const;
    const data = { providerId: "m1", config };
    await settings.instance.execute(instanceId, () => ({
      events: [{ type: "settings.sms.provider.added", data }],
    }));
    rotation.start();
    while (records.length < 2) await new Promise(setImmediate);
    await rotation.stop();
    const message = "a secret cannot be opened; was a master key removed?";
    expect(records).toMatchObject([
      { message, providerId: "m1" },
      { message, messageId: "m1" },
    ]);
    expect(await store.outbox.waiting(undefined, 1)).toMatchObject([{ sealed }]);
    expect((await settings.find("instance"))?.state.smsProviders["m1"]?.value).toEqual(config);
  });

  it("is looked after every minute, and told of again only where something was left", async () => {
    jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask"] });
    const { store, rotation, records } = setUp();
    const minutes = async (count: number): Promise<void> => {
      for (let minute = 1; minute <= count; minute += 1) {
        jest.advanceTimersByTime(60_000);
        for (let turn = 1; turn <= 10; turn += 1) await new Promise(setImmediate);
      }
    };
    rotation.start();
    await minutes(3);
    expect(records).toMatchObject([{ providers: 0, messages: 0 }]);
    const sealed = before.seal("m1", "text");
    await store.commit(userCommit("1", 0, { message: outboxMessage("m1", { sealed }) }));
    await minutes(3);
    expect(records.slice(1)).toMatchObject([{ providers: 0, messages: 1 }]);
    await rotation.stop();
  });

  const dayMs = 24 * 60 * 60 * 1000;
  it.each([
    ["phone_code", 2 * dayMs, new Date(1_000 + 2 * dayMs).toISOString()],
    ["otp_sms", 2 * dayMs, new Date(1_000 + 2 * dayMs).toISOString()],
    ["otp_sms", null, "never: codes have no end"],
  ] as const)(
    "tells when the last code ends: of %s with a life of %s ms",
    async (generatorType, ttlMs, end) => {
      const { settings, rotation, records } = setUp();
      const generator = { ...policyOf("safe", undefined).phoneCode, ttlMs };
      const data = { generatorType, generator };
      await settings.instance.execute(instanceId, () => ({
        events: [{ type: "settings.generator.set", data }],
      }));
      rotation.start();
      await settled(records, "nothing is encrypted with an older master key any more");
      await rotation.stop();
      expect(records).toMatchObject([{ lastCodeOrTokenExpires: end }]);
    },
  );

  it("replaces only what is still there", async () => {
    const { store } = setUp();
    await store.commit(userCommit("1", 0, { message: outboxMessage("m1", { sealed: "one" }) }));
    expect(await store.outbox.reseal({ id: "m1", sealed: "other" }, "two")).toBe(false);
    expect(await store.outbox.reseal({ id: "m1", sealed: "one" }, "two")).toBe(true);
    await store.outbox.settle(settlement("m1"));
    expect(await store.outbox.reseal({ id: "m1", sealed: "two" }, "three")).toBe(false);
  });
});

async function settled(records: readonly { readonly message: string }[], message: string): Promise<void> {
  while (!records.some((record) => record.message === message)) await new Promise(setImmediate);
}
