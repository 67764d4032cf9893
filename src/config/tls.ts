import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { errorCode } from "../lib/error-code.ts";
import type { Reader } from "./reader.ts";
import { type Variable, variables } from "./variables.ts";

/** PEM texts that fit together. */
export interface TlsConfig {
  /** The certificate, then those between it and the root. */
  readonly cert: string;
  readonly key: string;
}

/** Reads and checks both files, so that a mistake shows at the start and not at the first connection. */
export function readTls(reader: Reader): TlsConfig | undefined {
  const { isSet, refuse } = reader;
  const { tlsCert, tlsKey } = variables;
  if (!isSet(tlsCert) && !isSet(tlsKey)) return undefined;
  if (!isSet(tlsCert)) refuse(tlsCert, "set together with RINGBACK_TLS_KEY");
  if (!isSet(tlsKey)) refuse(tlsKey, "set together with RINGBACK_TLS_CERT");

  const cert = readPem(reader, tlsCert, "a certificate", (pem) => new X509Certificate(pem));
  const key = readPem(reader, tlsKey, "a private key without a passphrase", createPrivateKey);
  if (cert === undefined || key === undefined) return undefined;
  if (!cert.parsed.checkPrivateKey(key.parsed)) {
    refuse(tlsKey, "the file of the key that belongs to RINGBACK_TLS_CERT");
    return undefined;
  }
  return { cert: cert.pem, key: key.pem };
}

function readPem<T>(
  { read, refuse }: Reader,
  variable: Variable<string>,
  content: string,
  parse: (pem: string) => T,
): { readonly pem: string; readonly parsed: T } | undefined {
  const file = read(variable);
  if (file === undefined) return undefined;
  let pem;
  try {
    pem = readFileSync(file, "utf8");
  } catch (error) {
    const code = errorCode(error);
    refuse(variable, `a file that can be read${code && ` (${code})`}`);
    return undefined;
  }
  try {
    return { pem, parsed: parse(pem) };
  } catch {
    refuse(variable, `a file with ${content} in PEM`);
    return undefined;
  }
}
