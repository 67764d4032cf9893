import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { CodeVault } from "../../src/app/code-vault.ts";
import type { Store } from "../../src/app/store-port.ts";
import { acceptKey } from "../../src/build.ts";
import { readConfig } from "../../src/config/config.ts";
import { createLog, type Log } from "../../src/lib/log.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { storeAdapters, type StoreHome } from "../contract/store-homes.ts";
import type { ProviderServer } from "../support/provider-server.ts";
import { signatureBy, startWebhook } from "../support/webhook.ts";
import { connectProto } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";

const oldKey = Buffer.alloc(32, 1);
const newKey = Buffer.alloc(32, 2);
const idOf = (key: Uint8Array): string => new CodeVault([key], (count) => Buffer.alloc(count)).currentKeyId;
const userId = "ada";
const admin = AdminService.method;

describe.each(storeAdapters)("a master key that is replaced, on $name", ({ createHome }) => {
  let home: StoreHome;
  let store: Store;
  let webhook: ProviderServer;
  let isRefusing: boolean;
  beforeEach(async () => {
    home = await createHome();
    store = await home.open();
    isRefusing = true;
    webhook = await startWebhook(() => (isRefusing ? 503 : 204));
  });
  afterEach(async () => {
    await webhook.close();
    await home.remove();
  });

  const open = (keys: readonly Buffer[], log: Log) =>
    openWorld("safe", {
      store,
      keepStoreOpen: true,
      log,
      env: {
        RINGBACK_MASTER_KEY: keys.map((key) => key.toString("base64")).join(),
        RINGBACK_SMS_ALLOW_PRIVATE: "true",
      },
    });

  /** A provider with a secret, and a message that it does not take. @returns the provider's signing key */
  async function prepare(world: World): Promise<string> {
    const { id, signingKey } = await world.asAdmin(admin.addSMSProviderHTTP, { endpoint: webhook.url });
    await world.asAdmin(admin.activateSMSProvider, { id });
    const protocol = connectProto(world.url);
    const { result } = await protocol.call(
      UserService.method.addHumanUser,
      {
        userId,
        profile: { givenName: "Ada", familyName: "Lovelace" },
        email: { email: "ada@example.com" },
        phone: { phone: "+41791234567", verification: { case: "sendCode", value: {} } },
      },
      { authorization: `Bearer ${adminToken}` },
    );
    protocol.close();
    expect(result).not.toHaveProperty("error");
    return signingKey;
  }

  it("is not needed any more once the server has run with both", async () => {
    const first = watchedLog();
    const before = await open([oldKey], first.log);
    const signingKey = await prepare(before);
    await first.line("message not sent yet");
    await before.close();
    expect(await whatIsSealed(store)).toEqual([idOf(oldKey), idOf(oldKey)]);

    const { log, line } = watchedLog();
    const both = await open([newKey, oldKey], log);
    const told = line("nothing is encrypted with an older master key any more");
    const calls = Array.from({ length: 20 }, () => both.asAdmin(UserService.method.getUserByID, { userId }));
    expect(await told).toMatchObject({
      currentKeyId: idOf(newKey),
      olderKeyIds: [idOf(oldKey)],
      providers: 1,
      messages: 1,
      lastCodeOrTokenExpires: new Date(both.clock.ms + 24 * 3_600_000).toISOString(),
    });
    await Promise.all(calls);
    const { config } = await both.asAdmin(admin.getSMSProvider, { id: await onlyProvider(both) });
    // The key was noted, the provider added and activated; since then nobody changed it.
    expect(config?.details?.sequence).toBe(3n);
    await both.close();
    expect(await whatIsSealed(store)).toEqual([idOf(newKey), idOf(newKey)]);

    isRefusing = false;
    const last = watchedLog();
    const after = await open([newKey], last.log);
    const sent = last.line("message sent");
    after.clock.ms += 60_000;
    await sent;
    const request = webhook.received.at(-1);
    expect(request?.headers["zitadel-signature"]).toBe(
      signatureBy([signingKey], request?.body ?? "", after.clock.ms),
    );
    await after.close();
  });
});

it.each([0n, 3_600n])(
  "a webhook whose key was sealed by a lost one works with a new key, the former valid for %s s",
  async (seconds) => {
    const store = openMemoryStore();
    const webhook = await startWebhook();
    const env = (key: Buffer) => ({
      RINGBACK_MASTER_KEY: key.toString("base64"),
      RINGBACK_SMS_ALLOW_PRIVATE: "true",
    });
    const before = await openWorld("safe", { store, keepStoreOpen: true, env: env(oldKey) });
    const provider = await before.asAdmin(admin.addSMSProviderHTTP, { endpoint: webhook.url });
    await before.asAdmin(admin.activateSMSProvider, { id: provider.id });
    // There is a former key already, and its time still runs.
    const change = { id: provider.id, endpoint: webhook.url };
    await before.asAdmin(admin.updateSMSProviderHTTP, {
      ...change,
      expirationSigningKey: { seconds: 86_400n },
    });
    await before.close();
    await acceptKey(readConfig({ RINGBACK_STORE: "memory:", ...env(newKey) }), store);

    const after = await openWorld("safe", { store, env: env(newKey) });
    const { signingKey } = await after.asAdmin(admin.updateSMSProviderHTTP, {
      ...change,
      expirationSigningKey: { seconds },
    });
    const user = await after.user({ phone: "pending" });
    await after.asAdmin(UserService.method.resendPhoneCode, { userId: user.id });
    const [request] = webhook.received;
    expect(request?.headers["zitadel-signature"]).toBe(
      signatureBy([signingKey ?? ""], request?.body ?? "", after.clock.ms),
    );
    await after.close();
    await webhook.close();
  },
);

it("a code that was signed with a lost key is wrong, and another one can be had", async () => {
  const store = openMemoryStore();
  const env = (key: Buffer) => ({ RINGBACK_MASTER_KEY: key.toString("base64") });
  const before = await openWorld("safe", { store, keepStoreOpen: true, env: env(oldKey) });
  const user = await before.user({ phone: "pending" });
  await before.close();
  await acceptKey(readConfig({ RINGBACK_STORE: "memory:", ...env(newKey) }), store);

  const after = await openWorld("safe", { store, env: env(newKey) });
  const verify = (verificationCode = "") =>
    after.asAdmin(UserService.method.verifyPhone, { userId: user.id, verificationCode });
  await expect(verify(user.code)).rejects.toThrow("COMMAND-eis9R");
  const verification = { case: "returnCode", value: {} } as const;
  const fresh = await after.asAdmin(UserService.method.resendPhoneCode, { userId: user.id, verification });
  await verify(fresh.verificationCode);
  await after.close();
});

async function onlyProvider(world: World): Promise<string> {
  const { result } = await world.asAdmin(admin.listSMSProviders, {});
  return result[0]?.id ?? "";
}

/** The ids of the keys with which the provider and the message are encrypted. */
async function whatIsSealed(store: Store): Promise<readonly (string | undefined)[]> {
  const settings = JSON.stringify(await store.load({ type: "instance", id: "instance" }));
  const provider = /"sealedSigningKey":"([^.]+)\./.exec(settings)?.[1];
  const waiting = await store.outbox.waiting(undefined, 10);
  return [provider, ...waiting.map(({ sealed }) => sealed.split(".")[0])];
}

/** A log, and the first record with a message, from now on. */
function watchedLog(): { readonly log: Log; readonly line: (message: string) => Promise<unknown> } {
  const waiting = new Map<string, (record: unknown) => void>();
  const log = createLog("debug", (text) => {
    const record: { message: string } = JSON.parse(text);
    waiting.get(record.message)?.(record);
  });
  return { log, line: (message) => new Promise((resolve) => waiting.set(message, resolve)) };
}
