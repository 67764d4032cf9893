import { DomainError } from "../domain/errors.ts";
import { smsProviderErrors } from "../domain/settings.ts";
import type { SmsProviderConfig } from "../domain/settings-state.ts";
import type { CodeVault } from "./code-vault.ts";
import type { SmsAccount } from "./sms-port.ts";

/** Accounts with providers, as they are stored (secrets sealed) and as they are used (secrets in plain). */

type OfKind<T, K> = Extract<T, { readonly kind: K }>;
/** An account of kind `K`, whose secrets `S` may be left out. */
type InputOf<K, S extends PropertyKey> = Omit<OfKind<SmsAccount, K>, "id" | S> & {
  /** What is left out stays as it is. */
  readonly [P in S]?: string | undefined;
};

/** An account as it is described to be stored. */
export type SmsAccountInput =
  | InputOf<"inbox", never>
  | {
      readonly kind: "http";
      readonly description: string;
      readonly endpoint: string;
      readonly signingKey?: string;
    }
  | (Omit<InputOf<"twilio", "token">, "channel"> & {
      /** Stays as it is if it is left out; SMS at first. */
      readonly channel?: OfKind<SmsAccount, "twilio">["channel"];
    })
  | InputOf<"vonage", "apiSecret" | "signatureSecret">
  | InputOf<"messagebird", "accessKey" | "signingKey">
  | InputOf<"sns", "secretAccessKey">;

/**
 * Seals the secrets.
 *
 * @param present what is changed, of the same kind
 * @throws DomainError if a secret is missing that sending needs
 */
export function configOf(
  vault: CodeVault,
  id: string,
  input: SmsAccountInput,
  present?: SmsProviderConfig,
): SmsProviderConfig {
  const optional = (secret: string | undefined, before: string | undefined): string =>
    secret === undefined ? (before ?? "") : secret && vault.seal(id, secret);
  const required = (field: string, secret: string | undefined, before: string | undefined): string => {
    const sealed = optional(secret, before);
    if (sealed === "") throw new DomainError(smsProviderErrors.secretMissing, { field });
    return sealed;
  };

  switch (input.kind) {
    case "inbox":
      return input;
    case "http": {
      const { sealedSigningKey, ...before } = ofKind(present, "http") ?? {};
      const { signingKey, ...account } = input;
      return {
        ...before,
        ...account,
        sealedSigningKey: required("signing_key", signingKey, sealedSigningKey),
      };
    }
    case "twilio": {
      const before = ofKind(present, "twilio");
      const { token, channel = before?.channel, ...account } = input;
      return {
        ...account,
        sealedToken: required("token", token, before?.sealedToken),
        ...(channel === undefined || channel === "sms" ? {} : { channel }),
      };
    }
    case "vonage": {
      const before = ofKind(present, "vonage");
      const { apiSecret, signatureSecret, ...account } = input;
      return {
        ...account,
        sealedApiSecret: required("api_secret", apiSecret, before?.sealedApiSecret),
        sealedSignatureSecret: optional(signatureSecret, before?.sealedSignatureSecret),
      };
    }
    case "messagebird": {
      const before = ofKind(present, "messagebird");
      const { accessKey, signingKey, ...account } = input;
      return {
        ...account,
        sealedAccessKey: required("access_key", accessKey, before?.sealedAccessKey),
        sealedSigningKey: optional(signingKey, before?.sealedSigningKey),
      };
    }
    case "sns": {
      const before = ofKind(present, "sns");
      const { secretAccessKey, ...account } = input;
      return {
        ...account,
        sealedSecretAccessKey: required("secret_access_key", secretAccessKey, before?.sealedSecretAccessKey),
      };
    }
  }
}

/** Opens the secrets. @throws Error if they are sealed with a key that is gone */
export function accountOf(vault: CodeVault, id: string, config: SmsProviderConfig): SmsAccount {
  const open = (sealed: string): string => sealed && vault.open(id, sealed);
  switch (config.kind) {
    case "inbox":
      return { ...config, id };
    case "http": {
      const { kind, description, endpoint: url, sealedSigningKey, formerSigningKey: former } = config;
      const signingKeys = [
        { key: open(sealedSigningKey), expiresMs: null },
        ...(former === undefined ? [] : [{ key: open(former.sealed), expiresMs: former.expiresMs }]),
      ];
      return { kind, id, description, url, signingKeys };
    }
    case "twilio": {
      const { sealedToken, channel = "sms", ...account } = config;
      return { ...account, id, channel, token: open(sealedToken) };
    }
    case "vonage": {
      const { sealedApiSecret, sealedSignatureSecret, ...account } = config;
      const [apiSecret, signatureSecret] = [open(sealedApiSecret), open(sealedSignatureSecret)];
      return { ...account, id, apiSecret, signatureSecret };
    }
    case "messagebird": {
      const { sealedAccessKey, sealedSigningKey, ...account } = config;
      return { ...account, id, accessKey: open(sealedAccessKey), signingKey: open(sealedSigningKey) };
    }
    case "sns": {
      const { sealedSecretAccessKey, ...account } = config;
      return { ...account, id, secretAccessKey: open(sealedSecretAccessKey) };
    }
  }
}

/** The same account, its secrets encrypted with the current key. @throws Error as above */
export function resealed(vault: CodeVault, id: string, config: SmsProviderConfig): SmsProviderConfig {
  const again = (sealed: string): string => sealed && vault.reseal(id, sealed);
  switch (config.kind) {
    case "inbox":
      return config;
    case "http": {
      const { sealedSigningKey, formerSigningKey: former } = config;
      return {
        ...config,
        sealedSigningKey: again(sealedSigningKey),
        ...(former === undefined ? {} : { formerSigningKey: { ...former, sealed: again(former.sealed) } }),
      };
    }
    case "twilio":
      return { ...config, sealedToken: again(config.sealedToken) };
    case "vonage": {
      const { sealedApiSecret, sealedSignatureSecret } = config;
      return {
        ...config,
        sealedApiSecret: again(sealedApiSecret),
        sealedSignatureSecret: again(sealedSignatureSecret),
      };
    }
    case "messagebird": {
      const { sealedAccessKey, sealedSigningKey } = config;
      return {
        ...config,
        sealedAccessKey: again(sealedAccessKey),
        sealedSigningKey: again(sealedSigningKey),
      };
    }
    case "sns":
      return { ...config, sealedSecretAccessKey: again(config.sealedSecretAccessKey) };
  }
}

function ofKind<K extends SmsProviderConfig["kind"]>(
  config: SmsProviderConfig | undefined,
  kind: K,
): OfKind<SmsProviderConfig, K> | undefined {
  return config !== undefined && isOfKind(config, kind) ? config : undefined;
}

export function isOfKind<K extends SmsProviderConfig["kind"]>(
  config: SmsProviderConfig,
  kind: K,
): config is OfKind<SmsProviderConfig, K> {
  return config.kind === kind;
}
