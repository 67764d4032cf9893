import { describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  jwtVerify,
  SignJWT,
} from "jose";
import { createOwnTokens } from "../../src/auth/own-tokens.ts";
import { deriveSigningKey } from "../../src/auth/signing-key.ts";
import { createTestClock } from "../support/auth-clock.ts";

const keyOf = (fill: number) => new Uint8Array(32).fill(fill);
const [first, second] = [keyOf(1), keyOf(2)];
const invalid = { name: "AuthenticationError", kind: "invalid" };

describe("the signing key", () => {
  it("is always the same for a master key", () => {
    // Computed by another program: HKDF, reduction and curve arithmetic written out.
    expect(deriveSigningKey(Uint8Array.from({ length: 32 }, (_, index) => index)).publicJwk).toEqual({
      kty: "EC",
      crv: "P-256",
      x: "BhY7BXY96difjK3q4o8tbW0EeRuSJYEoFVu1Dwg38Rc",
      y: "9act7E6IeMpMLYQxVu2HknKSxPplkyREEQe2Hallz2A",
      kid: "2G3gASzaiRmrnkr4AFBKCqTsYjkNnoD3Q3o1vDECuu4",
      alg: "ES256",
      use: "sig",
    });
  });

  it("exists for every master key, and its id is the thumbprint", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (masterKey) => {
        const key = deriveSigningKey(masterKey);
        expect(key.id).toBe(await calculateJwkThumbprint({ ...key.publicJwk }));
        const token = await new SignJWT({}).setProtectedHeader({ alg: "ES256" }).sign(key.privateKey);
        await jwtVerify(token, key.publicKey);
      }),
      { numRuns: 50 },
    );
  });
});

describe("own tokens", () => {
  const clock = createTestClock();
  const request = { userId: "ana", lifetimeSeconds: 60, nowMs: clock.ms };

  it("say who, from whom, for whom and how long, and differ each time", async () => {
    const { mint } = createOwnTokens([first], clock);
    const { token, expireMs } = await mint(request);
    expect(expireMs).toBe(clock.ms + 60_000);
    expect(decodeJwt(token)).toEqual({
      iss: "ringback",
      aud: "ringback",
      sub: "ana",
      iat: clock.ms / 1000,
      exp: clock.ms / 1000 + 60,
      jti: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect((await mint(request)).token).not.toBe(token);
  });

  it("are good after a restart with the same master key, and on another replica", async () => {
    const { token, expireMs } = await createOwnTokens([first], clock).mint(request);
    expect(await createOwnTokens([first], clock).verify(token)).toEqual({
      issuer: "ringback",
      userId: "ana",
      issuedSeconds: clock.ms / 1_000,
      expiresMs: expireMs,
      claims: {},
    });
  });

  it("survive a rotation for as long as the old master key stays configured", async () => {
    const { token } = await createOwnTokens([first], clock).mint(request);
    const rotated = createOwnTokens([second, first], clock);
    expect(await rotated.verify(token)).toMatchObject({ userId: "ana" });
    const { token: newToken } = await rotated.mint(request);
    expect(await createOwnTokens([second], clock).verify(newToken)).toMatchObject({ userId: "ana" });
    await expect(createOwnTokens([second], clock).verify(token)).rejects.toMatchObject(invalid);
  });

  it("end when they expire", async () => {
    const later = createTestClock();
    const tokens = createOwnTokens([first], later);
    const { token, expireMs } = await tokens.mint(request);
    later.ms = expireMs - 1;
    expect(await tokens.verify(token)).toMatchObject({ userId: "ana" });
    later.ms = expireMs;
    await expect(tokens.verify(token)).rejects.toMatchObject(invalid);
  });

  it("are refused if they were made for something else, or by somebody else", async () => {
    const tokens = createOwnTokens([first], clock);
    const { id, privateKey } = deriveSigningKey(first);
    const sign = (claims: Record<string, unknown>, kid = id, key = privateKey) =>
      new SignJWT({ iss: "ringback", aud: "ringback", sub: "ana", exp: clock.ms / 1000 + 60, ...claims })
        .setProtectedHeader({ alg: "ES256", kid })
        .sign(key);
    for (const sub of ["ana", "x".repeat(200)]) {
      expect(await tokens.verify(await sign({ sub }))).toMatchObject({ userId: sub });
    }
    for (const bad of [
      { aud: "other" },
      { iss: "other" },
      { sub: "" },
      { sub: "x".repeat(201) },
      { sub: undefined },
      { exp: undefined },
    ]) {
      await expect(tokens.verify(await sign(bad))).rejects.toMatchObject(invalid);
    }
    await expect(tokens.verify(await sign({}, "unknown"))).rejects.toMatchObject(invalid);
    await expect(
      tokens.verify(await sign({}, id, deriveSigningKey(second).privateKey)),
    ).rejects.toMatchObject(invalid);
  });

  it("can be verified by others with the published keys, which hold nothing secret", async () => {
    const tokens = createOwnTokens([first, second], clock);
    const jwks = tokens.jwks();
    expect(jwks.keys).toHaveLength(2);
    for (const key of jwks.keys) {
      expect(Object.keys(key).toSorted()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
    }
    const { token } = await tokens.mint(request);
    expect(decodeProtectedHeader(token)).toEqual({ alg: "ES256", typ: "JWT", kid: jwks.keys[0]?.kid });
    const keySet = createLocalJWKSet(structuredClone({ keys: [...jwks.keys] }));
    await jwtVerify(token, keySet, { issuer: "ringback", currentDate: new Date(clock.ms) });
  });

  it("cannot be made without a master key", () => {
    expect(() => createOwnTokens([], clock)).toThrow("master key");
  });
});
