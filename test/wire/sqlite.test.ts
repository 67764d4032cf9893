import { join } from "node:path";
import { afterAll } from "@jest/globals";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { protocols } from "../support/wire-protocols.ts";
import { openWorld } from "../support/wire-world.ts";
import { lists, scenarios } from "./scenarios.ts";
import { describeTable } from "./table.ts";

/** The scenarios that the store could answer differently, on sqlite. */

const folder = await createStoreFolder();
const store = await openSqliteStore({ file: join(folder.path, "ringback.db"), log: silentLog });
const world = await openWorld("safe", { store });
// The store does not see the protocol, so one of them is enough.
const ways = protocols(world.url).filter(({ name }) => name === "gRPC");
const isList = new Set(lists);
const asked = scenarios.filter((scenario) => scenario.effect.length > 0 || isList.has(scenario));
const count = describeTable("profile safe on sqlite", world, ways, asked);

afterAll(async () => {
  await world.close();
  await folder.remove();
  console.log(count);
});
