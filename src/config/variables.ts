import { type CountryCode, isSupportedCountry } from "libphonenumber-js/max";
import type { ResendPolicy } from "../domain/codes.ts";
import { profiles } from "../domain/policy.ts";
import { logLevels } from "../lib/log.ts";
import { plainUrl } from "../lib/plain-url.ts";
import {
  base64Bytes,
  baseUrl,
  characters,
  domainName,
  filePath,
  host,
  integer,
  listOf,
  nonEmpty,
  oidcIssuer,
  oneOf,
  type Parse,
  postgresUrl,
  trueOrFalse,
  webhookKey,
  webOrigin,
} from "./values.ts";

/** One variable of the environment. */
export interface Variable<T> {
  readonly name: `RINGBACK_${string}`;
  /** One sentence, for the help text. */
  readonly meaning: string;
  /** Ends the sentence "… must be". */
  readonly allowed: string;
  readonly parse: Parse<T>;
  /** What counts if the variable is not set, as it would be written; there may be none. */
  readonly default?: string;
  /** For the help text, where the default is no plain text. */
  readonly defaultShown?: string;
  /** A bad value of it must not be shown. */
  readonly isSecret?: true;
}

export type StoreConfig =
  /** The key file is for a master key that the server makes itself. */
  | { readonly kind: "sqlite"; readonly file: string; readonly keyFile: string }
  | { readonly kind: "postgres"; readonly url: string }
  | { readonly kind: "memory" };

const storeOf: Parse<StoreConfig> = (text) => {
  if (text === "memory:") return { kind: "memory" };
  const url = postgresUrl(text);
  if (url !== undefined) return { kind: "postgres", url };
  const file = /^sqlite:(.+)$/.exec(text)?.[1];
  return file === undefined ? undefined : { kind: "sqlite", file, keyFile: `${file}.key` };
};

const smsOf: Parse<"inbox" | URL> = (text) => (text === "inbox:" ? "inbox" : plainUrl(text));

const resendOf: Parse<ResendPolicy> = (text) => {
  if (text === "replace" || text === "repeat") return { kind: text };
  const count = /^last-([2-5])$/.exec(text)?.[1];
  return count === undefined ? undefined : { kind: "last", count: Number(count) };
};

const region: Parse<CountryCode> = (text) => (isSupportedCountry(text) ? text : undefined);

const anyOrigin: Parse<"*"> = oneOf(["*"]);
const webOrigins = listOf(webOrigin);

/** Every variable there is: reading, checks, defaults and help all come from this table. */
export const variables = {
  host: {
    name: "RINGBACK_HOST",
    meaning: "Address to listen on; 0.0.0.0 or :: for every one.",
    allowed: "an IP address without a zone, or a host name",
    parse: host,
    default: "127.0.0.1",
  },
  port: {
    name: "RINGBACK_PORT",
    meaning: "Port for every protocol; 0 takes a free one.",
    allowed: "a whole number from 0 to 65535",
    parse: integer(0, 65_535),
    default: "8080",
  },
  tlsCert: {
    name: "RINGBACK_TLS_CERT",
    meaning: "File of the TLS certificate chain (PEM); with RINGBACK_TLS_KEY.",
    allowed: "a file path",
    parse: filePath,
    defaultShown: "no TLS",
  },
  tlsKey: {
    name: "RINGBACK_TLS_KEY",
    meaning: "File of the private key of that certificate (PEM).",
    allowed: "a file path",
    parse: filePath,
    // It may be the key itself, put in by mistake.
    isSecret: true,
  },
  corsOrigins: {
    name: "RINGBACK_CORS_ORIGINS",
    meaning: "Web pages whose scripts may call, comma-separated; * for all.",
    allowed: 'origins like "https://app.example.com" without a path, comma-separated, or "*" alone',
    parse: (text: string) => anyOrigin(text) ?? webOrigins(text),
    defaultShown: "none",
  },
  store: {
    name: "RINGBACK_STORE",
    meaning:
      "Where everything is kept: sqlite:<file>, postgres://<database>, or memory: while the process runs.",
    allowed:
      '"sqlite:<file>", a URL like "postgres://user:password@host:5432/database" (with @ and / of a password as %40 and %2F), or "memory:"',
    parse: storeOf,
    default: "sqlite:./data/ringback.db",
  },
  masterKeys: {
    name: "RINGBACK_MASTER_KEY",
    meaning: "Keys of 32 bytes in base64, comma-separated: the first is used, the others open old data.",
    allowed: "keys of 32 bytes in base64, comma-separated (make one: openssl rand -base64 32)",
    parse: listOf(base64Bytes(32)),
    defaultShown: "a file beside the store",
    isSecret: true,
  },
  adminToken: {
    name: "RINGBACK_ADMIN_TOKEN",
    meaning: "Access token of the first administrator.",
    // No dots: three parts between two dots are read as a JSON Web Token.
    allowed: "16 to 512 characters of A-Z a-z 0-9 - _ ~ + / =",
    parse: characters(16, 512, /^[\w~+/=-]+$/),
    defaultShown: "made at the first start",
    isSecret: true,
  },
  profile: {
    name: "RINGBACK_PROFILE",
    meaning: "safe: today's security rules; zitadel: answers as ZITADEL does.",
    allowed: '"safe" or "zitadel"',
    parse: oneOf(profiles),
    default: "safe",
  },
  defaultRegion: {
    name: "RINGBACK_DEFAULT_REGION",
    meaning: "Country of phone numbers that are written without a country code.",
    allowed: 'a country code of two capital letters (ISO 3166-1), like "CH" or "GB"',
    parse: region,
    defaultShown: "safe: none, zitadel: CH",
  },
  resendPolicy: {
    name: "RINGBACK_RESEND_POLICY",
    meaning: "What a resend does: replace the code, repeat it, or keep the last 2 to 5 valid (last-3).",
    allowed: '"replace", "repeat" or "last-2" to "last-5"',
    parse: resendOf,
    default: "replace",
  },
  oidcIssuers: {
    name: "RINGBACK_OIDC_ISSUERS",
    meaning: "OpenID Connect issuers whose tokens are accepted, comma-separated.",
    allowed:
      "https URLs without query or fragment, comma-separated, each exactly as in the tokens of the issuer " +
      "(http only for localhost)",
    parse: listOf(oidcIssuer),
    defaultShown: "none",
  },
  oidcAudiences: {
    name: "RINGBACK_OIDC_AUDIENCE",
    meaning: "A token of an issuer must be meant for one of these, comma-separated.",
    allowed: "names, comma-separated, of which none is empty",
    parse: listOf(nonEmpty),
  },
  autoProvision: {
    name: "RINGBACK_AUTO_PROVISION",
    meaning: "Whether a valid token of an issuer adds the user it names.",
    allowed: '"true" or "false"',
    parse: trueOrFalse,
    default: "false",
  },
  sms: {
    name: "RINGBACK_SMS",
    meaning: "Where SMS go: inbox: keeps them here to look at; an https URL is a webhook.",
    allowed:
      '"inbox:" or an https URL without user, password and fragment; Twilio and the like are added through the API',
    parse: smsOf,
    default: "inbox:",
    // The path or the query of a webhook is often what protects it.
    isSecret: true,
  },
  smsSigningKeys: {
    name: "RINGBACK_SMS_SIGNING_KEY",
    meaning: "Keys that sign what the webhook gets, comma-separated; required with one in profile safe.",
    allowed: 'keys of 16 to 512 characters, or of "whsec_" and base64 of at least 16 bytes, comma-separated',
    parse: listOf(webhookKey),
    isSecret: true,
  },
  smsAllowPrivate: {
    name: "RINGBACK_SMS_ALLOW_PRIVATE",
    meaning: "Whether a webhook may be on a private address, and may use http.",
    allowed: '"true" or "false"',
    parse: trueOrFalse,
    default: "false",
  },
  publicUrl: {
    name: "RINGBACK_PUBLIC_URL",
    meaning: "URL of this server as SMS providers reach it, for receipts of delivery.",
    allowed: "an https URL without user, password, query and fragment",
    parse: baseUrl,
    defaultShown: "no receipts",
  },
  smsDomains: {
    name: "RINGBACK_SMS_DOMAIN",
    meaning: "Domains of the pages where codes are typed, comma-separated: browsers fill codes in there.",
    allowed: 'domain names like "login.example.com", without scheme and port, comma-separated',
    parse: listOf(domainName),
    defaultShown: "none",
  },
  smsAndroidHash: {
    name: "RINGBACK_SMS_ANDROID_HASH",
    meaning: "Hash of the Android app where codes are typed: its SMS Retriever finds them.",
    allowed: "the 11 characters of A-Z a-z 0-9 + / that the SMS Retriever calls the app's hash",
    parse: characters(11, 11, /^[A-Za-z0-9+/]+$/),
    defaultShown: "none",
  },
  logLevel: {
    name: "RINGBACK_LOG_LEVEL",
    meaning: `Least important records that are logged: ${logLevels.join(", ")}.`,
    allowed: `one of ${logLevels.join(", ")}`,
    parse: oneOf(logLevels),
    default: "info",
  },
} as const satisfies Record<string, Variable<unknown>>;
