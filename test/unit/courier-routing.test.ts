import { describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { askingOrder, routeTo } from "../../src/courier/routing.ts";
import type { Route, RouteTarget } from "../../src/domain/routes.ts";

const target = (providerId: string, weight = 1, step = 1): RouteTarget => ({ providerId, weight, step });
const route = (countries: readonly string[], ...targets: readonly RouteTarget[]): Route => ({
  countries,
  targets,
});

describe("the route of a number", () => {
  const swiss = route(["CH", "LI"]);
  const american = route(["US"]);
  const other = route([]);

  it.each([
    ["+41791234567", swiss],
    ["+4236601234", swiss],
    ["+12025550123", american],
    ["+14165550123", other], // Canada shares +1
    ["+33612345678", other],
    ["+8835100012345", other], // of no country
    ["nonsense", other],
  ])("of %s is the first that leads there", (number, wanted) => {
    expect(routeTo([swiss, american, other, route(["FR"])], number)).toBe(wanted);
  });

  it("is none if no route leads there", () => {
    expect(routeTo([swiss], "+33612345678")).toBeUndefined();
    expect(routeTo([], "+33612345678")).toBeUndefined();
  });
});

describe("the order in which providers are asked", () => {
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const targets = fc.uniqueArray(
    fc.record({
      providerId: fc.string(),
      weight: fc.integer({ min: 1, max: 1_000 }),
      step: fc.integer({ min: 0, max: 3 }),
    }),
    { selector: ({ providerId }) => providerId, minLength: 1, maxLength: 6 },
  );

  it("names each once, the steps in their order, whatever is drawn", () => {
    fc.assert(
      fc.property(targets, fc.array(share, { minLength: 6, maxLength: 6 }), (all, draws) => {
        const order = askingOrder(route([], ...all), draws);
        expect(order.toSorted()).toEqual(all.map(({ providerId }) => providerId).toSorted());
        const steps = order.map((id) => all.find(({ providerId }) => providerId === id)?.step ?? NaN);
        expect(steps).toEqual(steps.toSorted((a, b) => a - b));
      }),
    );
  });

  it("draws by weight", () => {
    const thirds = route([], target("one", 1), target("two", 2), target("later", 1_000, 2));
    const steps = 200;
    const draws = Array.from({ length: steps }, (_, index) => (index + 0.5) / steps);
    const first = draws.flatMap((a) => draws.map((b) => askingOrder(thirds, [a, b, 0])[0]));
    const shareOfOne = first.filter((id) => id === "one").length / first.length;
    expect(shareOfOne).toBeCloseTo(1 / 3, 2);
    expect(first).not.toContain("later");
  });
});
