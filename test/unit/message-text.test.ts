import { describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { withAutofill } from "../../src/domain/autofill.ts";
import {
  builtInLanguages,
  builtInText,
  carriesCode,
  lifeInWords,
  renderText,
  strayBraces,
  type TextValues,
  textVariables,
  unknownVariable,
} from "../../src/domain/message-text.ts";
import { textTypes } from "../../src/domain/settings-state.ts";
import { segmentsOf } from "../../src/domain/sms-segments.ts";

const valuesOf = (value: string): TextValues => ({
  Code: value,
  OTP: value,
  Domain: value,
  Origin: value,
  Expiry: value,
  DisplayName: value,
  FirstName: value,
  LastName: value,
  UserName: value,
  NickName: value,
  PreferredLoginName: value,
  LastEmail: value,
  VerifiedEmail: value,
  LastPhone: value,
  VerifiedPhone: value,
  LoginNames: value,
  ChangeDate: value,
  CreationDate: value,
});

const minute = 60_000;

describe("the life of a code in words", () => {
  it.each([
    [1, "en", "1 second"],
    [999, "en", "1 second"],
    [59_999, "en", "59 seconds"],
    [minute, "en", "1 minute"],
    [90_000, "en", "90 seconds"],
    [119_999, "en", "119 seconds"],
    [2 * minute, "en", "2 minutes"],
    [601_000, "en", "10 minutes"],
    [60 * minute, "en", "1 hour"],
    [90 * minute, "en", "90 minutes"],
    [150 * minute, "en", "2 hours"],
    [7 * 24 * 60 * minute, "en", "168 hours"],
    [60 * minute, "fr", "1 heure"],
    [10 * minute, "pt-BR", "10 minutos"],
    [10 * minute, "de-CH", "10 Minuten"],
    [10 * minute, "ja", "10 分"],
    [10 * minute, "tlh", "10 minutes"],
    [null, "en", "an unlimited time"],
    [null, "it-CH", "per sempre"],
    [null, "ja", "an unlimited time"],
  ])("%d ms in %s: %s", (lifeMs, language, words) => {
    expect(lifeInWords(lifeMs, language)).toBe(words);
  });
});

describe("a built-in text", () => {
  const lives = [30_000, minute, 5 * minute, 10 * minute, 60 * minute, 48 * 60 * minute, null];

  it.each(builtInLanguages)("in %s takes one segment, whatever the life of its code", (language) => {
    for (const textType of textTypes) {
      for (const lifeMs of lives) {
        for (const code of ["ABCDEF", "12345678"]) {
          const { text } = builtInText(textType, language);
          expect([unknownVariable(text), strayBraces(text)]).toEqual([undefined, undefined]);
          const rendered = renderText(text, { ...valuesOf(code), Expiry: lifeInWords(lifeMs, language) });
          const message = withAutofill(rendered, code, "", { domains: ["login.example.com"] });
          expect(message.split(code)).toHaveLength(3);
          expect(message).toContain(lifeInWords(lifeMs, language));
          expect(segmentsOf(message)).toEqual({ encoding: "gsm7", segments: 1 });
        }
      }
    }
  });
});

describe("a template", () => {
  it("may use every variable, with a dot or without, and with spaces", () => {
    for (const name of textVariables) {
      for (const template of [`{{.${name}}}`, `{{${name}}}`, `{{ .${name}\t}}`]) {
        expect([unknownVariable(template), strayBraces(template)]).toEqual([undefined, undefined]);
        expect(renderText(`<${template}>`, valuesOf("value"))).toBe("<value>");
      }
    }
  });

  it.each([
    ["{{.Password}}", "Password"],
    ["{{.Code}} {{.code}}", "code"],
    ["{{}}", ""],
    ["{{.Code | upper}}", "Code | upper"],
    ["{{.toString}}", "toString"],
    ["{{..Code}}", ".Code"],
  ])("%s has the unknown variable %j", (template, name) => {
    expect(unknownVariable(template)).toBe(name);
  });

  it.each([
    ["{{.Code}", "{{.Code}"],
    ["Hello {{.Code, it is yours forever", "{{.Code, it is yours"],
    ["{{.Code}} .Code}}", "}}"],
    ["{{ {{.Code}} }}", "{{ {{.Code}} }}"],
  ])("%s has stray braces at %j", (template, place) => {
    expect(strayBraces(template)).toBe(place);
  });

  it("may have any white space within the braces of a variable", () => {
    const spaces = fc.string({ unit: fc.constantFrom(" ", "\t", "\n", "\r", "\u00a0", "\u2028", "\ufeff") });
    fc.assert(
      fc.property(spaces, fc.constantFrom(".Code", "Code"), spaces, (before, name, after) => {
        const template = `{{${before}${name}${after}}}`;
        expect([unknownVariable(template), strayBraces(template)]).toEqual([undefined, undefined]);
        expect([carriesCode(template), renderText(template, valuesOf("1"))]).toEqual([true, "1"]);
        expect(unknownVariable(`{{${before}. ${name}${after}}}`)).toBe(` ${name}`);
      }),
    );
  });

  it("is read once, however long, and never again from each of its characters", () => {
    // In the square of this length it would take an hour, and nobody would wait for it.
    const endless = `{{${" ".repeat(3_000_000)}`;
    expect([unknownVariable(endless), carriesCode(endless)]).toEqual([undefined, false]);
    expect(strayBraces(endless)).toBe(endless.slice(0, 20));
    expect(renderText(endless, valuesOf("1"))).toBe(endless);
  });

  it("leaves no braces behind, and stays the same where it has no variables", () => {
    const parts = fc.constantFrom("{{", "}}", "{", "}", ".Code", "Code", "{{.OTP}}", " ", "\n", "text", "$&");
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (pieces) => {
        const template = pieces.join("");
        fc.pre(unknownVariable(template) === undefined && strayBraces(template) === undefined);
        const rendered = renderText(template, valuesOf("1"));
        expect(rendered).not.toMatch(/\{\{\s*\.?\w+\s*\}\}/);
        if (!template.includes("{{")) expect(rendered).toBe(template);
      }),
    );
  });

  it("gets no line and no variable from a value", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."a{}.Code\r\n\u2028\u0085\u0000 ") }), (value) => {
        const rendered = renderText("<{{.FirstName}}>\n", valuesOf(value));
        expect(rendered).toMatch(/^<[^\p{Cc}\p{Zl}\p{Zp}]*>\n$/u);
        expect(renderText("{{.FirstName}}", valuesOf("{{.Code}}"))).toBe("{{.Code}}");
      }),
    );
  });
});
