import { join } from "node:path";
import { afterAll } from "@jest/globals";
import { profiles } from "../../src/domain/policy.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { furtherProtocols } from "../support/wire-further-protocols.ts";
import { protocols } from "../support/wire-protocols.ts";
import { openWorld } from "../support/wire-world.ts";
import { settingsScenarios as scenarios } from "./scenarios.ts";
import { describeTable } from "./table.ts";

/** Scenarios that change settings of the whole instance: in worlds where nothing else depends on them. */

const counts: string[] = [];

for (const profile of profiles) {
  const world = await openWorld(profile);
  counts.push(
    describeTable(`profile ${profile}`, world, protocols(world.url), scenarios),
    describeTable(
      `profile ${profile}, further protocols`,
      world,
      furtherProtocols(world.url),
      scenarios.filter(({ everyWay }) => everyWay),
    ),
  );
  afterAll(() => world.close());
}

const folder = await createStoreFolder();
const store = await openSqliteStore({ file: join(folder.path, "ringback.db"), log: silentLog });
const onDisk = await openWorld("safe", { store });
// Each scenario that changes something; the store does not see the protocol, so one of them is enough.
const oneWay = protocols(onDisk.url).filter(({ name }) => name === "gRPC");
const changing = scenarios.filter(({ effect }) => effect.length > 0);
counts.push(describeTable("profile safe on sqlite", onDisk, oneWay, changing));
afterAll(async () => {
  await onDisk.close();
  await folder.remove();
});

afterAll(() => {
  console.log([`test/wire, settings: ${scenarios.length} scenarios`, ...counts].join("\n"));
});
