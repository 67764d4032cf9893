import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Message } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { ManagementService } from "../../gen/zitadel/management/v1/management_service_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { SecretGeneratorType } from "../../gen/zitadel/settings/v1/secret_generator_pb.js";
import { ResourceOwnerType } from "../../gen/zitadel/settings/v2/lockout_settings_pb.js";
import { SettingsService } from "../../gen/zitadel/settings/v2/settings_service_pb.js";
import { UserState } from "../../gen/zitadel/user/v2/user_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import type { ProviderServer } from "../support/provider-server.ts";
import { signatureBy, startWebhook } from "../support/webhook.ts";
import { openWorld, type TestUser, type World } from "../support/wire-world.ts";
import { wrongCode } from "./scenarios/givens.ts";
import { withOwner } from "./scenarios/management-v1-rows.ts";
import { bySms, challenged, enrolled, open } from "./scenarios/session-givens.ts";

/** Every setting holds from the next call on. */

const admin = AdminService.method;
const management = ManagementService.method;
const { setPhone, verifyPhone, addHumanUser, getUserByID } = UserService.method;

let world: World;
beforeEach(async () => {
  world = await openWorld("safe");
});
afterEach(() => world.close());

const inSeconds = (seconds: number): { seconds: bigint } => ({ seconds: BigInt(seconds) });

describe("a generator of phone codes", () => {
  const generatorType = SecretGeneratorType.VERIFY_PHONE_CODE;
  const verify = ({ id, code }: TestUser & { readonly code: string }) =>
    world.asAdmin(verifyPhone, { userId: id, verificationCode: code });

  it("draws the next code", async () => {
    await world.asAdmin(admin.updateSecretGenerator, {
      generatorType,
      length: 12,
      expiry: inSeconds(60),
      includeLowerLetters: true,
    });
    expect((await world.user({ phone: "pending" })).code).toMatch(/^[a-z]{12}$/);
    await world.asAdmin(admin.updateSecretGenerator, { generatorType, length: 3, includeSymbols: true });
    expect((await world.user({ phone: "pending" })).code).toMatch(/^[~!@#$^&*()_+`\-={}|[\]:<>?,./]{3}$/);
  });

  it("draws the code of the next SMS", async () => {
    await world.asAdmin(admin.updateSecretGenerator, {
      generatorType,
      length: 9,
      expiry: inSeconds(90),
      includeUpperLetters: true,
    });
    const { code, text, createTime, expireTime } = await smsTo({});
    expect(code).toMatch(/^[A-Z]{9}$/);
    expect(text).toContain(code);
    expect(Number(expireTime?.seconds) - Number(createTime?.seconds)).toBe(90);
  });

  it("gives the next code its life, and takes nothing from the codes before", async () => {
    const before = await world.user({ phone: "pending" });
    const beforeToo = await world.user({ phone: "pending" });
    await world.asAdmin(admin.updateSecretGenerator, {
      generatorType,
      length: 6,
      expiry: inSeconds(60),
      includeDigits: true,
    });
    const early = await world.user({ phone: "pending" });
    const late = await world.user({ phone: "pending" });
    world.clock.ms += 59_999;
    await verify(early);
    world.clock.ms += 1;
    await expect(verify(late)).rejects.toThrow("COMMAND-eis9R");
    world.clock.ms += 9 * 60_000 - 1;
    await verify(before);
    world.clock.ms += 1;
    await expect(verify(beforeToo)).rejects.toThrow("COMMAND-eis9R");
  });

  it("may make codes that never expire", async () => {
    await world.asAdmin(admin.updateSecretGenerator, { generatorType, length: 6, includeDigits: true });
    const user = await world.user({ phone: "pending" });
    world.clock.ms += 365 * 86_400_000;
    await verify(user);
  });
});

describe("a generator of one-time codes by SMS", () => {
  const generatorType = SecretGeneratorType.OTP_SMS;

  async function challenge(): Promise<{ readonly code: string; check(): Promise<unknown> }> {
    const { sessionId, code } = await challenged(world);
    const checks = { otpSms: { code } };
    return { code, check: () => world.asAdmin(SessionService.method.setSession, { sessionId, checks }) };
  }

  it("draws the next code, and takes nothing from the codes before", async () => {
    const before = await challenge();
    expect(before.code).toMatch(/^[0-9]{8}$/);
    await world.asAdmin(admin.updateSecretGenerator, {
      generatorType,
      length: 4,
      expiry: inSeconds(30),
      includeUpperLetters: true,
    });
    const early = await challenge();
    const late = await challenge();
    expect(early.code).toMatch(/^[A-Z]{4}$/);
    world.clock.ms += 29_999;
    await early.check();
    world.clock.ms += 1;
    await expect(late.check()).rejects.toThrow("CODE-QvUQ4P");
    await before.check();
  });
});

describe("a message text", () => {
  const ofInstance = (language: string, text: string) =>
    world.asAdmin(admin.setDefaultVerifyPhoneMessageText, { language, text });

  it("is the user's organization's, else the instance's, in their language or its base language", async () => {
    const { token, organizationId } = await withOwner(world);
    const own = async (preferredLanguage: string) =>
      (await smsTo({ preferredLanguage, organizationId })).text;
    const other = async (preferredLanguage: string) => (await smsTo({ preferredLanguage })).text;
    const builtIn = expect.stringMatching(/^[0-9]{6} ist Ihr Code/);
    const english = expect.stringMatching(/^[0-9]{6} is your code/);

    expect([await own("de"), await other("de-CH"), await other("ja"), await other("")]).toEqual([
      builtIn,
      builtIn,
      english,
      english,
    ]);

    await ofInstance("de", "instance de");
    expect([await own("de"), await own("de-CH"), await other("de-CH"), await other("en")]).toEqual([
      "instance de",
      "instance de",
      "instance de",
      english,
    ]);

    await ofInstance("de-CH", "instance de-CH");
    await world.callAs(token, management.setCustomVerifyPhoneMessageText, { language: "de", text: "own de" });
    expect([await own("de"), await own("de-CH"), await other("de-CH"), await other("de")]).toEqual([
      "own de",
      "own de",
      "instance de-CH",
      "instance de",
    ]);

    await world.callAs(token, management.resetCustomVerifyPhoneMessageTextToDefault, { language: "de" });
    expect([await own("de"), await own("de-CH")]).toEqual(["instance de", "instance de-CH"]);

    await world.asAdmin(admin.resetCustomVerifyPhoneMessageTextToDefault, { language: "de-CH" });
    expect(await other("de-CH")).toBe("instance de");
    await world.asAdmin(admin.resetCustomVerifyPhoneMessageTextToDefault, { language: "de" });
    expect(await other("de-CH")).toEqual(builtIn);
  });

  it("takes what it leaves empty from the next one", async () => {
    const { token, organizationId } = await withOwner(world);
    const request = { language: "en" };
    await world.asAdmin(admin.setDefaultVerifyPhoneMessageText, { ...request, title: "of the instance" });
    expect((await smsTo({})).text).toMatch(/^[0-9]{6} is your code/);
    await ofInstance("en", "instance en");
    await world.callAs(token, management.setCustomVerifyPhoneMessageText, { ...request, title: "own" });
    expect((await smsTo({ organizationId })).text).toBe("instance en");
    const { customText } = await world.callAs(token, management.getCustomVerifyPhoneMessageText, request);
    expect(customText).toMatchObject({ title: "own", text: "instance en", isDefault: false });
  });

  it("is shown to the organization as its default", async () => {
    const { token } = await withOwner(world);
    const shown = async () => {
      const request = { language: "de-AT" };
      const [own, byDefault] = [
        await world.callAs(token, management.getCustomVerifyPhoneMessageText, request),
        await world.callAs(token, management.getDefaultVerifyPhoneMessageText, request),
      ];
      return [own, byDefault].map(({ customText }) => [customText?.text, customText?.isDefault]);
    };
    await ofInstance("de", "instance de");
    expect(await shown()).toEqual([
      ["instance de", true],
      ["instance de", true],
    ]);
    await world.callAs(token, management.setCustomVerifyPhoneMessageText, { language: "de", text: "own de" });
    expect(await shown()).toEqual([
      ["own de", false],
      ["instance de", true],
    ]);
  });

  it("has its variables filled in", async () => {
    await ofInstance(
      "en",
      "{{.Code}}|{{ .DisplayName }}|{{.FirstName}}|{{.LastName}}|{{.NickName}}|{{.UserName}}|" +
        "{{.PreferredLoginName}}|{{.LoginNames}}|{{.LastEmail}}|{{.VerifiedEmail}}|{{.LastPhone}}|" +
        "{{.VerifiedPhone}}|{{.Expiry}}|{{.CreationDate}}|{{.ChangeDate}}",
    );
    const { userId, phoneNumber, text, code } = await smsTo({
      preferredLanguage: "en",
      nickName: "$& {{.Code}}",
    });
    const mail = `${userId}@example.com`;
    const now = new Date(world.clock.ms).toISOString();
    expect(text.split("|")).toEqual([
      code,
      "Ada Lovelace",
      "Ada",
      "Lovelace",
      "$& {{.Code}}",
      mail,
      mail,
      mail,
      mail,
      "",
      phoneNumber,
      "",
      "10 minutes",
      now,
      now,
    ]);
  });

  it("of one-time codes is another one", async () => {
    await ofInstance("en", "for phones");
    await world.asAdmin(admin.setDefaultVerifySMSOTPMessageText, {
      language: "en",
      text: "{{.OTP}} for {{.VerifiedPhone}} of {{.FirstName}}, {{.Expiry}}",
    });
    const user = await enrolled(world);
    await open(world, user, { challenges: bySms });
    const { code, text } = await world.lastMessage(user.number);
    expect(text).toBe(`${code} for ${user.number} of Ada, 5 minutes`);
  });
});

describe("an SMS provider", () => {
  let webhook: ProviderServer;
  let folder: Awaited<ReturnType<typeof createStoreFolder>>;
  let onDisk: World;
  beforeEach(async () => {
    webhook = await startWebhook();
    folder = await createStoreFolder();
    const store = await openSqliteStore({ file: join(folder.path, "ringback.db"), log: silentLog });
    onDisk = await openWorld("safe", { store, env: { RINGBACK_SMS_ALLOW_PRIVATE: "true" } });
  });
  afterEach(async () => {
    await onDisk.close();
    await webhook.close();
    await folder.remove();
  });

  const addWebhook = () =>
    onDisk.asAdmin(admin.addSMSProviderHTTP, { endpoint: `${webhook.url}/hook`, description: "A webhook" });

  async function send(): Promise<TestUser> {
    const user = await onDisk.user();
    await onDisk.asAdmin(setPhone, { userId: user.id, phone: user.number });
    return user;
  }

  /** The keys that signed the last message, by the names that they have in `keys`. */
  function signers(keys: Readonly<Record<string, string>>): readonly string[] {
    const { headers, body = "" } = webhook.received.at(-1) ?? {};
    const names = Object.keys(keys);
    const subsets = [[], ...names.map((name) => [name]), names];
    return (
      subsets.find((subset) => {
        const signature = signatureBy(
          subset.map((name) => keys[name] ?? ""),
          body,
          onDisk.clock.ms,
        );
        return headers?.["zitadel-signature"] === signature;
      }) ?? ["somebody else"]
    );
  }

  it("of HTTP gets ZITADEL's payload while it is active, the inbox what comes before and after", async () => {
    const { id } = await addWebhook();
    const before = await send();
    await onDisk.asAdmin(admin.activateSMSProvider, { id });
    const during = await send();
    await onDisk.asAdmin(admin.deactivateSMSProvider, { id });
    const after = await send();

    expect(webhook.received).toHaveLength(1);
    const [{ method, path, headers, body } = { method: "", path: "", headers: {}, body: "" }] =
      webhook.received;
    expect([method, path, headers["content-type"]]).toEqual(["POST", "/hook", "application/json"]);
    const payload = JSON.parse(body);
    expect(payload).toEqual({
      contextInfo: {
        eventType: "user.human.phone.code.added",
        provider: { id, description: "A webhook" },
        recipientPhoneNumber: during.number,
      },
      templateData: { text: expect.stringContaining(payload.args.code) },
      args: expect.objectContaining({
        code: expect.stringMatching(/^[0-9]{6}$/),
        userID: during.id,
        orgID: "default",
        userName: `${during.id}@example.com`,
        firstName: "Ada",
        lastName: "Lovelace",
        displayName: "Ada Lovelace",
        lastEmail: `${during.id}@example.com`,
        lastPhone: during.number,
        preferredLoginName: `${during.id}@example.com`,
        loginNames: [`${during.id}@example.com`],
      }),
    });
    await onDisk.asAdmin(verifyPhone, { userId: during.id, verificationCode: payload.args.code });
    await onDisk.lastMessage(before.number);
    await onDisk.lastMessage(after.number);
    await expect(onDisk.lastMessage(during.number)).rejects.toThrow("no SMS");
  });

  it("of HTTP gets one-time codes with their session", async () => {
    const { id } = await addWebhook();
    await onDisk.asAdmin(admin.activateSMSProvider, { id });
    const user = await enrolled(onDisk);
    const { sessionId } = await open(onDisk, user, { challenges: bySms });
    expect(JSON.parse(webhook.received.at(-1)?.body ?? "")).toMatchObject({
      contextInfo: { eventType: "session.otp.sms.challenged", recipientPhoneNumber: user.number },
      args: {
        oTP: expect.stringMatching(/^[0-9]{8}$/),
        expiry: 300_000_000_000,
        sessionID: sessionId,
        userID: user.id,
        verifiedPhone: user.number,
      },
    });
  });

  it("of HTTP is signed to by its key, by both while they overlap, then by the new one", async () => {
    const { id, signingKey: former } = await addWebhook();
    await onDisk.asAdmin(admin.activateSMSProvider, { id });
    await send();
    expect(signers({ former })).toEqual(["former"]);

    const { signingKey: present = "" } = await onDisk.asAdmin(admin.updateSMSProviderHTTP, {
      id,
      endpoint: `${webhook.url}/hook`,
      expirationSigningKey: inSeconds(3_600),
    });
    const keys = { present, former };
    await send();
    expect(signers(keys)).toEqual(["present", "former"]);
    onDisk.clock.ms += 3_600_000 - 1;
    await send();
    expect(signers(keys)).toEqual(["present", "former"]);
    onDisk.clock.ms += 1;
    await send();
    expect(signers(keys)).toEqual(["present"]);
  });

  it("of HTTP is called where it was moved to", async () => {
    const { id, signingKey } = await addWebhook();
    await onDisk.asAdmin(admin.activateSMSProvider, { id });
    await onDisk.asAdmin(admin.updateSMSProviderHTTP, { id, endpoint: `${webhook.url}/elsewhere` });
    await send();
    expect(webhook.received.map(({ path }) => path)).toEqual(["/elsewhere"]);
    expect(signers({ signingKey })).toEqual(["signingKey"]);
  });

  it("gives its place to the one that is activated after it, and back to the inbox when it is removed", async () => {
    const [{ id: first }, { id: second, signingKey }] = [await addWebhook(), await addWebhook()];
    await onDisk.asAdmin(admin.activateSMSProvider, { id: first });
    await onDisk.asAdmin(admin.activateSMSProvider, { id: second });
    await send();
    expect(signers({ signingKey })).toEqual(["signingKey"]);
    await onDisk.asAdmin(admin.removeSMSProvider, { id: second });
    await onDisk.lastMessage((await send()).number);
    expect(webhook.received).toHaveLength(1);
  });

  it("keeps its secrets: they are in no answer, and not in plain in the store", async () => {
    const tokens = ["first-token-of-twilio", "second-token-of-twilio"];
    const { id: twilio } = await onDisk.asAdmin(admin.addSMSProviderTwilio, {
      sid: "AC0123",
      token: tokens[0] ?? "",
      senderNumber: "+15550001",
    });
    await onDisk.asAdmin(admin.updateSMSProviderTwilioToken, { id: twilio, token: tokens[1] ?? "" });
    const { id, signingKey: former } = await addWebhook();
    await onDisk.asAdmin(admin.activateSMSProvider, { id });
    const { signingKey: present = "" } = await onDisk.asAdmin(admin.updateSMSProviderHTTP, {
      id,
      endpoint: `${webhook.url}/hook`,
      expirationSigningKey: inSeconds(3_600),
    });
    await send();
    const secrets = [...tokens, former, present];
    expect(secrets.map((secret) => secret.length)).toEqual([21, 22, 36, 36]);

    const answers = JSON.stringify(
      [
        await onDisk.asAdmin(admin.listSMSProviders, {}),
        await onDisk.asAdmin(admin.getSMSProvider, { id }),
        await onDisk.asAdmin(admin.getSMSProvider, { id: twilio }),
      ],
      (_, value: unknown) => (typeof value === "bigint" ? String(value) : value),
    );
    expect(answers).toContain("AC0123");
    const files = ["ringback.db", "ringback.db-wal"].map((name) => readFile(join(folder.path, name)));
    const stored = Buffer.concat(await Promise.all(files)).toString("latin1");
    // What is not secret is found there.
    expect(stored).toContain("AC0123");
    expect(stored).toContain(`${webhook.url}/hook`);
    for (const secret of secrets) {
      expect(answers).not.toContain(secret);
      for (const form of formsOf(secret)) expect(stored.includes(form)).toBe(false);
    }
  });

  /** A text as a file may hold it in plain, each of its bytes as one character. */
  function formsOf(secret: string): readonly string[] {
    const bytes = Buffer.from(secret);
    const encoded = (["hex", "base64url", "base64"] as const).map((form) => bytes.toString(form));
    const withoutPadding = encoded.map((form) => form.replace(/=+$/, ""));
    return [secret, Buffer.from(secret, "utf16le").toString("latin1"), ...withoutPadding];
  }
});

describe("a lockout policy", () => {
  it("of the organization holds over the instance's, and each is shown as what it is", async () => {
    const { token, organizationId } = await withOwner(world);
    const shown = async () => {
      const { policy, isDefault } = await world.callAs(token, management.getLockoutPolicy, {});
      const { policy: byDefault } = await world.callAs(token, management.getDefaultLockoutPolicy, {});
      const { settings } = await world.callAs(token, SettingsService.method.getLockoutSettings, {});
      const { policy: ofInstance } = await world.asAdmin(admin.getLockoutPolicy, {});
      return {
        own: [policy?.maxOtpAttempts, isDefault, policy?.isDefault, policy?.details?.resourceOwner],
        byDefault: [byDefault?.maxOtpAttempts, byDefault?.isDefault],
        v2: [settings?.maxOtpAttempts, settings?.resourceOwnerType],
        ofInstance: [ofInstance?.maxOtpAttempts, ofInstance?.isDefault],
      };
    };
    const { INSTANCE, ORG } = ResourceOwnerType;

    expect(await shown()).toEqual({
      own: [100n, true, true, "instance"],
      byDefault: [100n, true],
      v2: [100n, INSTANCE],
      ofInstance: [100n, true],
    });
    await world.asAdmin(admin.updateLockoutPolicy, { maxOtpAttempts: 7 });
    expect(await shown()).toEqual({
      own: [7n, true, true, "instance"],
      byDefault: [7n, true],
      v2: [7n, INSTANCE],
      ofInstance: [7n, true],
    });
    await world.callAs(token, management.addCustomLockoutPolicy, { maxOtpAttempts: 3 });
    expect(await shown()).toEqual({
      own: [3n, false, false, organizationId],
      byDefault: [7n, true],
      v2: [3n, ORG],
      ofInstance: [7n, true],
    });
    await world.asAdmin(admin.updateLockoutPolicy, { maxOtpAttempts: 8 });
    await world.callAs(token, management.resetLockoutPolicyToDefault, {});
    expect(await shown()).toMatchObject({ own: [8n, true, true, "instance"], v2: [8n, INSTANCE] });
  });

  it("locks after as many wrong codes as the user's organization says, else the instance", async () => {
    const { token, organizationId } = await withOwner(world);
    await world.asAdmin(admin.updateLockoutPolicy, { maxOtpAttempts: 3 });
    await world.callAs(token, management.addCustomLockoutPolicy, { maxOtpAttempts: 2 });
    const wrongCodesUntilLocked = async (user: TestUser): Promise<number> => {
      for (let count = 0; ; count += 1) {
        const { user: seen } = await world.asAdmin(getUserByID, { userId: user.id });
        if (seen?.state === UserState.LOCKED) return count;
        const wrong = world.asAdmin(verifyPhone, { userId: user.id, verificationCode: wrongCode });
        await expect(wrong).rejects.toThrow("COMMAND-eis9R");
      }
    };
    expect(await wrongCodesUntilLocked(await world.user({ phone: "pending", organizationId }))).toBe(2);
    expect(await wrongCodesUntilLocked(await world.user({ phone: "pending" }))).toBe(3);
    await world.callAs(token, management.resetLockoutPolicyToDefault, {});
    expect(await wrongCodesUntilLocked(await world.user({ phone: "pending", organizationId }))).toBe(3);
  });
});

/** The SMS to somebody new who sets their number. */
async function smsTo(profile: {
  readonly preferredLanguage?: string;
  readonly nickName?: string;
  readonly organizationId?: string;
}): Promise<Message> {
  const { organizationId = "default", ...others } = profile;
  const { id, number } = world.nobody();
  await world.asAdmin(addHumanUser, {
    userId: id,
    organization: { org: { case: "orgId", value: organizationId } },
    profile: { givenName: "Ada", familyName: "Lovelace", ...others },
    email: { email: `${id}@example.com` },
    phone: { phone: number },
  });
  return world.lastMessage(number);
}
