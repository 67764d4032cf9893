import { expect, it } from "@jest/globals";
import { runStandby } from "./standby.ts";

const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);

it(`nothing acknowledged is lost when a standby takes the place of its primary (CRASH_SEED=${seed})`, async () => {
  const result = await runStandby({ seconds: 2, seed });
  expect(result.complaints).toEqual([]);
  expect(result.doneBefore).toBeGreaterThan(0);
  expect(result.callsDone).toBeGreaterThan(result.doneBefore);
  expect(result.firstDoneMs).toBeLessThan(5_000);
}, 60_000);
