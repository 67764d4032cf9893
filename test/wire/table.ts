import { afterAll, describe, it } from "@jest/globals";
import type { Protocol } from "../support/wire-protocols.ts";
import type { World } from "../support/wire-world.ts";
import { runCell } from "./cell.ts";
import type { Scenario } from "./scenarios/scenario.ts";

/**
 * A test for each scenario of the world's profile in each protocol.
 *
 * @returns a line that tells how many there are
 */
export function describeTable(
  title: string,
  world: World,
  ways: readonly Protocol[],
  scenarios: readonly Scenario[],
): string {
  const rows = scenarios.filter(({ profiles }) => profiles.includes(world.profile));
  describe(title, () => {
    afterAll(() => {
      for (const protocol of ways) protocol.close();
    });
    describe.each(rows)("$name", (scenario) => {
      it.each(waysOf(scenario, ways))("$name", (protocol) => runCell(world, scenario, protocol));
    });
  });
  const cells = rows.reduce((sum, scenario) => sum + waysOf(scenario, ways).length, 0);
  return `  ${title}: ${rows.length} scenarios × ${ways.length} protocols = ${cells} cells`;
}

function waysOf({ notOverRest }: Scenario, ways: readonly Protocol[]): readonly Protocol[] {
  return notOverRest ? ways.filter(({ name }) => name !== "REST") : ways;
}
