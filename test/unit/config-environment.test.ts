import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { type Config, ConfigError, readConfig } from "../../src/config/config.ts";
import { helpText } from "../../src/config/help.ts";
import type { Environment } from "../../src/config/reader.ts";
import { type Variable, variables } from "../../src/config/variables.ts";
import { warnings } from "../../src/config/warnings.ts";
import { echoTls } from "../support/echo-tls.ts";

const table = Object.values<Variable<unknown>>(variables);
const base64 = (fill: number) => Buffer.alloc(32, fill).toString("base64");
const key = "k".repeat(16);

/** With what is always needed beside them. */
const webhook = { RINGBACK_SMS_SIGNING_KEY: key };
const shared = { RINGBACK_MASTER_KEY: base64(1) };
const audience = { RINGBACK_OIDC_AUDIENCE: "phones" };

function mistakesOf(env: Environment): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

describe("a configuration", () => {
  it("has safe defaults", () => {
    expect(readConfig({ PATH: "/bin", OTHER_PORT: "1" })).toEqual({
      listen: { host: "127.0.0.1", port: 8080 },
      corsOrigins: [],
      store: { kind: "sqlite", file: "./data/ringback.db", keyFile: "./data/ringback.db.key" },
      masterKeys: undefined,
      adminToken: undefined,
      profile: "safe",
      defaultRegion: undefined,
      resend: { kind: "replace" },
      oidc: { issuers: [], audiences: [], autoProvision: false },
      sms: { kind: "inbox", allowPrivate: false, autofill: { domains: [] } },
      publicUrl: undefined,
      logLevel: "info",
    });
  });

  it.each<[Environment, object]>([
    [{ RINGBACK_HOST: "0.0.0.0", RINGBACK_PORT: "0" }, { listen: { host: "0.0.0.0", port: 0 } }],
    [{ RINGBACK_HOST: "::1", RINGBACK_PORT: "65535" }, { listen: { host: "::1", port: 65_535 } }],
    [{ RINGBACK_HOST: "sms-1.example.com" }, { listen: { host: "sms-1.example.com" } }],
    [{ RINGBACK_HOST: "", RINGBACK_PORT: "  " }, { listen: { host: "127.0.0.1", port: 8080 } }],
    [{ RINGBACK_PORT: " 9000\n" }, { listen: { port: 9000 } }],
    [{ RINGBACK_STORE: "memory:" }, { store: { kind: "memory" } }],
    [{ RINGBACK_STORE: "sqlite:/var/lib/r.db" }, { store: { kind: "sqlite", file: "/var/lib/r.db" } }],
    [
      { RINGBACK_STORE: "postgres://r:p@db.example.com:5432/ringback?sslmode=verify-full", ...shared },
      {
        store: { kind: "postgres", url: "postgres://r:p@db.example.com:5432/ringback?sslmode=verify-full" },
      },
    ],
    [{ RINGBACK_ADMIN_TOKEN: "rbk_0123456789-~+/=" }, { adminToken: "rbk_0123456789-~+/=" }],
    [{ RINGBACK_PROFILE: "zitadel" }, { profile: "zitadel" }],
    [{ RINGBACK_DEFAULT_REGION: "DE" }, { defaultRegion: "DE" }],
    [{ RINGBACK_RESEND_POLICY: "repeat" }, { resend: { kind: "repeat" } }],
    [{ RINGBACK_RESEND_POLICY: "last-5" }, { resend: { kind: "last", count: 5 } }],
    [
      {
        RINGBACK_OIDC_ISSUERS: "https://a.example/, http://localhost:9000/x",
        RINGBACK_OIDC_AUDIENCE: "p,q , p",
      },
      { oidc: { issuers: ["https://a.example/", "http://localhost:9000/x"], audiences: ["p", "q"] } },
    ],
    [{ RINGBACK_AUTO_PROVISION: "true" }, { oidc: { autoProvision: true } }],
    [
      { RINGBACK_SMS: "https://hooks.example.com/sms?key=1", ...webhook },
      {
        sms: {
          kind: "http",
          url: "https://hooks.example.com/sms?key=1",
          signingKeys: [key],
          allowPrivate: false,
        },
      },
    ],
    [
      {
        RINGBACK_SMS: "https://a.example/",
        RINGBACK_SMS_SIGNING_KEY: `whsec_MTIzNDU2Nzg5MDEyMzQ1Ng==, ${key}`,
      },
      { sms: { signingKeys: ["whsec_MTIzNDU2Nzg5MDEyMzQ1Ng==", key] } },
    ],
    [
      { RINGBACK_SMS: "http://127.0.0.1:9/", RINGBACK_SMS_ALLOW_PRIVATE: "true", ...webhook },
      { sms: { kind: "http", url: "http://127.0.0.1:9/", allowPrivate: true } },
    ],
    [
      { RINGBACK_SMS: "https://hooks.example.com/", RINGBACK_PROFILE: "zitadel" },
      { sms: { kind: "http", signingKeys: [] } },
    ],
    [{ RINGBACK_PUBLIC_URL: "https://SMS.example.com" }, { publicUrl: "https://sms.example.com" }],
    [
      { RINGBACK_PUBLIC_URL: "https://example.com:8443/a/b//" },
      { publicUrl: "https://example.com:8443/a/b" },
    ],
    [
      { RINGBACK_PUBLIC_URL: "http://127.0.0.1:8080/", RINGBACK_SMS_ALLOW_PRIVATE: "true" },
      { publicUrl: "http://127.0.0.1:8080" },
    ],
    [
      { RINGBACK_SMS_DOMAIN: "Login.example.com, münchen.example,localhost" },
      { sms: { autofill: { domains: ["login.example.com", "xn--mnchen-3ya.example", "localhost"] } } },
    ],
    [{ RINGBACK_SMS_ANDROID_HASH: "FA+9qCX9VSu" }, { sms: { autofill: { androidHash: "FA+9qCX9VSu" } } }],
    [{ RINGBACK_CORS_ORIGINS: "*" }, { corsOrigins: "*" }],
    [
      { RINGBACK_CORS_ORIGINS: "https://app.example.com, http://localhost:3000" },
      { corsOrigins: ["https://app.example.com", "http://localhost:3000"] },
    ],
    [{ RINGBACK_LOG_LEVEL: "silent" }, { logLevel: "silent" }],
    [{ RINGBACK_FUTURE: "" }, {}],
  ])("is read from %j", (env, expected) => {
    expect(readConfig(env)).toMatchObject(expected);
  });

  it("takes master keys in base64 and base64url, padded or not, the first one first", () => {
    const bytes = [251, 255, 1].map((fill) => Buffer.alloc(32, fill));
    const [first, second, third] = bytes;
    const { masterKeys } = readConfig({
      RINGBACK_MASTER_KEY: [
        first?.toString("base64"),
        second?.toString("base64url"),
        third?.toString("base64").replace("=", ""),
      ].join(" , "),
    });
    expect(masterKeys?.map((each) => Buffer.from(each))).toEqual(bytes);
  });

  it("cannot be changed", () => {
    const frozen: Config = readConfig({
      RINGBACK_MASTER_KEY: base64(1),
      RINGBACK_CORS_ORIGINS: "https://a.example",
    });
    for (const part of [
      frozen,
      frozen.listen,
      frozen.corsOrigins,
      frozen.oidc,
      frozen.oidc.issuers,
      frozen.masterKeys,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe("a mistake", () => {
  it.each<[string, string]>([
    ["RINGBACK_HOST", "256.1.1.1"],
    ["RINGBACK_HOST", "[::1]"],
    ["RINGBACK_HOST", "fe80::1%eth0"],
    ["RINGBACK_HOST", "a b"],
    ["RINGBACK_HOST", "127.0.0.1:8080"],
    ["RINGBACK_PORT", "65536"],
    ["RINGBACK_PORT", "-1"],
    ["RINGBACK_PORT", "80.5"],
    ["RINGBACK_PORT", "1e3"],
    ["RINGBACK_PORT", "http"],
    ["RINGBACK_STORE", "sqlite:"],
    ["RINGBACK_STORE", "memory"],
    ["RINGBACK_STORE", "postgres://localhost/"],
    ["RINGBACK_STORE", "postgres://one,/ringback"],
    ["RINGBACK_STORE", "postgres://one:5432,two:x/ringback"],
    ["RINGBACK_STORE", "postgres:///ringback"],
    ["RINGBACK_STORE", "mysql://localhost/ringback"],
    ["RINGBACK_PROFILE", "Safe"],
    ["RINGBACK_DEFAULT_REGION", "ch"],
    ["RINGBACK_DEFAULT_REGION", "UK"],
    ["RINGBACK_DEFAULT_REGION", "CHE"],
    ["RINGBACK_RESEND_POLICY", "last"],
    ["RINGBACK_RESEND_POLICY", "last-1"],
    ["RINGBACK_RESEND_POLICY", "last-6"],
    ["RINGBACK_AUTO_PROVISION", "1"],
    ["RINGBACK_SMS_ALLOW_PRIVATE", "yes"],
    ["RINGBACK_PUBLIC_URL", "example.com"],
    ["RINGBACK_PUBLIC_URL", "https://example.com/?a=b"],
    ["RINGBACK_PUBLIC_URL", "https://example.com/#a"],
    ["RINGBACK_SMS_DOMAIN", "https://login.example.com"],
    ["RINGBACK_SMS_DOMAIN", "login.example.com:8443"],
    ["RINGBACK_SMS_DOMAIN", "login.example.com/path"],
    ["RINGBACK_SMS_DOMAIN", "login.example.com."],
    ["RINGBACK_SMS_DOMAIN", "login.example.com #1"],
    ["RINGBACK_SMS_DOMAIN", "192.0.2.1"],
    ["RINGBACK_SMS_DOMAIN", "[::1]"],
    ["RINGBACK_SMS_DOMAIN", "*.example.com"],
    ["RINGBACK_SMS_DOMAIN", "a.example,,b.example"],
    ["RINGBACK_SMS_ANDROID_HASH", "FA+9qCX9VS"],
    ["RINGBACK_SMS_ANDROID_HASH", "FA+9qCX9VSu="],
    ["RINGBACK_SMS_ANDROID_HASH", "FA+9qCX VSu"],
    ["RINGBACK_CORS_ORIGINS", "https://app.example.com/"],
    ["RINGBACK_CORS_ORIGINS", "https://APP.example.com"],
    ["RINGBACK_CORS_ORIGINS", "https://app.example.com:443"],
    ["RINGBACK_CORS_ORIGINS", "app.example.com"],
    ["RINGBACK_CORS_ORIGINS", "*,https://app.example.com"],
    ["RINGBACK_LOG_LEVEL", "verbose"],
  ])("is %s=%s: it names variable, value and what is allowed", (name, value) => {
    const allowed = table.find((each) => each.name === name)?.allowed;
    expect(mistakesOf({ [name]: value })).toEqual([
      `${name} is ${JSON.stringify(value)}, but must be ${allowed}`,
    ]);
  });

  it("is a store that servers share without the key that they share", () => {
    expect(mistakesOf({ RINGBACK_STORE: "postgres://r:secret@localhost/ringback" })).toEqual([
      "RINGBACK_MASTER_KEY is not set, but must be set with a postgres store, to the same for every server (make a key: openssl rand -base64 32)",
    ]);
  });

  it.each(["foo", "", "allow", "Verify-Full", "foo&sslmode=disable"])(
    "is a store with sslmode=%s",
    (mode) => {
      const url = `postgres://db.example.com/ringback?sslmode=${mode}`;
      expect(mistakesOf({ RINGBACK_STORE: url, ...shared })).toEqual([
        `RINGBACK_STORE is ${JSON.stringify(url)}, but must be a URL whose sslmode is one of disable, verify-full, ` +
          "prefer, require, verify-ca, no-verify",
      ]);
    },
  );

  it.each(["sqlite:~/ringback.db", "sqlite:~ringback/ringback.db"])("is a home folder: %s", (store) => {
    expect(mistakesOf({ RINGBACK_STORE: store })).toEqual([
      `RINGBACK_STORE is "${store}", but must be a path written in full: ~ is no home folder here`,
    ]);
  });

  it("is SQLite's own name for what is in memory", () => {
    expect(mistakesOf({ RINGBACK_STORE: "sqlite::memory:" })).toEqual([
      'RINGBACK_STORE is "sqlite::memory:", but must be "memory:", without "sqlite:"',
    ]);
  });

  it.each([
    "http://issuer.example",
    "https://issuer.example?x",
    "https://issuer.example#x",
    "issuer.example",
    "https://a.example,,https://b.example",
  ])("is the issuer %s", (value) => {
    expect(mistakesOf({ RINGBACK_OIDC_ISSUERS: value, ...audience })).toEqual([
      expect.stringMatching(/^RINGBACK_OIDC_ISSUERS is .* must be https URLs/),
    ]);
  });

  it.each([
    ["RINGBACK_ADMIN_TOKEN", "fifteen-letters", "16 to 512"],
    ["RINGBACK_ADMIN_TOKEN", "two.dots.look-like-a-JWT", "A-Z"],
    ["RINGBACK_ADMIN_TOKEN", "with blanks inside it", "A-Z"],
    ["RINGBACK_MASTER_KEY", "c2hvcnQ=", "32 bytes"],
    ["RINGBACK_MASTER_KEY", `${base64(1)},`, "32 bytes"],
    ["RINGBACK_MASTER_KEY", `${base64(1)}!`, "openssl rand -base64 32"],
    ["RINGBACK_MASTER_KEY", "0".repeat(64), "32 bytes"],
    ["RINGBACK_SMS_SIGNING_KEY", "fifteen-letters", "16 to 512"],
    ["RINGBACK_SMS_SIGNING_KEY", `${key},`, "comma-separated"],
    ["RINGBACK_SMS_SIGNING_KEY", "whsec_----------------------", "base64 of at least 16 bytes"],
    ["RINGBACK_SMS_SIGNING_KEY", "whsec_my own words, which are no base64", "base64 of at least 16 bytes"],
    ["RINGBACK_SMS_SIGNING_KEY", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=", "base64 of at least 16 bytes"],
    ["RINGBACK_SMS_SIGNING_KEY", "whsec_MTIzNDU2Nzg5MDEyMzQ1", "base64 of at least 16 bytes"], // 15
    ["RINGBACK_SMS", "https://user:password@hooks.example.com/", "without user"],
    ["RINGBACK_SMS", "webhook", '"inbox:"'],
    ["RINGBACK_SMS", "twilio", "Twilio and the like are added through the API"],
    ["RINGBACK_SMS", "ftp://hooks.example.com", "https"],
  ])("is %s=%s, and the value stays secret", (name, value, allowed) => {
    const mistakes = mistakesOf({ [name]: value });
    expect(mistakes).toEqual([
      expect.stringMatching(`^${name} has a value that is not shown here, but must be .*${allowed}`),
    ]);
    expect(mistakes.join()).not.toContain(value);
  });

  it("hides a password inside a value that is shown", () => {
    const [mistake] = mistakesOf({ RINGBACK_OIDC_ISSUERS: "https://me:hunter2@a.example", ...audience });
    expect(mistake).toContain('is "https://...@a.example"');
  });

  it("shows no password of a URL that is malformed because of it", () => {
    expect(() => readConfig({ RINGBACK_STORE: "postgres://ann:pass/word@db.example.com/ringback" })).toThrow(
      'RINGBACK_STORE is "postgres://...@db.example.com/ringback"',
    );
  });

  it.each<[string, Environment, string]>([
    ["issuers without an audience", { RINGBACK_OIDC_ISSUERS: "https://a.example" }, "RINGBACK_OIDC_AUDIENCE"],
    ["an audience without issuers", { RINGBACK_OIDC_AUDIENCE: "api" }, "RINGBACK_OIDC_ISSUERS"],
    [
      "a webhook without a key in profile safe",
      { RINGBACK_SMS: "https://a.example" },
      "RINGBACK_SMS_SIGNING_KEY",
    ],
    ["a webhook over http", { RINGBACK_SMS: "http://a.example", ...webhook }, "ALLOW_PRIVATE=true"],
    ["a webhook on this machine", { RINGBACK_SMS: "https://localhost/", ...webhook }, "ALLOW_PRIVATE=true"],
    ["receipts over http", { RINGBACK_PUBLIC_URL: "http://a.example" }, "ALLOW_PRIVATE=true"],
    ["a webhook on this machine, IPv6", { RINGBACK_SMS: "https://[::1]/", ...webhook }, "ALLOW_PRIVATE=true"],
  ])("is %s", (_what, env, needed) => {
    expect(mistakesOf(env)).toEqual([expect.stringContaining(needed)]);
  });

  it.each([
    ["RINGBACK_PROT", "did you mean RINGBACK_PORT?"],
    ["RINGBACK_MASTER_KEYS", "did you mean RINGBACK_MASTER_KEY?"],
    ["RINGBACK_OIDC_ISSUER", "did you mean RINGBACK_OIDC_ISSUERS?"],
    ["RINGBACK_host", "--help lists all of them"],
    ["RINGBACK_DATABASE", "--help lists all of them"],
  ])("is a variable that does not exist: %s", (name, hint) => {
    const mistakes = mistakesOf({ [name]: "some-secret" });
    expect(mistakes).toEqual([`${name} is not a variable of this server: ${hint}`]);
  });

  it("is such a variable, however long its name", () => {
    const [mistake] = mistakesOf({ [`RINGBACK_${"X".repeat(100_000)}`]: "some-secret" });
    expect(mistake).toMatch(/X is not a variable of this server: --help lists all of them$/);
  });

  it("never comes alone: all of them are told at once, a line each", () => {
    const bad = Object.fromEntries(table.map(({ name }) => [name, "\u0000,"]));
    const mistakes = mistakesOf({ ...bad, RINGBACK_PROT: "1" });
    for (const { name } of table)
      expect(mistakes.filter((each) => each.startsWith(`${name} `))).toHaveLength(1);
    expect(mistakes).toHaveLength(table.length + 1);
    expect(() => readConfig(bad)).toThrow(`The environment has ${table.length} mistakes:\n  RINGBACK_`);
    expect(() => readConfig({ RINGBACK_PORT: "x" })).toThrow(
      "The environment has a mistake:\n  RINGBACK_PORT ",
    );
    expect(new ConfigError(mistakes).message.split("\n")).toHaveLength(mistakes.length + 1);
  });

  it("is told once, also of a variable that another one depends on", () => {
    const env = { RINGBACK_PUBLIC_URL: "http://a.example", RINGBACK_SMS_ALLOW_PRIVATE: "yes" };
    const names = mistakesOf(env).map((each) => each.split(" ", 1)[0]);
    expect(names.toSorted()).toEqual(Object.keys(env));
  });

  it("never tells a secret", () => {
    const secrets = table.filter(({ isSecret }) => isSecret);
    const secret = fc
      .string({ minLength: 6, maxLength: 80, unit: "binary" })
      .filter((text) => text.trim().length > 5);
    fc.assert(
      fc.property(fc.constantFrom(...secrets), secret, fc.constantFrom("", "LS"), (variable, value, typo) => {
        const told = mistakesOf({ [`${variable.name}${typo}`]: value, RINGBACK_PORT: "x" }).join("\n");
        expect(told).toContain("RINGBACK_PORT");
        expect(told).not.toContain(value.trim());
        expect(told).not.toContain(JSON.stringify(value.trim()).slice(1, -1));
      }),
    );
  });
});

describe("TLS", () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ringback-config-"));
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pkcs8 = { type: "pkcs8", format: "pem" } as const;
    const files = {
      "cert.pem": echoTls.cert,
      "key.pem": echoTls.key,
      "other-key.pem": privateKey.export(pkcs8),
      "locked-key.pem": privateKey.export({ ...pkcs8, cipher: "aes-256-cbc", passphrase: "x" }),
      "empty.pem": "",
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(file(name), content);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is read from its two files", () => {
    const config = readConfig({ RINGBACK_TLS_CERT: file("cert.pem"), RINGBACK_TLS_KEY: file("key.pem") });
    expect(config.listen.tls).toEqual(echoTls);
  });

  it.each([
    ["", "key.pem", ["RINGBACK_TLS_CERT is not set, but must be set together with RINGBACK_TLS_KEY"]],
    ["cert.pem", "", ["RINGBACK_TLS_KEY is not set, but must be set together with RINGBACK_TLS_CERT"]],
    [
      "none.pem",
      "key.pem",
      [/^RINGBACK_TLS_CERT is ".*none\.pem", but must be a file that can be read \(ENOENT\)$/],
    ],
    [
      "empty.pem",
      "none.pem",
      [/CERT.* a file with a certificate in PEM$/, /KEY.* that can be read \(ENOENT\)$/],
    ],
    [
      "key.pem",
      "cert.pem",
      [/CERT.* with a certificate/, /KEY.* with a private key without a passphrase in PEM$/],
    ],
    ["cert.pem", "locked-key.pem", [/KEY.* without a passphrase/]],
    ["cert.pem", "other-key.pem", [/KEY.* the key that belongs to RINGBACK_TLS_CERT$/]],
    ["cert.pem", ".", [/KEY.* that can be read \(EISDIR\)$/]],
  ])("cannot be had from %j and %j", (cert, privateKey, expected) => {
    const path = (name: string) => (name === "" ? "" : file(name));
    const mistakes = mistakesOf({ RINGBACK_TLS_CERT: path(cert), RINGBACK_TLS_KEY: path(privateKey) });
    expect(mistakes).toEqual(expected.map((each) => expect.stringMatching(each)));
  });
});

it("does not tell a private key that was put where the name of its file belongs", () => {
  const names = ["RINGBACK_TLS_CERT", "RINGBACK_TLS_KEY"];
  expect(mistakesOf(Object.fromEntries(names.map((name) => [name, echoTls.key])))).toEqual(
    names.map((name) => `${name} has a value that is not shown here, but must be a file path`),
  );
});

describe("the help text", () => {
  const lines = (helpText().trimEnd().split(":\n\n")[1] ?? "").split("\n");

  it("has a line for each variable, in columns, with a default that is its real default", () => {
    expect(lines).toHaveLength(table.length);
    const columns = (lines[0] ?? "").match(/^ {2}\S+ +\S+ +/)?.[0].length ?? 0;
    for (const [index, { name, default: text, meaning, parse }] of table.entries()) {
      const line = lines[index] ?? "";
      expect(line.startsWith(`  ${name} `)).toBe(true);
      expect(line.slice(columns)).toBe(meaning);
      expect(meaning).toMatch(/^\S.*\.$/);
      if (text !== undefined) {
        expect(line).toContain(`  ${text}  `);
        expect(parse(text)).toBeDefined();
      }
    }
  });

  it("tells what a newcomer needs", () => {
    expect(helpText()).toMatch(/^Environment variables, with their defaults/m);
    expect(lines).toContainEqual(
      "  RINGBACK_PORT               8080                       Port for every protocol; 0 takes a free one.",
    );
  });
});

describe("warnings", () => {
  const production = {
    RINGBACK_MASTER_KEY: base64(1),
    RINGBACK_SMS: "https://hooks.example.com/",
    ...webhook,
  };

  it("are silent about what is fit for production", () => {
    expect(warnings(readConfig(production))).toEqual([]);
  });

  it.each<[Environment, RegExp]>([
    [{ RINGBACK_STORE: "memory:" }, /^RINGBACK_STORE is memory/],
    [{ RINGBACK_MASTER_KEY: "" }, /^RINGBACK_MASTER_KEY is not set.* beside the data/],
    [{ RINGBACK_HOST: "0.0.0.0" }, /^There is no TLS on 0\.0\.0\.0/],
    [{ RINGBACK_CORS_ORIGINS: "*" }, /^RINGBACK_CORS_ORIGINS is \*/],
    [{ RINGBACK_SMS: "" }, /^RINGBACK_SMS is inbox/],
    [{ RINGBACK_SMS_ALLOW_PRIVATE: "true" }, /^RINGBACK_SMS_ALLOW_PRIVATE is true/],
    [{ RINGBACK_OIDC_ISSUERS: "http://localhost:1", ...audience }, /^The issuer http:\/\/localhost:1 /],
    [{ RINGBACK_PROFILE: "zitadel" }, /^RINGBACK_PROFILE is zitadel/],
  ])("tell of %j", (env, warning) => {
    expect(warnings(readConfig({ ...production, ...env }))).toEqual([expect.stringMatching(warning)]);
  });

  it("tell of each point, and of no secret", () => {
    const all = warnings(
      readConfig({
        RINGBACK_STORE: "memory:",
        RINGBACK_PROFILE: "zitadel",
        RINGBACK_SMS: "http://10.0.0.1/secret-path",
        RINGBACK_SMS_ALLOW_PRIVATE: "true",
      }),
    );
    expect(all.map((each) => each.split(" ", 1)[0])).toEqual([
      "RINGBACK_STORE",
      "RINGBACK_MASTER_KEY",
      "RINGBACK_SMS_SIGNING_KEY",
      "RINGBACK_SMS",
      "RINGBACK_SMS_ALLOW_PRIVATE",
      "RINGBACK_PROFILE",
    ]);
    expect(all.join()).not.toContain("secret-path");
  });
});
