import type { Config } from "./config.ts";
import { isLoopback } from "./values.ts";

/** What is fine on a laptop and not in production: a sentence for each. */
export function warnings(config: Config): string[] {
  const { listen, store, sms, oidc } = config;
  const found: string[] = [];
  if (store.kind === "memory") {
    found.push("RINGBACK_STORE is memory: - everything is lost at the end of the process.");
  }
  if (config.masterKeys === undefined) {
    found.push(
      store.kind === "memory"
        ? "RINGBACK_MASTER_KEY is not set: a key is made that ends with the process, and so do all tokens."
        : "RINGBACK_MASTER_KEY is not set: the key lies beside the data that it protects.",
    );
  }
  if (listen.tls === undefined && !isLoopback(listen.host)) {
    found.push(
      `There is no TLS on ${listen.host}, so tokens and codes can be read on the way, unless a proxy adds it.`,
    );
  }
  if (config.corsOrigins === "*") {
    found.push("RINGBACK_CORS_ORIGINS is *: scripts of every web page may call.");
  }
  if (sms.kind === "inbox") {
    found.push(
      "RINGBACK_SMS is inbox: - nothing is sent to a phone, and every code is kept in readable form.",
    );
  } else {
    if (sms.signingKeys.length === 0) {
      found.push("RINGBACK_SMS_SIGNING_KEY is not set: the webhook cannot know that a call is genuine.");
    }
    if (sms.url.startsWith("http:")) {
      found.push("RINGBACK_SMS is an http URL: codes can be read on the way to the webhook.");
    }
  }
  if (sms.allowPrivate) {
    found.push("RINGBACK_SMS_ALLOW_PRIVATE is true: a webhook may be a service of the private network.");
  }
  for (const issuer of oidc.issuers.filter((each) => each.startsWith("http:"))) {
    found.push(
      `The issuer ${issuer} is asked for its keys over http, where they can be replaced on the way.`,
    );
  }
  if (config.profile === "zitadel") {
    found.push("RINGBACK_PROFILE is zitadel: as upstream, nothing limits how often a code may be guessed.");
  }
  return found;
}
