import type { CodeVault } from "../app/code-vault.ts";
import type { SmsAccount, SmsProvider } from "../app/ports.ts";
import type { Settings } from "../app/settings.ts";
import { accountOf } from "../app/sms-account.ts";
import type { SmsProviderConfig } from "../domain/settings-state.ts";
import type { Log } from "../lib/log.ts";

export interface ActiveProviderOptions {
  readonly settings: Settings;
  readonly vault: CodeVault;
  readonly create: (account: SmsAccount) => SmsProvider;
  /** Sends as long as the settings name none. */
  readonly fallback: SmsProvider;
  readonly log: Log;
}

/** A provider, and what it was made of. */
interface InUse {
  readonly config: SmsProviderConfig;
  readonly provider: SmsProvider;
}

/** The provider that the settings say, at this moment. */
export class ActiveProvider {
  readonly #options: ActiveProviderOptions;
  #current: InUse | undefined;

  constructor(options: ActiveProviderOptions) {
    this.#options = options;
  }

  /** @throws Error if its secrets cannot be opened */
  async get(): Promise<SmsProvider> {
    const { settings, vault, fallback, create } = this.#options;
    const state = (await settings.find("instance"))?.state;
    const id = state?.activeSmsProviderId;
    const config = id === undefined ? undefined : state?.smsProviders[id]?.value;
    if (id === undefined || config === undefined) {
      this.#replace(undefined);
      return fallback;
    }
    if (this.#current?.config !== config) {
      this.#replace({ config, provider: create(accountOf(vault, id, config)) });
    }
    return this.#current?.provider ?? fallback;
  }

  async close(): Promise<void> {
    await Promise.all([this.#current?.provider.close(), this.#options.fallback.close()]);
  }

  /** What is being sent by the former one is sent. */
  #replace(next: InUse | undefined): void {
    const former = this.#current?.provider;
    this.#current = next;
    former?.close().catch((error: unknown) => {
      this.#options.log.warn("a former SMS provider did not close", { error });
    });
  }
}
