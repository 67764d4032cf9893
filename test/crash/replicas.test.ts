import { expect, it } from "@jest/globals";
import { findBlindSpots, runReplicas } from "./replicas.ts";

/** A short one; `node test/crash/replicas.ts` runs as long as is wanted. */
const seconds = 9;

const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);

it(`replicas keep their word while they and PostgreSQL are killed (CRASH_SEED=${seed})`, async () => {
  const result = await runReplicas({
    seconds,
    replicas: 2,
    callers: 12,
    outages: 1,
    seed,
    awaitMessages: false,
  });
  expect(result.complaints).toEqual([]);
  expect(result.kills).toBeGreaterThan(0);
  expect(result.tally.done).toBeGreaterThan(seconds);
  expect(findBlindSpots(result.evidence).missed).toEqual([]);
}, 60_000);
