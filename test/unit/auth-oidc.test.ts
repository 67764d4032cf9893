import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type OidcLimits, createOidcIssuer } from "../../src/auth/oidc.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createTestClock } from "../support/auth-clock.ts";
import { startIssuer, type TestIssuer } from "../support/auth-issuer.ts";

const invalid = { name: "AuthenticationError", kind: "invalid" };
const unavailable = { name: "AuthenticationError", kind: "unavailable" };

describe("tokens of an OIDC issuer", () => {
  let issuer: TestIssuer;
  let clock: ReturnType<typeof createTestClock>;

  beforeEach(async () => {
    issuer = await startIssuer();
    clock = createTestClock();
  });
  afterEach(() => issuer.close());

  const verifier = (limits: Partial<OidcLimits> = {}, url = issuer.url) =>
    createOidcIssuer({ issuer: url, audiences: ["phones", "ringback"], clock, limits });

  const claims = (more: Record<string, unknown> = {}) => ({
    sub: "ana",
    aud: "ringback",
    iat: clock.ms / 1000,
    nbf: clock.ms / 1000,
    exp: clock.ms / 1000 + 60,
    ...more,
  });
  const token = (more: Record<string, unknown> = {}, kid?: string) => issuer.token(claims(more), kid);

  const unsigned = (header: object) =>
    [header, claims({ iss: issuer.url })]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");

  it.each([
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
  ])("are accepted if signed with %s", async (alg) => {
    await issuer.addKey(alg);
    expect(await verifier().verify(await token())).toEqual({
      issuer: issuer.url,
      userId: "ana",
      issuedSeconds: clock.ms / 1_000,
      expiresMs: clock.ms + 60_000,
      claims: {},
    });
  });

  it("bring what they tell of the user, as far as it has the right type", async () => {
    await issuer.addKey("ES256");
    const told = {
      name: "Ana Ng",
      given_name: "Ana",
      family_name: "Ng",
      email: "ana@example.com",
      email_verified: true,
      preferred_username: "ana",
      locale: "en-GB",
    };
    const { verify } = verifier();
    expect((await verify(await token({ ...told, picture: "x" }))).claims).toEqual(told);
    expect((await verify(await token({ name: 1, email: ["x"], email_verified: "true" }))).claims).toEqual({});
    const half = await token({ name: "Ana \ud83d" });
    expect((await verify(half)).claims).toEqual({ name: "Ana \ufffd" });
  });

  it("may be meant for several audiences", async () => {
    await issuer.addKey("ES256");
    expect(await verifier().verify(await token({ aud: ["other", "phones"] }))).toMatchObject({
      userId: "ana",
    });
  });

  describe("are refused", () => {
    beforeEach(() => issuer.addKey("RS256"));

    it.each([
      ["audience", { aud: "other" }],
      ["list of audiences", { aud: ["other", "ringback2"] }],
      ["missing audience", { aud: undefined }],
      ["issuer", { iss: "https://elsewhere.example" }],
      ["missing subject", { sub: undefined }],
      ["empty subject", { sub: "" }],
      ["subject of 201 characters", { sub: "x".repeat(201) }],
      ["subject that is no text", { sub: 7 }],
      ["missing expiry", { exp: undefined }],
      ["expiry that is no number", { exp: "tomorrow" }],
    ])("for their %s", async (_what, wrong) => {
      const { verify } = verifier();
      expect(await verify(await token())).toMatchObject({ userId: "ana" });
      await expect(verify(await token(wrong))).rejects.toMatchObject(invalid);
    });

    it("before and after their time, give or take 5 seconds", async () => {
      const { verify } = verifier();
      const text = await token();
      const start = clock.ms;
      for (const [atMs, isGood] of [
        [start - 6_000, false],
        [start - 5_000, true],
        [start + 64_999, true],
        [start + 65_000, false],
      ] as const) {
        clock.ms = atMs;
        if (isGood) expect(await verify(text)).toMatchObject({ userId: "ana" });
        else await expect(verify(text)).rejects.toMatchObject(invalid);
      }
    });

    it("without a signature", async () => {
      await expect(verifier().verify(`${unsigned({ alg: "none" })}.`)).rejects.toMatchObject(invalid);
    });

    it("if the public key serves as a secret", async () => {
      const [key] = issuer.publicKeys();
      const text = unsigned({ alg: "HS256", kid: key?.kid });
      for (const secret of [JSON.stringify(key), Buffer.from(key?.n ?? "", "base64url")]) {
        const mac = createHmac("sha256", secret).update(text).digest("base64url");
        await expect(verifier().verify(`${text}.${mac}`)).rejects.toMatchObject(invalid);
      }
    });

    it("if a letter of them was changed", async () => {
      const { verify } = verifier();
      const [header, , signature] = (await token()).split(".");
      const [, payload] = (await token({ sub: "eve" })).split(".");
      await expect(verify(`${header}.${payload}.${signature}`)).rejects.toMatchObject(invalid);
    });

    it.each([
      ["its audience is none of phones, ringback.", { aud: "other" }],
      ['missing required "exp" claim.', { exp: undefined }],
      ['missing required "sub" claim.', { sub: undefined }],
      ['its "sub" must have 1 to 200 characters.', { sub: "" }],
    ])("with a reason that says what is wrong with them: %s", async (reason, wrong) => {
      const refused = verifier().verify(await token(wrong));
      await expect(refused).rejects.toThrow(`The token is not valid: ${reason}`);
    });

    it("with a reason that holds no part of them", async () => {
      const text = `${Buffer.from('{"alg":"RS256"}').toString("base64url")}.c2VjcmV0LXBheWxvYWQ.x`;
      const error: unknown = await verifier()
        .verify(text)
        .catch((each: unknown) => each);
      expect(error).toMatchObject(invalid);
      expect(error).not.toHaveProperty("cause");
      expect(String(error)).not.toMatch(/secret|c2VjcmV0/);
    });
  });

  describe("and its keys", () => {
    it("are not fetched before the first token, and then once for all that wait", async () => {
      await issuer.addKey("ES256");
      const { verify } = verifier();
      expect(issuer.requests).toEqual([]);
      const texts = await Promise.all(Array.from({ length: 20 }, (_, index) => token({ sub: `u${index}` })));
      const tokens = await Promise.all(texts.map(verify));
      expect(new Set(tokens.map(({ userId }) => userId)).size).toBe(20);
      expect(issuer.requests).toEqual(["/.well-known/openid-configuration", "/jwks"]);
    });

    it("are fetched again for a token with a new key", async () => {
      await issuer.addKey("ES256");
      const { verify } = verifier({ refreshPauseMs: 0 });
      await verify(await token());
      const kid = await issuer.addKey("RS256");
      expect(await verify(await token({}, kid))).toMatchObject({ userId: "ana" });
      expect(issuer.discoveries).toBe(2);
    });

    it("are fetched seldom, however many tokens with unknown keys come", async () => {
      await issuer.addKey("ES256");
      const { verify } = verifier();
      await verify(await token());
      const stranger = await startIssuer();
      await stranger.addKey("ES256");
      const text = await stranger.token(claims({ iss: issuer.url }));
      await stranger.close();
      for (let attempt = 0; attempt < 5; attempt++) await expect(verify(text)).rejects.toMatchObject(invalid);
      expect(issuer.discoveries).toBe(1);
    });

    it("are found where discovery says, also under an issuer with a path and a final slash", async () => {
      await issuer.addKey("ES256");
      const url = `${issuer.url}/tenant/`;
      const text = await token({ iss: url });
      issuer.disturb((request, response) => {
        const answers: Record<string, object> = {
          "/tenant/.well-known/openid-configuration": { issuer: url, jwks_uri: `${issuer.url}/keys` },
          "/keys": { keys: issuer.publicKeys() },
        };
        response.end(JSON.stringify(answers[request.url ?? ""]));
      });
      expect(await verifier({}, url).verify(text)).toMatchObject({ issuer: url, userId: "ana" });
    });
  });

  describe("cannot be checked while the issuer", () => {
    beforeEach(() => issuer.addKey("ES256"));

    it("is not there; it is asked again after a pause", async () => {
      const text = await token();
      const { port } = new URL(issuer.url);
      const warnings: unknown[] = [];
      const { verify } = createOidcIssuer({
        issuer: issuer.url,
        audiences: ["ringback"],
        clock,
        log: { ...silentLog, warn: (_message, fields) => void warnings.push(fields) },
      });
      await issuer.close();
      await expect(verify(text)).rejects.toMatchObject({
        ...unavailable,
        message: expect.stringContaining(issuer.url),
        cause: expect.anything(),
      });

      const keys = { keys: issuer.publicKeys() };
      issuer = await startIssuer(Number(port));
      issuer.disturb((request, response) => {
        const metadata = { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` };
        response.end(JSON.stringify(request.url === "/jwks" ? keys : metadata));
      });
      await expect(verify(text)).rejects.toMatchObject(unavailable);
      expect(issuer.requests).toEqual([]);
      expect(warnings).toEqual([
        { issuer: issuer.url, error: expect.objectContaining({ message: "fetch failed" }) },
      ]);
      clock.ms += 2_000;
      expect(await verify(text)).toMatchObject({ userId: "ana" });
    });

    it("has just failed; once the clock is set back, it is asked again at once", async () => {
      const { verify } = verifier();
      const text = await token();
      issuer.disturb((_request, response) => response.destroy());
      await expect(verify(text)).rejects.toMatchObject(unavailable);
      issuer.disturb(undefined);
      clock.ms -= 3_000;
      expect(await verify(text)).toMatchObject({ userId: "ana" });
    });

    it("does not answer in time", async () => {
      issuer.disturb(() => {});
      await expect(verifier({ timeoutMs: 50 }).verify(await token())).rejects.toMatchObject(unavailable);
    });

    it("stops in the middle of an answer", async () => {
      issuer.disturb((_request, response) => response.write('{"issuer":'));
      await expect(verifier({ timeoutMs: 50 }).verify(await token())).rejects.toMatchObject(unavailable);
    });

    it.each([
      ["is another one", () => ({ issuer: "https://elsewhere.example" }), "to the last character"],
      ["has a final slash too many", () => ({ issuer: `${issuer.url}/` }), "to the last character"],
      ["tells of no keys", () => ({ jwks_uri: undefined }), "jwks_uri"],
      ["sends us elsewhere without TLS", () => ({ jwks_uri: "http://elsewhere.example/jwks" }), "https"],
      [
        "sends us elsewhere, where nobody is",
        () => ({ jwks_uri: "https://127.0.0.1:1/jwks" }),
        "fetch failed",
      ],
    ])("%s, by its discovery", async (_what, metadata, reason) => {
      issuer.metadata = metadata();
      await expect(verifier().verify(await token())).rejects.toMatchObject({
        ...unavailable,
        cause: { message: expect.stringContaining(reason) },
      });
      expect(issuer.requests).toEqual(["/.well-known/openid-configuration"]);
    });

    it.each([
      ["an error", { status: 500, body: "{}" }],
      ["no JSON", { status: 200, body: "<html>" }],
      ["a list", { status: 200, body: "[]" }],
      ["no key set", { status: 200, body: '{"keys":[1]}' }],
      ["too much", { status: 200, body: `{"keys":[],"x":"${"x".repeat(1 << 20)}"}` }],
      ["a redirect", { status: 302, body: "" }],
    ])("answers with %s in place of its keys", async (_what, { status, body }) => {
      const metadata = JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` });
      issuer.disturb((request, response) => {
        if (request.url !== "/jwks") return void response.end(metadata);
        response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end(body);
      });
      await expect(verifier().verify(await token())).rejects.toMatchObject(unavailable);
      expect(issuer.requests).toEqual(["/.well-known/openid-configuration", "/jwks"]);
    });

    it("is gone, if their key is new; with a key in hand they still can", async () => {
      const { verify } = verifier({ refreshPauseMs: 0 });
      await verify(await token());
      const kid = await issuer.addKey("ES256");
      issuer.disturb((_request, response) => response.destroy());
      await expect(verify(await token({}, kid))).rejects.toMatchObject(unavailable);
      const known = issuer.publicKeys().find((key) => key.kid !== kid);
      expect(await verify(await token({}, known?.kid))).toMatchObject({ userId: "ana" });
    });

    it("is gone, once the keys in hand are old", async () => {
      const { verify } = verifier({ keysAgeMsMax: 0 });
      await verify(await token());
      issuer.disturb((_request, response) => response.destroy());
      await expect(verify(await token())).rejects.toMatchObject(unavailable);
    });
  });
});
