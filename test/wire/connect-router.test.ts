import { afterAll } from "@jest/globals";
import { protocols } from "../support/wire-protocols.ts";
import { openWorld } from "../support/wire-world.ts";
import { scenarios } from "./scenarios.ts";
import { describeTable } from "./table.ts";

/** The same table with Connect's own router in the place of the unary path: nobody can tell them apart. */

const world = await openWorld("safe", { unaryPath: false });
// REST has but one way.
const ways = protocols(world.url).filter(({ name }) => name !== "REST");
const count = describeTable("profile safe, by Connect's router", world, ways, scenarios);

afterAll(async () => {
  await world.close();
  console.log(count);
});
