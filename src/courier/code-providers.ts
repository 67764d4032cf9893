import type { CodeProviders } from "../app/sms-port.ts";
import { type RandomBytes, randomShare } from "../lib/random.ts";
import type { Providers } from "./providers.ts";
import { askingOrder, routeTo } from "./routing.ts";

/**
 * The providers that make the codes themselves, among those that the settings say. Whoever would be asked first to
 * send to a number is asked for the code.
 */
export function createCodeProviders(
  providers: Pick<Providers, "routes" | "byId">,
  randomBytes: RandomBytes,
): CodeProviders {
  return {
    async generators(channel) {
      const routes = await providers.routes();
      const targets = new Set(routes.flatMap((route) => route.targets.map(({ providerId }) => providerId)));
      const checking = new Set<string>();
      const fitting = new Set<string>();
      for (const id of targets) {
        const provider = (await providers.byId(id))?.provider;
        if (provider === undefined || (channel !== undefined && provider.channel !== channel)) continue;
        fitting.add(id);
        if (provider.checkCode !== undefined) checking.add(id);
      }
      if (checking.size === 0) return () => undefined;
      return (number) => {
        const route = routeTo(routes, number);
        if (route === undefined) return undefined;
        const draws = route.targets.map(() => randomShare(randomBytes));
        const first = askingOrder(route, draws).find((id) => fitting.has(id));
        return first !== undefined && checking.has(first) ? first : undefined;
      };
    },
    async check(providerId, request) {
      const routes = await providers.routes();
      const isActive = routes.some(({ targets }) =>
        targets.some((target) => target.providerId === providerId),
      );
      const live = isActive ? await providers.byId(providerId) : undefined;
      return live?.provider.checkCode?.(request);
    },
  };
}
