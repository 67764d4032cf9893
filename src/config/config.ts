import type { CountryCode } from "libphonenumber-js/max";
import type { Autofill } from "../domain/autofill.ts";
import type { ResendPolicy } from "../domain/codes.ts";
import type { Profile } from "../domain/policy.ts";
import { hostUrls } from "../lib/host-urls.ts";
import type { LogLevel } from "../lib/log.ts";
import { createReader, type Environment, type Reader, unknownNames } from "./reader.ts";
import { readTls, type TlsConfig } from "./tls.ts";
import { isLoopback } from "./values.ts";
import { type StoreConfig, variables } from "./variables.ts";

/** How the server is to run: complete, checked and frozen. */
export interface Config {
  readonly listen: ListenConfig;
  /** Origins of web pages that may call; "*" for every one. */
  readonly corsOrigins: "*" | readonly string[];
  readonly store: StoreConfig;
  /** 32 bytes each: the first one is for new data. Undefined: the server makes and keeps one itself. */
  readonly masterKeys: readonly Uint8Array[] | undefined;
  /** Undefined: made at the first start. */
  readonly adminToken: string | undefined;
  readonly profile: Profile;
  /** Undefined: that of the profile. */
  readonly defaultRegion: CountryCode | undefined;
  /** What a resend does to a code that is alive. */
  readonly resend: ResendPolicy;
  readonly oidc: OidcConfig;
  readonly sms: SmsConfig;
  /** Where SMS providers reach this server, without a slash at the end. Undefined: they are asked for no receipts. */
  readonly publicUrl: string | undefined;
  readonly logLevel: LogLevel;
}

export interface ListenConfig {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly tls?: TlsConfig;
}

export interface OidcConfig {
  /** Empty: no tokens of others are accepted. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly autoProvision: boolean;
}

export type SmsConfig = {
  /** Whether a webhook may be on a private or loopback address, and use http, wherever it was configured. */
  readonly allowPrivate: boolean;
  readonly autofill: Autofill;
} & (
  | { readonly kind: "inbox" }
  | { readonly kind: "http"; readonly url: string; readonly signingKeys: readonly string[] }
);

/** The environment does not make a configuration. The message has a line for each mistake, and no secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    const count = mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`;
    super([`The environment has ${count}:`, ...mistakes.map((each) => `  ${each}`)].join("\n"));
    this.mistakes = mistakes;
  }
}

/**
 * @param env e.g. `process.env`; only names that begin with RINGBACK_ count
 * @throws ConfigError with every mistake at once
 */
export function readConfig(env: Environment): Config {
  const reader = createReader(env);
  const { read } = reader;
  const profile = read(variables.profile);
  const store = storeConfig(reader);
  const sms = smsConfig(reader, profile);
  const config: Config = {
    listen: listenConfig(reader),
    corsOrigins: read(variables.corsOrigins) ?? [],
    store,
    masterKeys: masterKeys(reader, store),
    adminToken: read(variables.adminToken),
    profile,
    defaultRegion: read(variables.defaultRegion),
    resend: read(variables.resendPolicy),
    oidc: oidcConfig(reader),
    sms,
    publicUrl: publicUrl(reader, sms),
    logLevel: read(variables.logLevel),
  };
  const mistakes = [...reader.mistakes, ...unknownNames(env)];
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return deepFreeze(config);
}

/** Those of docs/running.md. Any other would be TLS of some kind, which nobody has asked for. */
const sslModes = ["disable", "verify-full", "prefer", "require", "verify-ca", "no-verify"];

function storeConfig({ read, refuse }: Reader): StoreConfig {
  const store = read(variables.store);
  const asked = store.kind === "postgres" ? (hostUrls(store.url) ?? []) : [];
  const modes = asked.flatMap((url) => new URL(url).searchParams.getAll("sslmode"));
  if (!modes.every((mode) => sslModes.includes(mode))) {
    refuse(variables.store, `a URL whose sslmode is one of ${sslModes.join(", ")}`);
  }
  // Only a shell knows ~. A file of variables is read by none, and the data would lie in a folder of that name.
  if (store.kind === "sqlite" && /^~[^/]*\//.test(store.file)) {
    refuse(variables.store, "a path written in full: ~ is no home folder here");
  }
  // To SQLite it says what memory: says here, and it was the name of a file.
  if (store.kind === "sqlite" && store.file === ":memory:") {
    refuse(variables.store, '"memory:", without "sqlite:"');
  }
  return store;
}

function masterKeys({ read, isSet, refuse }: Reader, store: StoreConfig): readonly Uint8Array[] | undefined {
  if (store.kind === "postgres" && !isSet(variables.masterKeys)) {
    // There is no file that all replicas could read it from.
    refuse(
      variables.masterKeys,
      "set with a postgres store, to the same for every server (make a key: openssl rand -base64 32)",
    );
  }
  return read(variables.masterKeys);
}

function listenConfig(reader: Reader): ListenConfig {
  const tls = readTls(reader);
  return {
    host: reader.read(variables.host),
    port: reader.read(variables.port),
    ...(tls === undefined ? {} : { tls }),
  };
}

function oidcConfig({ read, isSet, refuse }: Reader): OidcConfig {
  if (isSet(variables.oidcIssuers) && !isSet(variables.oidcAudiences)) {
    // Otherwise a token that was made for any other service of the issuer would be good here too.
    refuse(variables.oidcAudiences, "set together with RINGBACK_OIDC_ISSUERS");
  }
  if (isSet(variables.oidcAudiences) && !isSet(variables.oidcIssuers)) {
    refuse(variables.oidcIssuers, "set together with RINGBACK_OIDC_AUDIENCE");
  }
  return {
    issuers: read(variables.oidcIssuers) ?? [],
    audiences: read(variables.oidcAudiences) ?? [],
    autoProvision: read(variables.autoProvision),
  };
}

function smsConfig({ read, isSet, refuse }: Reader, profile: Profile): SmsConfig {
  const target = read(variables.sms);
  const signingKeys = read(variables.smsSigningKeys) ?? [];
  const allowPrivate = read(variables.smsAllowPrivate);
  const autofill = autofillConfig(read(variables.smsDomains), read(variables.smsAndroidHash));
  if (target === "inbox") return { kind: "inbox", allowPrivate, autofill };
  if (target.protocol === "http:" && !allowPrivate) {
    refuse(variables.sms, "an https URL (http only with RINGBACK_SMS_ALLOW_PRIVATE=true)");
  } else if (isLoopback(target.hostname) && !allowPrivate) {
    refuse(variables.sms, "a URL outside of this machine (unless RINGBACK_SMS_ALLOW_PRIVATE=true)");
  }
  if (profile === "safe" && !isSet(variables.smsSigningKeys)) {
    refuse(
      variables.smsSigningKeys,
      `${variables.smsSigningKeys.allowed}: profile safe signs every webhook call`,
    );
  }
  return { kind: "http", url: target.href, signingKeys, allowPrivate, autofill };
}

function autofillConfig(domains: readonly string[] = [], androidHash: string | undefined): Autofill {
  return { domains, ...(androidHash === undefined ? {} : { androidHash }) };
}

function publicUrl({ read, refuse }: Reader, { allowPrivate }: SmsConfig): string | undefined {
  const url = read(variables.publicUrl);
  if (url?.startsWith("http:") && !allowPrivate) {
    refuse(variables.publicUrl, "an https URL (http only with RINGBACK_SMS_ALLOW_PRIVATE=true)");
  }
  return url;
}

function deepFreeze<T>(value: T): T {
  // The elements of a typed array cannot be frozen.
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const each of Object.values(value)) deepFreeze(each);
  return Object.freeze(value);
}
