import { isSupportedCountry } from "libphonenumber-js/max";
import { sameData } from "../lib/same-data.ts";
import { alphabetOf, type CodeGenerator } from "./codes.ts";
import type { Decision } from "./decision.ts";
import { DomainError, type Refusal, refusal } from "./errors.ts";
import { strayBraces, unknownVariable } from "./message-text.ts";
import type { LockoutPolicy } from "./policy.ts";
import type { Route } from "./routes.ts";
import {
  type Dated,
  type GeneratorType,
  type MessageText,
  type SettingsEvent,
  type SettingsState,
  type SmsProviderConfig,
  type TextType,
  textKey,
} from "./settings-state.ts";

/** The deciders of settings: lockout policy, message texts, generators, SMS providers and their routes. */

export const codeLengthMax = 20;
const smsProvidersMax = 100;
/** Of one scope: all of them are read and written whenever a setting of it is. */
const textsMax = 200;

type SettingsDecision = Decision<SettingsEvent>;
type Present = SettingsState | undefined;
const nothing: SettingsDecision = { events: [] };

// ------------------------------------------------------------------------------------- lockout policy

export const lockoutErrors = {
  exists: refusal("already_exists", "ORG-0olDf", "Errors.LockoutPolicy.AlreadyExists"),
  changeMissing: refusal("not_found", "ORG-ADfs1", "Errors.LockoutPolicy.NotFound"),
  removeMissing: refusal("not_found", "ORG-D4zuz", "Errors.LockoutPolicy.NotFound"),
  notChanged: refusal("failed_precondition", "ORG-4M9vs", "Errors.LockoutPolicy.NotChanged"),
  instanceNotChanged: refusal("failed_precondition", "INSTANCE-0psjF", "Errors.LockoutPolicy.NotChanged"),
} as const;

/** @throws DomainError if the organization has a policy of its own already */
export function decideAddLockout(state: Present, policy: LockoutPolicy): SettingsDecision {
  if (state?.lockout !== undefined) throw new DomainError(lockoutErrors.exists);
  return { events: [{ type: "settings.lockout.set", data: policy }] };
}

/**
 * @param inForce what holds now
 * @throws DomainError if it is the same
 */
export function decideSetLockout(
  policy: LockoutPolicy,
  inForce: LockoutPolicy,
  notChanged: Refusal,
): SettingsDecision {
  if (sameData(policy, inForce)) throw new DomainError(notChanged);
  return { events: [{ type: "settings.lockout.set", data: policy }] };
}

/** @throws DomainError if there is none, or it is the same */
export function decideChangeLockout(state: Present, policy: LockoutPolicy): SettingsDecision {
  if (state?.lockout === undefined) throw new DomainError(lockoutErrors.changeMissing);
  return decideSetLockout(policy, state.lockout.value, lockoutErrors.notChanged);
}

/** @throws DomainError if there is none */
export function decideRemoveLockout(state: Present): SettingsDecision {
  if (state?.lockout === undefined) throw new DomainError(lockoutErrors.removeMissing);
  return { events: [{ type: "settings.lockout.removed", data: {} }] };
}

// -------------------------------------------------------------------------------------- message texts

export const textErrors = {
  missing: refusal("not_found", "Org-3b8Jf", "Errors.MessageText.NotFound"),
  instanceMissing: refusal("not_found", "INSTANCE-fju90", "Errors.MessageText.NotFound"),
  languageInvalid: refusal("invalid_argument", "TEXT-l4Ngu", "Errors.MessageText.LanguageInvalid"),
  variableUnknown: refusal("invalid_argument", "TEXT-v4Unk", "Errors.MessageText.VariableUnknown"),
  malformed: refusal("invalid_argument", "TEXT-m4Lfd", "Errors.MessageText.Malformed"),
  tooMany: refusal("resource_exhausted", "TEXT-t0Mny", "Errors.MessageText.TooMany"),
} as const;

/** @throws DomainError for a variable that no message has, or braces that enclose none */
export function requireTemplate(template: string): void {
  const variable = unknownVariable(template);
  if (variable !== undefined) throw new DomainError(textErrors.variableUnknown, { variable });
  const place = strayBraces(template);
  if (place !== undefined) {
    throw new DomainError(textErrors.malformed, { place: JSON.stringify(place), example: "{{.Code}}" });
  }
}

/** Nothing happens if the text is just this. @throws DomainError for what is no template, or one text too many */
export function decideSetText(
  state: Present,
  textType: TextType,
  language: string,
  message: MessageText,
): SettingsDecision {
  for (const part of Object.values(message)) requireTemplate(part);
  const present = state?.texts[textKey({ textType, language })]?.value;
  if (present !== undefined && sameData(present, message)) return nothing;
  if (present === undefined && Object.keys(state?.texts ?? {}).length >= textsMax) {
    throw new DomainError(textErrors.tooMany, { max: String(textsMax) });
  }
  return { events: [{ type: "settings.message.text.set", data: { textType, language, message } }] };
}

/** @throws DomainError if none was set */
export function decideRemoveText(
  state: Present,
  textType: TextType,
  language: string,
  missing: Refusal,
): SettingsDecision {
  if (state?.texts[textKey({ textType, language })] === undefined) throw new DomainError(missing);
  return { events: [{ type: "settings.message.text.removed", data: { textType, language } }] };
}

// ----------------------------------------------------------------------------------------- generators

export const generatorErrors = {
  missing: refusal("not_found", "QUERY-3k9og", "Errors.Generator.NotFound"),
  alphabet: refusal("invalid_argument", "CODE-aa1wf", "Errors.Code.Alphabet"),
  length: refusal("invalid_argument", "CODE-l3Ngt", "Errors.Code.Length"),
} as const;

/** Nothing happens if it is just this. @throws DomainError for one that draws no code, or too long a one */
export function decideSetGenerator(
  state: Present,
  generatorType: GeneratorType,
  generator: CodeGenerator,
): SettingsDecision {
  if (alphabetOf(generator) === "") throw new DomainError(generatorErrors.alphabet);
  if (generator.length < 1 || generator.length > codeLengthMax) {
    throw new DomainError(generatorErrors.length, { max: String(codeLengthMax) });
  }
  const present = state?.generators[generatorType]?.value;
  if (present !== undefined && sameData(present, generator)) return nothing;
  return { events: [{ type: "settings.generator.set", data: { generatorType, generator } }] };
}

// -------------------------------------------------------------------------------------- SMS providers

const notExisting = (id: string): Refusal => refusal("not_found", id, "Errors.SMSConfig.NotExisting");

export const smsProviderErrors = {
  getMissing: notExisting("QUERY-fn99w"),
  twilioMissing: notExisting("COMMAND-MUY0IFAf8O"),
  twilioTokenMissing: notExisting("COMMAND-ij3NhEHATp"),
  httpMissing: notExisting("COMMAND-6NW4I5Kqzj"),
  activateMissing: notExisting("COMMAND-9ULtp9PH5E"),
  alreadyActive: refusal("failed_precondition", "COMMAND-B25GFeIvRi", "Errors.SMSConfig.AlreadyActive"),
  deactivateMissing: notExisting("COMMAND-La91dGNhbM"),
  alreadyInactive: refusal("failed_precondition", "COMMAND-OSZAEkYvk7", "Errors.SMSConfig.AlreadyInactive"),
  removeMissing: notExisting("COMMAND-povEVHPCkV"),
  tooMany: refusal("resource_exhausted", "SMS-t0Mny", "Errors.SMSConfig.TooMany"),
  urlInvalid: refusal("invalid_argument", "SMS-u4Rlx", "Errors.SMSConfig.UrlInvalid"),
  changeMissing: notExisting("SMS-c4Mis"),
  otherKind: refusal("failed_precondition", "SMS-k1Ndx", "Errors.SMSConfig.OtherKind"),
  secretMissing: refusal("invalid_argument", "SMS-s3Crt", "Errors.SMSConfig.SecretMissing"),
  formerKeyValid: refusal("failed_precondition", "SMS-f0Key", "Errors.SMSConfig.FormerKeyValid"),
  inRoute: refusal("failed_precondition", "SMS-r0Ute", "Errors.SMSConfig.InRoute"),
} as const;

/** It sends nothing until it is activated. @throws DomainError if there are too many */
export function decideAddSmsProvider(
  state: Present,
  providerId: string,
  config: SmsProviderConfig,
): SettingsDecision {
  if (Object.keys(state?.smsProviders ?? {}).length >= smsProvidersMax) {
    throw new DomainError(smsProviderErrors.tooMany, { max: String(smsProvidersMax) });
  }
  return { events: [{ type: "settings.sms.provider.added", data: { providerId, config } }] };
}

/** Nothing happens if it is just this. */
export function decideChangeSmsProvider(
  providerId: string,
  present: SmsProviderConfig,
  config: SmsProviderConfig,
): SettingsDecision {
  if (sameData(present, config)) return nothing;
  return { events: [{ type: "settings.sms.provider.changed", data: { providerId, config } }] };
}

/**
 * Encrypts the secrets of every provider with the current key.
 *
 * @param reseal gives the same account; with the same texts where nothing is to be done
 */
export function decideResealSmsProviders(
  state: Present,
  reseal: (providerId: string, config: SmsProviderConfig) => SmsProviderConfig,
): { readonly events: readonly SettingsEvent[] } {
  const events: SettingsEvent[] = [];
  for (const [providerId, { value }] of Object.entries(state?.smsProviders ?? {})) {
    const config = reseal(providerId, value);
    if (sameData(value, config)) continue;
    events.push({ type: "settings.sms.provider.resealed", data: { providerId, config } });
  }
  return { events };
}

/** @throws DomainError if there is no such provider, or it is active */
export function decideActivateSmsProvider(state: Present, providerId: string): SettingsDecision {
  requireSmsProvider(state, providerId, smsProviderErrors.activateMissing);
  if (state?.activeSmsProviderId === providerId) throw new DomainError(smsProviderErrors.alreadyActive);
  return { events: [{ type: "settings.sms.provider.activated", data: { providerId } }] };
}

/** @throws DomainError if there is no such provider, or it is not active */
export function decideDeactivateSmsProvider(state: Present, providerId: string): SettingsDecision {
  requireSmsProvider(state, providerId, smsProviderErrors.deactivateMissing);
  if (state?.activeSmsProviderId !== providerId) throw new DomainError(smsProviderErrors.alreadyInactive);
  return { events: [{ type: "settings.sms.provider.deactivated", data: { providerId } }] };
}

/** @throws DomainError if there is no such provider, or a route names it */
export function decideRemoveSmsProvider(state: Present, providerId: string): SettingsDecision {
  const { value } = requireSmsProvider(state, providerId, smsProviderErrors.removeMissing);
  if (
    state?.smsRoutes?.value.some(({ targets }) => targets.some((target) => target.providerId === providerId))
  ) {
    throw new DomainError(smsProviderErrors.inRoute, { name: value.description || providerId });
  }
  return { events: [{ type: "settings.sms.provider.removed", data: { providerId } }] };
}

/** @throws DomainError if there is no such provider */
export function requireSmsProvider(
  state: Present,
  providerId: string,
  missing: Refusal,
): Dated<SmsProviderConfig> {
  // The id comes from the caller: "constructor" must not find Object's own.
  const providers = state?.smsProviders ?? {};
  const found = Object.hasOwn(providers, providerId) ? providers[providerId] : undefined;
  if (found === undefined) throw new DomainError(missing);
  return found;
}

// --------------------------------------------------------------------------------------------- routes

const routeErrors = {
  countryUnknown: refusal("invalid_argument", "SMS-c0Unt", "Errors.SMSRoutes.CountryUnknown"),
  providerMissing: refusal("failed_precondition", "SMS-p0Mis", "Errors.SMSRoutes.ProviderMissing"),
  providerTwice: refusal("invalid_argument", "SMS-t0Wic", "Errors.SMSRoutes.ProviderTwice"),
} as const;

/**
 * Nothing happens if they are just these.
 * @throws DomainError for an unknown country, a provider that is not there or is twice in one route
 */
export function decideSetRoutes(state: Present, routes: readonly Route[]): SettingsDecision {
  const providers = state?.smsProviders ?? {};
  for (const { countries, targets } of routes) {
    const country = countries.find((each) => !isSupportedCountry(each));
    if (country !== undefined) throw new DomainError(routeErrors.countryUnknown, { country });
    const ids = targets.map(({ providerId }) => providerId);
    const missing = ids.find((id) => !Object.hasOwn(providers, id));
    if (missing !== undefined) throw new DomainError(routeErrors.providerMissing, { provider: missing });
    const twice = ids.find((id, index) => ids.indexOf(id) < index);
    if (twice !== undefined) throw new DomainError(routeErrors.providerTwice, { provider: twice });
  }
  if (sameData(state?.smsRoutes?.value ?? [], routes)) return nothing;
  return { events: [{ type: "settings.sms.routes.set", data: { routes } }] };
}
