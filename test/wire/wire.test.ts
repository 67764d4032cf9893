import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Profile, profiles } from "../../src/domain/policy.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { createStoreFolder } from "../support/store-folder.ts";
import { furtherProtocols } from "../support/wire-further-protocols.ts";
import { type Protocol, protocols } from "../support/wire-protocols.ts";
import { openWorld, type World } from "../support/wire-world.ts";
import { runCell } from "./cell.ts";
import { notReachable } from "./not-reachable.ts";
import { authV1 } from "./scenarios/auth-v1.ts";
import { otpSmsRegistrations } from "./scenarios/otp-sms-registrations.ts";
import { phoneV2 } from "./scenarios/phone-v2.ts";
import { ringback } from "./scenarios/ringback.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { userV2 } from "./scenarios/user-v2.ts";

/** Every scenario in every protocol: whatever the way in, the same answer and the same effect. */

const all: readonly Scenario[] = [...authV1, ...userV2, ...phoneV2, ...otpSmsRegistrations, ...ringback];
const scenariosOf = (profile: Profile): readonly Scenario[] =>
  all.filter((scenario) => scenario.profiles.includes(profile));

/** Cells by protocol. */
const cells = new Map<string, number>();

/** A scenario is one test, and its cells are told apart in what it says. */
async function runRow(world: World, scenario: Scenario, ways: readonly Protocol[]): Promise<void> {
  for (const protocol of ways) {
    cells.set(protocol.name, (cells.get(protocol.name) ?? 0) + 1);
    await runCell(world, scenario, protocol).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`over ${protocol.name}: ${reason}`, { cause });
    });
  }
}
