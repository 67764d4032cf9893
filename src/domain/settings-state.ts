import type { Channel } from "./channel.ts";
import type { CodeGenerator } from "./codes.ts";
import type { LockoutPolicy } from "./policy.ts";
import type { Route } from "./routes.ts";

/**
 * Events, state and fold of the settings of the instance, or of one organization. What was stored once stays
 * readable: shapes here only grow.
 */

/** The purposes that have a text of their own. */
export const textTypes = ["verify_phone", "verify_sms_otp"] as const;
export type TextType = (typeof textTypes)[number];

/** A message in one language. An SMS is made of `text`; the rest is kept for clients that ask. */
export interface MessageText {
  readonly title: string;
  readonly preHeader: string;
  readonly subject: string;
  readonly greeting: string;
  readonly text: string;
  readonly buttonText: string;
  readonly footerText: string;
}

/** The kinds of codes that are drawn here. */
export const generatorTypes = ["phone_code", "otp_sms"] as const;
export type GeneratorType = (typeof generatorTypes)[number];

/** An account with a provider. What is secret is sealed; a sealed secret that is not set is empty. */
export type SmsProviderConfig = { readonly description: string } & (
  | {
      readonly kind: "twilio";
      readonly sid: string;
      readonly sealedToken: string;
      readonly senderNumber: string;
      readonly verifyServiceSid: string;
      /** SMS if it is left out. */
      readonly channel?: Channel;
    }
  | {
      readonly kind: "http";
      readonly endpoint: string;
      readonly sealedSigningKey: string;
      /** A key that was replaced, and is valid beside the present one until then. */
      readonly formerSigningKey?: { readonly sealed: string; readonly expiresMs: number };
    }
  | {
      readonly kind: "vonage";
      readonly apiKey: string;
      readonly sealedApiSecret: string;
      readonly sender: string;
      readonly sealedSignatureSecret: string;
    }
  | {
      readonly kind: "messagebird";
      readonly sealedAccessKey: string;
      readonly sender: string;
      readonly sealedSigningKey: string;
    }
  | {
      readonly kind: "sns";
      readonly region: string;
      readonly accessKeyId: string;
      readonly sealedSecretAccessKey: string;
      readonly senderId: string;
    }
  | { readonly kind: "inbox" }
);

interface TextRef {
  readonly textType: TextType;
  /** BCP 47. */
  readonly language: string;
}

export type SettingsEvent =
  | { readonly type: "settings.lockout.set"; readonly data: LockoutPolicy }
  | { readonly type: "settings.lockout.removed"; readonly data: Empty }
  | { readonly type: "settings.message.text.set"; readonly data: TextRef & { readonly message: MessageText } }
  | { readonly type: "settings.message.text.removed"; readonly data: TextRef }
  | {
      readonly type: "settings.generator.set";
      readonly data: { readonly generatorType: GeneratorType; readonly generator: CodeGenerator };
    }
  | {
      readonly type:
        | "settings.sms.provider.added"
        | "settings.sms.provider.changed"
        // The same account, its secrets encrypted with another key.
        | "settings.sms.provider.resealed";
      readonly data: ProviderRef & { readonly config: SmsProviderConfig };
    }
  | {
      readonly type:
        | "settings.sms.provider.activated"
        | "settings.sms.provider.deactivated"
        | "settings.sms.provider.removed";
      readonly data: ProviderRef;
    }
  | { readonly type: "settings.sms.routes.set"; readonly data: { readonly routes: readonly Route[] } }
  | { readonly type: "settings.master_key.noted"; readonly data: { readonly keyId: string } };

type Empty = Readonly<Record<string, never>>;

interface ProviderRef {
  readonly providerId: string;
}

/** A setting, and where it stands in its history. */
export interface Dated<T> {
  readonly value: T;
  /** Number of the last event that changed it. */
  readonly sequence: number;
  readonly createdMs: number;
  readonly changedMs: number;
}

export interface SettingsState {
  readonly id: string;
  readonly changedMs: number;
  readonly lockout?: Dated<LockoutPolicy>;
  /** By type and language (`textKey`). */
  readonly texts: Readonly<Record<string, Dated<MessageText>>>;
  readonly generators: Readonly<Partial<Record<GeneratorType, Dated<CodeGenerator>>>>;
  readonly smsProviders: Readonly<Record<string, Dated<SmsProviderConfig>>>;
  readonly activeSmsProviderId?: string;
  /** An empty list means the same as none. */
  readonly smsRoutes?: Dated<readonly Route[]>;
  /** Of the key that seals secrets, and signs codes. */
  readonly masterKeyId?: string;
}

export function textKey({ textType, language }: TextRef): string {
  return `${textType}/${language}`;
}

/** Folds one event into the state. @param state undefined before the first event */
export function evolveSettings(
  state: SettingsState | undefined,
  event: SettingsEvent,
  id: string,
  atMs: number,
  sequence: number,
): SettingsState {
  return { ...change(state ?? noSettings(id), event, { sequence, atMs }), changedMs: atMs };
}

/** Before anything is set. */
export function noSettings(id: string): SettingsState {
  return { id, changedMs: 0, texts: {}, generators: {}, smsProviders: {} };
}

interface At {
  readonly sequence: number;
  readonly atMs: number;
}

function change(state: SettingsState, event: SettingsEvent, at: At): SettingsState {
  switch (event.type) {
    case "settings.lockout.set":
      return { ...state, lockout: dated(state.lockout, event.data, at) };
    case "settings.lockout.removed": {
      const { lockout: _removed, ...rest } = state;
      return rest;
    }
    case "settings.message.text.set": {
      const key = textKey(event.data);
      return { ...state, texts: { ...state.texts, [key]: dated(state.texts[key], event.data.message, at) } };
    }
    case "settings.message.text.removed": {
      const { [textKey(event.data)]: _removed, ...texts } = state.texts;
      return { ...state, texts };
    }
    case "settings.generator.set": {
      const { generatorType, generator } = event.data;
      const changed = dated(state.generators[generatorType], generator, at);
      return { ...state, generators: { ...state.generators, [generatorType]: changed } };
    }
    case "settings.sms.provider.added":
    case "settings.sms.provider.changed":
      return withProvider(state, event.data.providerId, event.data.config, at);
    case "settings.sms.provider.resealed": {
      const { providerId, config: value } = event.data;
      const present = state.smsProviders[providerId];
      if (present === undefined) return state;
      // Nobody changed it: it keeps its place in the history.
      return { ...state, smsProviders: { ...state.smsProviders, [providerId]: { ...present, value } } };
    }
    case "settings.sms.provider.activated": {
      const { providerId } = event.data;
      const { activeSmsProviderId: former, ...rest } = state;
      const deactivated = former === undefined ? rest : withProvider(rest, former, undefined, at);
      return { ...withProvider(deactivated, providerId, undefined, at), activeSmsProviderId: providerId };
    }
    case "settings.sms.provider.deactivated": {
      const { activeSmsProviderId: _former, ...rest } = state;
      return withProvider(rest, event.data.providerId, undefined, at);
    }
    case "settings.sms.provider.removed": {
      const { providerId } = event.data;
      const { [providerId]: _removed, ...smsProviders } = state.smsProviders;
      const { activeSmsProviderId: active, ...rest } = state;
      return {
        ...rest,
        smsProviders,
        ...(active === undefined || active === providerId ? {} : { activeSmsProviderId: active }),
      };
    }
    case "settings.sms.routes.set":
      return { ...state, smsRoutes: dated(state.smsRoutes, event.data.routes, at) };
    case "settings.master_key.noted":
      return { ...state, masterKeyId: event.data.keyId };
  }
}

/** @param config unchanged if left out */
function withProvider(
  state: SettingsState,
  id: string,
  config: SmsProviderConfig | undefined,
  at: At,
): SettingsState {
  const present = state.smsProviders[id];
  const value = config ?? present?.value;
  if (value === undefined) return state;
  return { ...state, smsProviders: { ...state.smsProviders, [id]: dated(present, value, at) } };
}

function dated<T>(before: Dated<T> | undefined, value: T, { sequence, atMs }: At): Dated<T> {
  return { ...before, value, sequence, createdMs: before?.createdMs ?? atMs, changedMs: atMs };
}
