import { afterAll, beforeAll, describe, it } from "@jest/globals";
import { profiles } from "../../src/domain/policy.ts";
import { furtherProtocols } from "../support/wire-further-protocols.ts";
import { type Protocol, protocols } from "../support/wire-protocols.ts";
import { openWorld, type World } from "../support/wire-world.ts";
import { runCell } from "./cell.ts";
import { authV1 } from "./scenarios/auth-v1.ts";
import { phoneV2 } from "./scenarios/phone-v2.ts";
import { userV2 } from "./scenarios/user-v2.ts";
import type { Scenario } from "./scenarios/scenario.ts";

/** Every scenario in every protocol: whatever the way in, the same answer and the same effect. */

const scenarios: readonly Scenario[] = [...authV1, ...userV2, ...phoneV2];

describe.each(profiles)("profile %s", (profile) => {
  let world: World;
  let ways: readonly Protocol[] = [];
  let fw: readonly Protocol[] = [];
  beforeAll(async () => {
    world = await openWorld(profile);
    ways = protocols(world.url);
    fw = furtherProtocols(world.url);
  });
  afterAll(async () => {
    for (const p of [...ways, ...fw]) p.close();
    await world.close();
  });

  for (const scenario of scenarios.filter(({ profiles: where }) => where.includes(profile))) {
    describe(scenario.name, () => {
      for (let i = 0; i < 5; i++) it(`${i}`, () => runCell(world, scenario, ways[i]!));
      if (scenario.everyWay) for (let i = 0; i < 4; i++) it(`f${i}`, () => runCell(world, scenario, fw[i]!));
    });
  }
});
