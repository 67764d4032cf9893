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
import { Breaker, messagesPerProvider } from "./breaker.ts";

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

/** For messages in the hands of the courier. */
export interface Room {
  readonly messages: number;
  readonly fromMs: number;
}

/** Of slow providers, one less than this hold up no other. */
const sharesMax = 8;

/** A provider that can be asked. */
export interface LiveProvider {
  readonly id: string;
  readonly provider: SmsProvider;
  readonly breaker: Breaker;
}

/** Whether it makes and checks the codes itself: it cannot send ours, and what it sends is not our text. */
export function makesCodes({ provider }: LiveProvider): boolean {
  return provider.checkCode !== undefined;
}

/** The providers and routes as the settings said at one moment. */
export interface ProvidersInForce {
  /** The first that fits a number counts. Without any, all goes to the active provider, or to the configured one. */
  readonly routes: readonly Route[];
  /** Those that can be asked: their secrets can be opened. */
  readonly byId: ReadonlyMap<string, LiveProvider>;
  /** Those of them that a route names. */
  readonly routed: readonly LiveProvider[];
}

/** A provider of the settings. */
interface Made {
  /** What it was made of. */
  readonly config: SmsProviderConfig;
  /** Undefined if it cannot be made. */
  readonly live: LiveProvider | undefined;
}

/** The providers and routes that the settings say. */
export class Providers {
  readonly #options: ProvidersOptions;
  readonly #fallback: LiveProvider;
  #made: ReadonlyMap<string, Made> = new Map();
  #state: SettingsState | undefined;
  #current: ProvidersInForce;

  constructor(options: ProvidersOptions) {
    this.#options = options;
    this.#fallback = this.#live(fallbackId, options.fallback);
    this.#current = this.#inForce();
  }

  /** As the settings say at this moment. */
  current(): MaybePromise<ProvidersInForce> {
    return chain(this.#options.settings.find("instance"), (found) => {
      this.#follow(found?.state);
      return this.#current;
    });
  }

  /**
   * How many messages are worth having in hand, and from when on. While all providers are left alone it is one, to see
   * whether one is back; else what each that is asked first can have, so that a slow one does not hold up the others.
   */
  async room(): Promise<Room> {
    const { routes, routed, byId } = await this.current();
    const rests = routed.flatMap(({ breaker }) => breaker.restsUntilMs ?? []);
    if (routed.length > 0 && rests.length === routed.length)
      return { messages: 1, fromMs: Math.min(...rests) };
    const first = new Set(routes.flatMap((route) => askedFirst(route, byId)));
    // Where there are none, whoever has a message in hand finds out, and ends it.
    const shares = Math.min(Math.max(1, first.size), sharesMax);
    return { messages: shares * messagesPerProvider, fromMs: 0 };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#current.byId.values()].map(({ provider }) => provider.close()));
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

  /** Makes what was added or changed, and lets go of what was changed or removed. What is being sent by it is sent. */
  #follow(state: SettingsState | undefined): void {
    if (state === this.#state) return;
    const former = this.#made;
    const made = new Map<string, Made>();
    for (const [id, { value: config }] of Object.entries(state?.smsProviders ?? {})) {
      const present = former.get(id);
      // Where servers share a store, what did not change was parsed anew.
      const isSame = present !== undefined && sameData(present.config, config);
      made.set(id, isSame ? present : { config, live: this.#make(id, config) });
    }
    this.#state = state;
    this.#made = made;
    this.#current = this.#inForce();
    for (const [id, each] of former) {
      if (made.get(id) === each) continue;
      each.live?.provider.close().catch((error: unknown) => {
        this.#options.log.warn("a former SMS provider did not close", { providerId: id, error });
      });
    }
  }

  #inForce(): ProvidersInForce {
    const routes = routesOf(this.#state);
    const made = [...this.#made.values()].map(({ live }) => live).filter((live) => live !== undefined);
    const all = [this.#fallback, ...made];
    const named = new Set(routes.flatMap(({ targets }) => targets.map(({ providerId }) => providerId)));
    return {
      routes,
      byId: new Map(all.map((live) => [live.id, live])),
      routed: all.filter(({ id }) => named.has(id)),
    };
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

function routesOf(state: SettingsState | undefined): readonly Route[] {
  const { smsRoutes, activeSmsProviderId = fallbackId } = state ?? {};
  if (smsRoutes !== undefined && smsRoutes.value.length > 0) return smsRoutes.value;
  return [{ countries: [], targets: [{ providerId: activeSmsProviderId, weight: 1, step: 1 }] }];
}

interface Awake {
  readonly live: LiveProvider;
  readonly step: number;
}

/** The providers of a route that need not wait for another one by the same channel to fail. */
function askedFirst({ targets }: Route, byId: ProvidersInForce["byId"]): readonly LiveProvider[] {
  const awake = targets.flatMap(({ providerId, step }): Awake | [] => {
    const live = byId.get(providerId);
    return live === undefined || live.breaker.restsUntilMs !== undefined ? [] : { live, step };
  });
  const isBefore = (other: Awake, { live, step }: Awake): boolean =>
    other.step < step && other.live.provider.channel === live.provider.channel;
  return awake.filter((one) => !awake.some((other) => isBefore(other, one))).map(({ live }) => live);
}
