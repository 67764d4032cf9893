import {
  type CountryCode,
  ParseError,
  parsePhoneNumberFromString,
  parsePhoneNumberWithError,
} from "libphonenumber-js/max";
import { Lru } from "../lib/lru.ts";
import { DomainError, type MessageKey, refusal } from "./errors.ts";
import { isPlainNumber } from "./plain-number.ts";

export interface PhoneNumberPolicy {
  /** Region of numbers in national form; without one they are refused. */
  readonly defaultRegion: CountryCode | undefined;
  /** Refuse what cannot be a number: wrong length for its country, or with an extension. */
  readonly possibleOnly: boolean;
}

/** What is not plain is often written twice: for a phone and for a factor, or again after a mistake. */
const rememberedMax = 10_000;
const remembered = new Lru<string, string>(rememberedMax);

/**
 * Normalizes a phone number.
 *
 * @param input as a person writes it: "(+41) 79 123 45 67", or "079 123 45 67" with a default region
 * @returns E.164, e.g. "+41791234567"
 * @throws DomainError PHONE-Zt0NV (empty) or PHONE-so0wa (not a number)
 */
export function normalizePhoneNumber(input: string, policy: PhoneNumberPolicy): string {
  const trimmed = input.trim();
  if (trimmed === "") throw new DomainError(empty);
  if (isPlainNumber(trimmed)) return trimmed;
  // The library takes a number behind a full-width plus for a national one, and so for somebody else's.
  const text = trimmed.replaceAll("＋", "+").replace(lead, "");
  const key = `${policy.defaultRegion ?? ""} ${String(policy.possibleOnly)} ${text}`;
  return remembered.getOrInsertComputed(key, () => {
    const parsed = parse(text, policy);
    if (policy.possibleOnly) {
      // An SMS cannot reach an extension: sending it to the switchboard instead would be a lie.
      if (parsed.ext !== undefined) throw invalid("Errors.User.Phone.Extension");
      if (!parsed.isPossible()) throw invalid("Errors.User.Phone.Impossible");
    }
    return parsed.number;
  });
}

/**
 * @param number E.164
 * @returns ISO 3166-1 alpha-2; undefined for a number of no country, or of no known range of one that shares its code
 */
export function countryOf(number: string): CountryCode | undefined {
  return parsePhoneNumberFromString(number)?.country;
}

/** No part of the number: the bracket of "(+41) 79 123 45 67", the "tel:" of a URI. */
const lead = /^[^+\p{Nd}]+(?=\+)/u;

const empty = refusal("invalid_argument", "PHONE-Zt0NV", "Errors.User.Phone.Empty");

function parse(text: string, policy: PhoneNumberPolicy) {
  const region = policy.defaultRegion;
  try {
    return parsePhoneNumberWithError(text, {
      ...(region === undefined ? {} : { defaultCountry: region }),
      extract: false,
    });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const needsRegion = error.message === "INVALID_COUNTRY" && region === undefined && !text.startsWith("+");
    throw invalid(needsRegion ? "Errors.User.Phone.NoRegion" : "Errors.User.Phone.Invalid");
  }
}

function invalid(key: MessageKey): DomainError {
  return new DomainError(refusal("invalid_argument", "PHONE-so0wa", key));
}
