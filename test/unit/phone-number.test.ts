import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  type CountryCode,
  getCountries,
  getExampleNumber,
  ParseError,
  parsePhoneNumberWithError,
} from "libphonenumber-js/max";
import metadata from "libphonenumber-js/max/metadata";
import examples from "libphonenumber-js/mobile/examples";
import { DomainError } from "../../src/domain/errors.ts";
import { normalizePhoneNumber } from "../../src/domain/phone-number.ts";
import { policyOf } from "../../src/domain/policy.ts";

const safe = policyOf("safe", undefined).phoneNumber;
const safeInSwitzerland = policyOf("safe", "CH").phoneNumber;
const zitadel = policyOf("zitadel", undefined).phoneNumber;

const refusalOf = (input: string, policy = safe) => {
  try {
    return normalizePhoneNumber(input, policy);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return `${error.refusal.id} ${error.refusal.key}`;
  }
};

describe("normalizing a phone number", () => {
  it.each([
    ["+41 79 123 45 67", safe, "+41791234567"],
    ["+41791234567", safe, "+41791234567"],
    [" +41 (0)79 123 45 67", safe, "+41791234567"],
    ["(+41) 79 123 45 67", safe, "+41791234567"],
    ["tel:+41-79-123-45-67", safe, "+41791234567"],
    ["＋1 800 555 0100", safe, "+18005550100"],
    ["＋１８００５５５０１００", safeInSwitzerland, "+18005550100"],
    ["(＋1) 800 555 0100", zitadel, "+18005550100"],
    ["079 123 45 67", zitadel, "+41791234567"],
    ["079 123 45 67", safeInSwitzerland, "+41791234567"],
    ["+1 800 555 0100", safe, "+18005550100"],
    ["+4179", zitadel, "+4179"],
    ["079 123 45 67", safe, "PHONE-so0wa Errors.User.Phone.NoRegion"],
    ["+4179", safe, "PHONE-so0wa Errors.User.Phone.Impossible"],
    ["+41791234567;ext=5", safe, "PHONE-so0wa Errors.User.Phone.Extension"],
    ["+41791234567;ext=5", zitadel, "+41791234567"],
    ["call me", safe, "PHONE-so0wa Errors.User.Phone.Invalid"],
    ["call me", zitadel, "PHONE-so0wa Errors.User.Phone.Invalid"],
    ["+41791234567abc", zitadel, "PHONE-so0wa Errors.User.Phone.Invalid"],
    ["plus 41 79 123 45 67", zitadel, "PHONE-so0wa Errors.User.Phone.Invalid"],
    ["+999 123 456 789", zitadel, "PHONE-so0wa Errors.User.Phone.Invalid"],
    ["", safe, "PHONE-Zt0NV Errors.User.Phone.Empty"],
    ["   ", zitadel, "PHONE-Zt0NV Errors.User.Phone.Empty"],
  ])("%j", (input, policy, expected) => {
    expect(refusalOf(input, policy)).toBe(expected);
  });

  it("is idempotent, for the example number of every country", () => {
    for (const country of getCountries()) {
      const example = getExampleNumber(country as CountryCode, examples);
      if (example === undefined) continue;
      const national = policyOf("safe", country).phoneNumber;
      expect(normalizePhoneNumber(example.formatInternational(), safe)).toBe(example.number);
      expect(normalizePhoneNumber(example.formatNational(), national)).toBe(example.number);
      expect(normalizePhoneNumber(example.number, safe)).toBe(example.number);
    }
  });

  it("gives what the library gives, for the digits of every calling code", () => {
    const parsed = (text: string): string => {
      try {
        const number = parsePhoneNumberWithError(text, { extract: false });
        return number.isPossible() ? number.number : "";
      } catch (error) {
        if (!(error instanceof ParseError)) throw error;
        return "";
      }
    };
    const callingCodes = [
      ...Object.keys(metadata.country_calling_codes),
      ...Object.keys(metadata.nonGeographic),
    ];
    const digits = fc.stringMatching(/^[0-9]{1,14}$/);
    fc.assert(
      fc.property(fc.constantFrom(...callingCodes, "210"), digits, (callingCode, national) => {
        const text = `+${callingCode}${national}`;
        const given = refusalOf(text);
        expect(given.startsWith("PHONE-") ? "" : given).toBe(parsed(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it("gives E.164 or refuses, whatever it gets, and gives the same again", () => {
    const digits = fc.stringMatching(/^\+?[0-9 ()-]{0,25}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), digits), fc.constantFrom(safe, zitadel), (input, policy) => {
        const result = refusalOf(input, policy);
        if (result.startsWith("PHONE-")) return;
        expect(result).toMatch(/^\+[1-9][0-9]{1,17}$/);
        expect(refusalOf(result, policy)).toBe(result);
      }),
    );
  });
});
