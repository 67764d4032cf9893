import { countryOf } from "../domain/phone-number.ts";
import type { Route, RouteTarget } from "../domain/routes.ts";
import { type RandomBytes, randomShare } from "../lib/random.ts";
import type { LiveProvider, ProvidersInForce } from "./providers.ts";

/**
 * The providers that can be asked to send to a number, in an order that is drawn for it.
 *
 * @returns undefined if no route leads to its country
 */
export function drawProviders(
  { routes, byId }: ProvidersInForce,
  number: string,
  randomBytes: RandomBytes,
): readonly LiveProvider[] | undefined {
  const route = routeTo(routes, number);
  if (route === undefined) return undefined;
  const draws = route.targets.map(() => randomShare(randomBytes));
  return askingOrder(route, draws).flatMap((id) => byId.get(id) ?? []);
}

/** The first route that leads to the country of the number; undefined if none does. */
export function routeTo(routes: readonly Route[], number: string): Route | undefined {
  const country = countryOf(number);
  return routes.find(
    ({ countries }) => countries.length === 0 || (country !== undefined && countries.includes(country)),
  );
}

/**
 * The providers of a route in the order in which they are asked: step by step, and within a step drawn without
 * putting back, each by its share of the weight that is left (Efraimidis and Spirakis 2006, algorithm A).
 *
 * @param draws a number for each target, evenly from 0 to 1, without 1
 */
export function askingOrder({ targets }: Route, draws: readonly number[]): readonly string[] {
  const arrivals = targets.map((target, index) => ({ target, at: arrivalOf(target, draws[index] ?? 0) }));
  return arrivals
    .toSorted((one, other) => one.target.step - other.target.step || one.at - other.at)
    .map(({ target }) => target.providerId);
}

/** When an event comes that happens `weight` times in a unit of time: the first of several is drawn by weight. */
function arrivalOf({ weight }: RouteTarget, draw: number): number {
  return -Math.log(1 - draw) / weight;
}
