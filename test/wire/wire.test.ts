import { join } from "node:path";
import { afterAll } from "@jest/globals";
import { profiles } from "../../src/domain/policy.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { furtherProtocols } from "../support/wire-further-protocols.ts";
import { protocols } from "../support/wire-protocols.ts";
import { openWorld } from "../support/wire-world.ts";
import { notReachable } from "./not-reachable.ts";
import { authV1 } from "./scenarios/auth-v1.ts";
import { otpSmsRegistrations } from "./scenarios/otp-sms-registrations.ts";
import { phoneV2 } from "./scenarios/phone-v2.ts";
import { ringback } from "./scenarios/ringback.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { userV2 } from "./scenarios/user-v2.ts";
import { describeTable } from "./table.ts";

/** Every scenario in every protocol: whatever the way in, the same answer and the same effect. */

const scenarios: readonly Scenario[] = [
  ...authV1,
  ...userV2,
  ...phoneV2,
  ...otpSmsRegistrations,
  ...ringback,
];

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
// Each scenario that changes something; the store does not see the protocol, so two of them are enough.
const twoWays = protocols(onDisk.url).filter(({ name }) => name === "gRPC" || name === "REST");
const changing = scenarios.filter(({ effect }) => effect.length > 0);
counts.push(describeTable("profile safe on sqlite", onDisk, twoWays, changing));
afterAll(async () => {
  await onDisk.close();
  await folder.remove();
});

afterAll(() => {
  console.log(
    [
      `test/wire: ${scenarios.length} scenarios`,
      ...counts,
      `  ${notReachable.length} rows of the tables cannot occur here (test/wire/not-reachable.ts)`,
    ].join("\n"),
  );
});
