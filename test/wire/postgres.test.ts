import { afterAll } from "@jest/globals";
import { silentLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { startPostgres, stopPostgres } from "../support/postgres.ts";
import { protocols } from "../support/wire-protocols.ts";
import { openWorld } from "../support/wire-world.ts";
import { lists, scenarios } from "./scenarios.ts";
import { describeTable } from "./table.ts";

/** The scenarios that the store could answer differently, on PostgreSQL. */

const database = await (await startPostgres()).createDatabase();
const store = await openPostgresStore({ url: database.url, log: silentLog });
const world = await openWorld("safe", { store });
// The store does not see the protocol, so one of them is enough.
const ways = protocols(world.url).filter(({ name }) => name === "gRPC");
const isList = new Set(lists);
const asked = scenarios.filter((scenario) => scenario.effect.length > 0 || isList.has(scenario));
const count = describeTable("profile safe on postgres", world, ways, asked);

afterAll(async () => {
  await world.close();
  await stopPostgres();
  console.log(count);
});
