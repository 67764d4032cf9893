import { afterAll } from "@jest/globals";
import type { Profile } from "../../src/domain/policy.ts";
import { furtherProtocols } from "../support/wire-further-protocols.ts";
import { protocols } from "../support/wire-protocols.ts";
import { openWorld } from "../support/wire-world.ts";
import { scenarios } from "./scenarios.ts";
import { describeTable } from "./table.ts";

/** Every scenario of a profile in every protocol: whatever the way in, the same answer and the same effect. */
export async function describeProfile(profile: Profile): Promise<void> {
  const world = await openWorld(profile);
  const everyWay = scenarios.filter((scenario) => scenario.everyWay);
  const counts = [
    describeTable(`profile ${profile}`, world, protocols(world.url), scenarios),
    describeTable(`profile ${profile}, further protocols`, world, furtherProtocols(world.url), everyWay),
  ];
  afterAll(async () => {
    await world.close();
    console.log(counts.join("\n"));
  });
}
