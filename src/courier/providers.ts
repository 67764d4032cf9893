import type { CodeVault } from "../app/code-vault.ts";
import type { SmsAccount, SmsProvider } from "../app/sms-port.ts";
import type { Settings } from "../app/settings.ts";
import { accountOf } from "../app/sms-account.ts";
import type { Route } from "../domain/routes.ts";
import type { SettingsState, SmsProviderConfig } from "../domain/settings-state.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { chain, type MaybePromise } from "../lib/maybe-promise.ts";
import { sameData } from "../lib/same-data.ts";
import { Breaker } from "./breaker.ts";

/** The id of the provider that the configuration names. */
export const fallbackId = "default";

export interface ProvidersOptions {
  readonly settings: Settings;
  readonly vault: CodeVault;
  readonly create: (account: SmsAccount) => SmsProvider;
  /** Sends as long as the settings name none. */
  readonly fallback: SmsProvider;
  readonly clock: Clock;
  readonly log: Log;
}

/** A provider that can be asked. */
export interface LiveProvider {
  readonly id: string;
  readonly provider: SmsProvider;
  readonly breaker: Breaker;
}

interface InUse {
  /** What it was made of. */
  readonly config: SmsProviderConfig;
  /** Undefined if it cannot be made. */
  readonly live: LiveProvider | undefined;
}

/** The providers and routes that the settings say, at this moment. */
export class Providers {
  readonly #options: ProvidersOptions;
  readonly #fallback: LiveProvider;
  readonly #inUse = new Map<string, InUse>();
  #state: SettingsState | undefined;
  #routes = routesOf(undefined);

  constructor(options: ProvidersOptions) {
    this.#options = options;
    this.#fallback = this.#live(fallbackId, options.fallback);
  }

  /** The first that fits a number counts. Without any, all goes to the active provider, or to the configured one. */
  routes(): MaybePromise<readonly Route[]> {
    return chain(this.#refresh(), () => this.#routes);
  }

  /** @returns undefined if there is none, or its secrets cannot be opened */
  byId(id: string): MaybePromise<LiveProvider | undefined> {
    return chain(this.#refresh(), () => this.#byId(id));
  }

  /** Undefined while any provider of a route takes messages; else when it is worth trying one. */
  async restsUntilMs(): Promise<number | undefined> {
    await this.#refresh();
    let earliestMs: number | undefined;
    for (const { targets } of this.#routes) {
      for (const { providerId } of targets) {
        const live = this.#byId(providerId);
        if (live === undefined) continue;
        const untilMs = live.breaker.restsUntilMs;
        if (untilMs === undefined) return undefined;
        earliestMs = Math.min(untilMs, earliestMs ?? untilMs);
      }
    }
    return earliestMs;
  }

  async close(): Promise<void> {
    const all = [this.#fallback, ...[...this.#inUse.values()].map(({ live }) => live)];
    await Promise.all(all.map((live) => live?.provider.close()));
  }

  #byId(id: string): LiveProvider | undefined {
    if (id === fallbackId) return this.#fallback;
    const config = this.#state?.smsProviders[id]?.value;
    if (config !== undefined && !this.#inUse.has(id))
      this.#inUse.set(id, { config, live: this.#make(id, config) });
    return this.#inUse.get(id)?.live;
  }

  #make(id: string, config: SmsProviderConfig): LiveProvider | undefined {
    const { create, vault, log } = this.#options;
    try {
      return this.#live(id, create(accountOf(vault, id, config)));
    } catch (error) {
      log.error("an SMS provider cannot be used; was a master key removed?", { providerId: id, error });
      return undefined;
    }
  }

  /** Lets go of what was changed or removed. What is being sent by it is sent. */
  #refresh(): MaybePromise<void> {
    return chain(this.#options.settings.find("instance"), (found) => this.#follow(found?.state));
  }

  #follow(state: SettingsState | undefined): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#routes = routesOf(state);
    for (const [id, { config, live }] of this.#inUse) {
      const now = state?.smsProviders[id]?.value;
      // Where servers share a store it was parsed anew.
      if (now !== undefined && sameData(now, config)) continue;
      this.#inUse.delete(id);
      live?.provider.close().catch((error: unknown) => {
        this.#options.log.warn("a former SMS provider did not close", { providerId: id, error });
      });
    }
  }

  #live(id: string, provider: SmsProvider): LiveProvider {
    const { clock, log } = this.#options;
    const breaker = new Breaker(clock, (isOpen) => {
      const fields = { providerId: id, provider: provider.name };
      if (isOpen) log.warn("an SMS provider fails, and is left alone for a while", fields);
      else log.info("an SMS provider works again", fields);
    });
    return { id, provider, breaker };
  }
}

/** Another array with every change of the settings. */
function routesOf(state: SettingsState | undefined): readonly Route[] {
  const { smsRoutes, activeSmsProviderId = fallbackId } = state ?? {};
  if (smsRoutes !== undefined && smsRoutes.value.length > 0) return [...smsRoutes.value];
  return [{ countries: [], targets: [{ providerId: activeSmsProviderId, weight: 1, step: 1 }] }];
}
