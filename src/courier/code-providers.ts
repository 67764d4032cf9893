import type { Channel, CheckCode, CodeCheckResult, CodeProviders } from "../app/sms-port.ts";
import type { GeneratorOf } from "../domain/decision.ts";
import type { Route } from "../domain/routes.ts";
import type { RandomBytes } from "../lib/random.ts";
import type { Log } from "../lib/log.ts";
import { randomShare } from "../lib/random.ts";
import { chain } from "../lib/maybe-promise.ts";
import type { LiveProvider, Providers } from "./providers.ts";
import { askingOrder, routeTo } from "./routing.ts";

const noGenerator: GeneratorOf = () => undefined;

/**
 * The providers that make the codes themselves, among those that the settings say. Whoever would be asked first to
 * send to a number is asked for the code.
 */
export function createCodeProviders(
  providers: Pick<Providers, "routes" | "byId">,
  randomBytes: RandomBytes,
  log: Log,
): CodeProviders {
  let isCheckedFor: readonly Route[] | undefined;
  let hasGenerators = false;

  /** The providers of some routes that fit a channel. */
  async function fittingOf(
    routes: readonly Route[],
    channel: Channel | undefined,
  ): Promise<ReadonlyMap<string, LiveProvider>> {
    const ids = new Set(routes.flatMap(({ targets }) => targets.map(({ providerId }) => providerId)));
    const found = await Promise.all([...ids].map((id) => providers.byId(id)));
    const fitting = found
      .filter((live) => live !== undefined)
      .filter(({ provider }) => channel === undefined || provider.channel === channel);
    return new Map(fitting.map((live) => [live.id, live]));
  }

  async function generatorsOf(routes: readonly Route[], channel: Channel | undefined): Promise<GeneratorOf> {
    const all = await fittingOf(routes, undefined);
    isCheckedFor = routes;
    hasGenerators = [...all.values()].some(makesCodes);
    if (!hasGenerators) return noGenerator;
    const fitting = await fittingOf(routes, channel);
    return (number) => {
      const route = routeTo(routes, number);
      if (route === undefined) return undefined;
      const draws = route.targets.map(() => randomShare(randomBytes));
      const first = askingOrder(route, draws).find((id) => fitting.has(id));
      const live = first === undefined ? undefined : fitting.get(first);
      return live !== undefined && makesCodes(live) ? live.id : undefined;
    };
  }

  return {
    // Every call that makes a code asks this, and most servers have no such provider.
    generators: (channel) =>
      chain(providers.routes(), (routes) =>
        routes === isCheckedFor && !hasGenerators ? noGenerator : generatorsOf(routes, channel),
      ),
    async check(providerId, request) {
      const routes = await providers.routes();
      const isActive = routes.some(({ targets }) =>
        targets.some((target) => target.providerId === providerId),
      );
      const live = isActive ? await providers.byId(providerId) : undefined;
      const result = live && (await askWhether(live, request));
      if (result?.kind === "unavailable") {
        log.warn("a code could not be checked", { providerId, reason: result.reason });
      }
      return result;
    },
  };
}

/** @returns undefined if the provider does not check codes */
async function askWhether(
  { provider, breaker }: LiveProvider,
  request: Parameters<CheckCode>[0],
): Promise<CodeCheckResult | undefined> {
  const checkCode = provider.checkCode?.bind(provider);
  if (checkCode === undefined) return undefined;
  const leftAlone = { kind: "unavailable", reason: "too many of its calls fail, or wait" } as const;
  return (await breaker.run(() => checkCode(request))) ?? leftAlone;
}

function makesCodes({ provider }: LiveProvider): boolean {
  return provider.checkCode !== undefined;
}
