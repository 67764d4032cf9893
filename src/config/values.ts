import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { isHostName } from "../domain/autofill.ts";
import { hostUrls } from "../lib/host-urls.ts";
import { plainUrl } from "../lib/plain-url.ts";

/**
 * Parsers of single values: text of a variable → value, undefined if it is not allowed. What is allowed
 * stands beside each variable in the table.
 */
export type Parse<T> = (text: string) => T | undefined;

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[]): Parse<T> {
  return (text) => words.find((word) => word === text);
}

export const trueOrFalse: Parse<boolean> = (text) =>
  text === "true" ? true : text === "false" ? false : undefined;

export function integer(min: number, max: number): Parse<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  };
}

export function characters(min: number, max: number, pattern = /^[^]*$/): Parse<string> {
  return (text) => (text.length >= min && text.length <= max && pattern.test(text) ? text : undefined);
}

/** Comma-separated items, white space around them ignored, repeated ones once. */
export function listOf<T>(item: Parse<T>): Parse<readonly T[]> {
  return (text) => {
    const values: T[] = [];
    for (const part of new Set(text.split(",").map((each) => each.trim()))) {
      const value = item(part);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  };
}

export const nonEmpty: Parse<string> = (text) => (text === "" ? undefined : text);

/** Not the content of a PEM file (RFC 7468 §2) in place of its name. */
export const filePath: Parse<string> = (text) => (text.includes("-----BEGIN") ? undefined : text);

/** An IP address or a host name (RFC 1123 §2.1), as a URL can have it: that is without a zone ("fe80::1%eth0"). */
export const host: Parse<string> = (text) => {
  const isAddress = isIP(text) !== 0 && !text.includes("%");
  const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
  const isName = text.length <= 253 && text.split(".").every((part) => label.test(part));
  // "1.2.3" and "256.1.1.1" are misspelled addresses rather than names.
  return isAddress || (isName && !/^[\d.]+$/.test(text)) ? text : undefined;
};

/** A host name that is no address, in the form of a URL: "münchen.example" → "xn--mnchen-3ya.example". */
export const domainName: Parse<string> = (text) => {
  const name = domainToASCII(text);
  // What is not a part of the host is cut off without a word.
  return isHostName(name) && host(name) !== undefined && isIP(name) === 0 && !/[/?#\\]/.test(text)
    ? name
    : undefined;
};

/** Exactly `bytes` bytes in base64 or base64url (RFC 4648 §4, §5), padded or not. */
export function base64Bytes(bytes: number): Parse<Uint8Array> {
  return (text) => {
    const decoded = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : undefined;
    return decoded?.length === bytes ? new Uint8Array(decoded) : undefined;
  };
}

/**
 * A key that signs what a webhook gets. Standard Webhooks uses what follows `whsec_` as base64 (RFC 4648 §4): a decoder
 * that passes over what is none would make a short key of it, or an empty one, without a word.
 */
export const webhookKey: Parse<string> = (text) => {
  const encoded = /^whsec_(.*)$/s.exec(text)?.[1];
  if (encoded === undefined) return characters(16, 512)(text);
  const bytes = Buffer.from(encoded, "base64");
  const isEncoded = bytes.toString("base64") === encoded;
  return isEncoded && bytes.length >= 16 ? characters(16, 512)(text) : undefined;
};

/** A connection URI that names one or more hosts and a database (PostgreSQL manual, 34.1.1.3). */
export const postgresUrl: Parse<string> = (text) =>
  hostUrls(text)?.every((url) => namesDatabase(new URL(url))) === true ? text : undefined;

function namesDatabase({ protocol, hostname, pathname, hash }: URL): boolean {
  const isPostgres = protocol === "postgres:" || protocol === "postgresql:";
  return isPostgres && hostname !== "" && /^\/[^/]+$/.test(pathname) && hash === "";
}

/** An http or https URL to put paths behind: without a query, and without slashes at its end. */
export const baseUrl: Parse<string> = (text) => {
  const url = text.includes("?") ? undefined : plainUrl(text);
  return url?.href.replace(/\/+$/, "");
};

/** OpenID Connect Discovery 1.0 §3: https and no query; http is for a test on one machine. */
export const oidcIssuer: Parse<string> = (text) => {
  const url = plainUrl(text);
  if (url === undefined || text.includes("?")) return undefined;
  // As it was written: `iss` is compared character by character.
  return url.protocol === "https:" || isLoopback(url.hostname) ? text : undefined;
};

/** An origin exactly as a browser sends it (RFC 6454 §6.2). */
export const webOrigin: Parse<string> = (text) => (plainUrl(text)?.origin === text ? text : undefined);

/** Whether a host, as configured or as in a URL, surely means this machine. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname === "::1" ||
    hostname === "[::1]" ||
    (isIP(hostname) === 4 && hostname.startsWith("127."))
  );
}
