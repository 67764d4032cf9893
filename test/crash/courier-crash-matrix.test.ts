import { expect, it } from "@jest/globals";
import { runCell } from "../support/crash-matrix.ts";
import { crashPoints } from "../support/crash-points.ts";

/** A few runs of each; `node test/crash/matrix.ts` makes as many as are wanted. */
const runs = 2;

const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);

const cells = crashPoints.flatMap((point) =>
  (["idempotent", "not idempotent"] as const).map((provider) => ({ point, provider })),
);

it.each(cells)(
  `a server that is killed $point loses no message, and sends none twice that it must not: $provider (CRASH_SEED=${seed})`,
  async ({ point, provider }) => {
    const result = await runCell({ point, provider, runs, seed });
    expect(result.complaints).toEqual([]);
    expect(result.kills).toBe(runs);
    expect(result.taken).toBeGreaterThan(0);
    if (provider === "idempotent") expect(result.givenUp).toBe(0);
    else expect(result.duplicates).toBe(0);
  },
  60_000,
);
