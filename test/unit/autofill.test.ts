import { describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { boundDomain, hostOf, noAutofill, withAutofill } from "../../src/domain/autofill.ts";
import { alphabetOf, drawCode } from "../../src/domain/codes.ts";
import { codeLengthMax } from "../../src/domain/settings.ts";
import { parseAsChrome, parseOriginBoundCode } from "../support/origin-bound-code.ts";

const androidHash = "FA+9qCX9VSu";
const domains = ["login.example.com", "shop.example"];

const generators = fc
  .record({
    length: fc.integer({ min: 1, max: codeLengthMax }),
    lowerLetters: fc.boolean(),
    upperLetters: fc.boolean(),
    digits: fc.boolean(),
    symbols: fc.boolean(),
    ttlMs: fc.constant(null),
  })
  .filter((generator) => alphabetOf(generator) !== "");
const codes = fc
  .tuple(generators, fc.infiniteStream(fc.nat(255)))
  .map(([generator, bytes]) => drawCode(generator, (count) => Uint8Array.from(bytes.take(count))));
const texts = fc.string({ unit: fc.constantFrom(..."ab é@#%.\r\n"), maxLength: 40 });
const hashes = fc.constantFrom(androidHash, undefined);

describe("the last line of a message", () => {
  it.each(Array.from({ length: codeLengthMax }, (_, index) => index + 1))(
    "binds a code of %d characters to the domain, under the whole text",
    (length) => {
      const code = "a1B2c3D4e5F6g7H8i9J0".slice(0, length);
      const text = `${code} is your code.\nNever share it.`;
      const message = withAutofill(text, code, "", { domains, androidHash });
      expect(message).toBe(`${text}\n${androidHash}\n@login.example.com #${code}`);
      expect(parseOriginBoundCode(message)).toEqual({
        host: "login.example.com",
        code,
        embeddedHost: undefined,
      });
    },
  );

  it("gives the domain and exactly the code, or is left out, whatever text and code are", () => {
    fc.assert(
      fc.property(texts, codes, hashes, (text, code, hash) => {
        const autofill = { domains, ...(hash === undefined ? {} : { androidHash: hash }) };
        const message = withAutofill(text, code, "", autofill);
        const found = parseOriginBoundCode(message);
        if (code.includes("#")) expect(found).toBeUndefined();
        else expect(found).toEqual({ host: "login.example.com", code, embeddedHost: undefined });
        expect(message.startsWith(text.trimEnd())).toBe(true);
        expect(message.split("\n").includes(androidHash)).toBe(hash !== undefined);
      }),
    );
  });

  it("gives Chrome the same", () => {
    fc.assert(
      fc.property(codes, hashes, (code, hash) => {
        const autofill = { domains, ...(hash === undefined ? {} : { androidHash: hash }) };
        const found = parseAsChrome(withAutofill(`${code} is your code.`, code, "", autofill));
        expect(found).toEqual(code.includes("#") ? undefined : { host: "login.example.com", code });
      }),
    );
  });

  it.each(["", "12 34", "12\n34", "12\t34", "12#34", "#", "1\u00a02"])(
    "is left out for the code %j",
    (code) => {
      expect(withAutofill("text", code, "", { domains })).toBe("text");
      expect(withAutofill("text", code, "", { domains, androidHash })).toBe(`text\n${androidHash}`);
    },
  );

  it.each(["text", "text\n", "two\nlines", "", "@example.com #1"])(
    "is not touched without settings: %j",
    (text) => {
      expect(withAutofill(text, "123456", "https://login.example.com", noAutofill)).toBe(text);
    },
  );

  it.each([
    "@other.example #123456",
    "Your code:\r\n@other.example #123456",
    "Your code:\n@other.example #123456 %frame.example",
  ])("stays that of the text, if it has one: %j", (text) => {
    expect(withAutofill(text, "123456", "", { domains })).toBe(text);
    const lines = withAutofill(text, "123456", "", { domains, androidHash }).split(/\r?\n/);
    expect(lines.slice(-2)).toEqual([androidHash, text.split(/\r?\n/).at(-1)]);
  });
});

describe("a line that looks like the last one", () => {
  it.each(["@evil.example #1", "@evil.example #1234567", "@ #123456", "x @other.example #123456"])(
    "is text, unless it binds the code: %j",
    (line) => {
      const message = withAutofill(`Your code:\n${line}`, "123456", "", { domains });
      expect(message).toBe(`Your code:\n${line}\n@login.example.com #123456`);
    },
  );
});

describe("the domain of a code", () => {
  it.each([
    ["", "login.example.com"],
    ["https://shop.example", "shop.example"],
    ["https://SHOP.example:8443", "shop.example"],
    ["http://shop.example", "shop.example"],
    ["https://evil.example", "login.example.com"],
    ["https://shop.example.evil.example", "login.example.com"],
    ["https://shop.example@evil.example", "login.example.com"],
    ["no origin", "login.example.com"],
    ["https://[::1]:8080", "login.example.com"],
  ])("asked for on %j is %s", (origin, domain) => {
    expect(boundDomain({ domains }, origin)).toBe(domain);
  });

  it("is not known where none is configured, whatever the request says", () => {
    expect(boundDomain(noAutofill, "https://shop.example")).toBeUndefined();
  });
});

describe("the host of an origin", () => {
  it.each([
    ["https://login.example.com:8443", "login.example.com"],
    ["http://127.0.0.1:8080", "127.0.0.1"],
    ["https://münchen.example", "xn--mnchen-3ya.example"],
    ["http://[::1]:8080", ""],
    ["https://a_b.example", ""],
    ["https://a$(b).example", ""],
    ["https://-a.example", ""],
    ["data:text/plain,x", ""],
    ["evil.example #1", ""],
    ["", ""],
  ])("%s is %j", (origin, host) => {
    expect(hostOf(origin)).toBe(host);
  });
});
