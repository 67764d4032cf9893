import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { AuthenticationError } from "../../src/auth/authentication-error.ts";
import { type Authenticator, createAuthenticator, tokenBytesMax } from "../../src/auth/authenticator.ts";
import { createOidcIssuer } from "../../src/auth/oidc.ts";
import { createOwnTokens } from "../../src/auth/own-tokens.ts";
import type { TokenVerifier } from "../../src/auth/token-verifier.ts";
import { createTestClock } from "../support/auth-clock.ts";
import { active, createTestDirectory, type TestDirectory } from "../support/auth-directory.ts";
import { startIssuer, type TestIssuer } from "../support/auth-issuer.ts";

const invalid = { name: "AuthenticationError", kind: "invalid" };
const ana = { ...active, roles: ["ORG_OWNER"] };

describe.each(["at once", "later"] as const)("authentication with a directory that answers %s", (lookup) => {
  let first: TestIssuer;
  let second: TestIssuer;
  let clock: ReturnType<typeof createTestClock>;
  let directory: TestDirectory;
  let ownTokens: ReturnType<typeof createOwnTokens>;
  let verifications: number;
  let authenticator: Authenticator;

  beforeAll(async () => {
    [first, second] = await Promise.all([startIssuer(), startIssuer()]);
    await Promise.all([first.addKey("ES256"), second.addKey("ES256")]);
  });
  afterAll(async () => {
    await Promise.all([first.close(), second.close()]);
  });

  beforeEach(() => {
    clock = createTestClock();
    directory = createTestDirectory(lookup);
    verifications = 0;
    ownTokens = createOwnTokens([new Uint8Array(32)], clock);
    authenticator = build(false);
  });

  const build = (autoProvision: boolean) =>
    createAuthenticator({
      directory,
      clock,
      ownTokens: counted(ownTokens),
      oidcIssuers: [first, second].map(({ url }) =>
        counted(createOidcIssuer({ issuer: url, audiences: ["ringback"], clock })),
      ),
      autoProvision,
    });
  const counted = ({ issuer, verify }: TokenVerifier): TokenVerifier => ({
    issuer,
    verify: (token) => {
      verifications++;
      return verify(token);
    },
  });

  const authenticate = async (authorization: string | null) => authenticator.authenticate(authorization);
  const withToken = (token: string) => authenticate(`Bearer ${token}`);
  const mint = async (lifetimeSeconds = 60) =>
    (await ownTokens.mint({ userId: "ana", lifetimeSeconds, nowMs: clock.ms })).token;
  const oidcToken = (issuer: TestIssuer, claims: Record<string, unknown> = {}) =>
    issuer.token({ sub: "ana", aud: "ringback", nbf: clock.ms / 1000, exp: clock.ms / 1000 + 60, ...claims });

  it.each([null, "", "Bearer", "Bearer ", "Bearer    ", "Basic YTpi", "bearertoken", "token"])(
    "misses a token in the header %j",
    async (authorization) => {
      await expect(authenticate(authorization)).rejects.toMatchObject({
        kind: "missing",
        message: expect.stringContaining("authorization"),
      });
    },
  );

  it.each(["Bearer", "bearer", "BEARER"])("knows the scheme as %s", async (scheme) => {
    directory.users.set("ana", ana);
    directory.addAccessToken("secret", "ana");
    expect(await authenticate(`${scheme} secret`)).toMatchObject({ userId: "ana" });
  });

  describe("by access token", () => {
    beforeEach(() => {
      directory.users.set("ana", ana);
      directory.addAccessToken("secret", "ana", clock.ms + 1_000);
    });

    it("gives the caller their organization and what their roles allow", async () => {
      const caller = await withToken("secret");
      expect(caller).toMatchObject({ userId: "ana", organizationId: "org", hasRoles: true });
      expect([caller.may("user.write", "org"), caller.may("user.write", "other")]).toEqual([true, false]);
    });

    it("ends with its revocation, at once", async () => {
      await withToken("secret");
      directory.removeAccessToken("secret");
      await expect(withToken("secret")).rejects.toMatchObject(invalid);
    });

    it("ends with its expiry", async () => {
      clock.ms += 999;
      await withToken("secret");
      clock.ms += 1;
      await expect(withToken("secret")).rejects.toMatchObject(invalid);
    });

    it("refuses unknown ones", async () => {
      await expect(withToken("Secret")).rejects.toMatchObject(invalid);
    });

    it("works for users of an OIDC issuer too", async () => {
      directory.users.set("ana", { ...ana, issuer: first.url });
      expect(await withToken("secret")).toMatchObject({ userId: "ana" });
    });
  });

  describe("by a token of our own", () => {
    it("looks the user up with every call", async () => {
      directory.users.set("ana", ana);
      const token = await mint();
      expect((await withToken(token)).may("user.delete", "org")).toBe(true);
      directory.users.set("ana", { ...ana, roles: ["ORG_OWNER_VIEWER"] });
      expect((await withToken(token)).may("user.delete", "org")).toBe(false);
      directory.users.delete("ana");
      expect((await withToken(token)).hasRoles).toBe(false);
    });

    it("gives a caller without roles if the user is no more, and never adds them", async () => {
      authenticator = build(true);
      expect(await withToken(await mint())).toMatchObject({
        userId: "ana",
        organizationId: "",
        hasRoles: false,
      });
      expect(directory.provisioned).toEqual([]);
    });

    it("is not for who was added after it was minted, but for who was in the same second", async () => {
      clock.ms += 700;
      const token = await mint();
      const secondMs = Math.floor(clock.ms / 1_000) * 1_000;
      for (const createdMs of [0, secondMs - 1, secondMs, secondMs + 699, secondMs + 999]) {
        directory.users.set("ana", { ...ana, createdMs });
        expect(await withToken(token)).toMatchObject({ userId: "ana", createdMs });
      }
      directory.users.set("ana", { ...ana, createdMs: secondMs + 1_000 });
      await expect(withToken(token)).rejects.toMatchObject(invalid);
    });

    it("works for users of an OIDC issuer too", async () => {
      directory.users.set("ana", { ...ana, issuer: first.url });
      expect(await withToken(await mint())).toMatchObject({ userId: "ana", organizationId: "org" });
    });

    it("verifies it once, and not beyond its expiry", async () => {
      directory.users.set("ana", ana);
      const token = await mint(60);
      for (let call = 0; call < 3; call++) await withToken(token);
      clock.ms += 59_999;
      await withToken(token);
      expect(verifications).toBe(1);
      clock.ms += 1;
      await expect(withToken(token)).rejects.toMatchObject(invalid);
    });

    it("verifies a long-lived one again after ten minutes", async () => {
      directory.users.set("ana", ana);
      const token = await mint(86_400);
      await withToken(token);
      clock.ms += 599_999;
      await withToken(token);
      expect(verifications).toBe(1);
      clock.ms += 1;
      await withToken(token);
      expect(verifications).toBe(2);
    });

    it("does not remember what was refused", async () => {
      const token = `${await mint()}x`;
      for (let call = 0; call < 2; call++) await expect(withToken(token)).rejects.toMatchObject(invalid);
      expect(verifications).toBe(2);
    });
  });

  describe("by a token of an OIDC issuer", () => {
    it("accepts those of each configured issuer, and of no other", async () => {
      directory.users.set("ana", ana);
      for (const issuer of [first, second]) {
        expect(await withToken(await oidcToken(issuer))).toMatchObject({
          userId: "ana",
          organizationId: "org",
        });
      }
      const elsewhere = await oidcToken(first, { iss: "https://elsewhere.example" });
      await expect(withToken(elsewhere)).rejects.toMatchObject(invalid);
      // Signed by one, said to be of the other.
      await expect(withToken(await oidcToken(first, { iss: second.url }))).rejects.toMatchObject(invalid);
    });

    it("does not let an issuer make our own tokens", async () => {
      const forged = await oidcToken(first, { iss: "ringback", aud: "ringback" });
      await expect(withToken(forged)).rejects.toMatchObject(invalid);
    });

    it("keeps users of two issuers apart, even with the same id", async () => {
      directory.users.set("ana", { ...ana, issuer: first.url });
      expect(await withToken(await oidcToken(first))).toMatchObject({ organizationId: "org" });
      await expect(withToken(await oidcToken(second))).rejects.toMatchObject(invalid);
    });

    it("may be older than the user, who came with it", async () => {
      directory.users.set("ana", { ...ana, createdMs: clock.ms + 5_000 });
      expect(await withToken(await oidcToken(first))).toMatchObject({ userId: "ana" });
    });

    it.each(["\ud800", "ana\udc00", "\udc00\ud800"])("refuses the sub %j, which is no text", async (sub) => {
      authenticator = build(true);
      await expect(withToken(await oidcToken(first, { sub }))).rejects.toMatchObject(invalid);
      expect(directory.provisioned).toEqual([]);
    });

    it("gives a caller without roles if the user does not exist", async () => {
      expect(await withToken(await oidcToken(first))).toMatchObject({
        userId: "ana",
        organizationId: "",
        hasRoles: false,
      });
      expect(directory.provisioned).toEqual([]);
    });

    it("adds the user once, however many calls come at the same time", async () => {
      authenticator = build(true);
      const tokens = await Promise.all([1, 2, 3].map((jti) => oidcToken(first, { jti, name: "Ana Ng" })));
      const callers = await Promise.all([...tokens, ...tokens].map(withToken));
      expect(callers.map(({ organizationId }) => organizationId)).toEqual(Array(6).fill("org"));
      expect(directory.provisioned).toEqual([
        { userId: "ana", issuer: first.url, claims: { name: "Ana Ng" } },
      ]);
    });

    it("adds the user of one issuer only, if two come with the same id", async () => {
      authenticator = build(true);
      await Promise.all(
        [first, second].map(async (issuer) => withToken(await oidcToken(issuer)).catch(() => {})),
      );
      expect(directory.provisioned).toHaveLength(1);
    });

    it("tries again with the next call if the user could not be added", async () => {
      authenticator = build(true);
      const token = await oidcToken(first);
      const { provision } = directory;
      directory.provision = () => Promise.reject(new Error("disk full"));
      await expect(withToken(token)).rejects.toThrow("disk full");
      directory.provision = provision;
      expect(await withToken(token)).toMatchObject({ organizationId: "org" });
    });
  });

  it("refuses a token of more than 8 KiB without looking at it", async () => {
    directory.users.set("ana", ana);
    const longest = "x".repeat(tokenBytesMax);
    directory.addAccessToken(longest, "ana");
    directory.addAccessToken(`${longest}x`, "ana");
    expect(await withToken(longest)).toMatchObject({ userId: "ana" });
    await expect(withToken(`${longest}x`)).rejects.toMatchObject({
      ...invalid,
      message: expect.stringContaining("8192"),
    });
  });

  it("answers garbage with AuthenticationError and nothing else, and does not repeat it", async () => {
    const word = fc.oneof(fc.string(), fc.base64String(), fc.json().map(base64url));
    const garbage = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(word, { minLength: 3, maxLength: 3 }).map((words) => words.join(".")),
      fc
        .tuple(fc.object(), fc.object(), word)
        .map(([header, payload, signature]) =>
          [
            base64url(JSON.stringify({ alg: "ES256", ...header })),
            base64url(JSON.stringify({ iss: "ringback", ...payload })),
            signature,
          ].join("."),
        ),
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (token) => {
        const error: unknown = await withToken(token).catch((each: unknown) => each);
        expect(error).toBeInstanceOf(AuthenticationError);
        if (token.length > 12) expect(String(error)).not.toContain(token);
      }),
      { numRuns: 500 },
    );
  });
});

it("answers at once where token and user are at hand", async () => {
  const clock = createTestClock();
  const directory = createTestDirectory("at once");
  directory.users.set("ana", ana);
  directory.addAccessToken("secret", "ana");
  const ownTokens = createOwnTokens([new Uint8Array(32)], clock);
  const { authenticate } = createAuthenticator({
    directory,
    clock,
    ownTokens,
    oidcIssuers: [],
    autoProvision: false,
  });
  const { token } = await ownTokens.mint({ userId: "ana", lifetimeSeconds: 60, nowMs: clock.ms });
  await authenticate(`Bearer ${token}`);
  expect(authenticate(`Bearer ${token}`)).toMatchObject({ userId: "ana" });
  expect(authenticate("Bearer secret")).toMatchObject({ userId: "ana" });
});

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
