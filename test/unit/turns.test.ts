import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Turns } from "../../src/app/turns.ts";

describe("turns", () => {
  it("never overlap for one key, keep their order, and outlive a failure", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.constantFrom("a", "b"), fails: fc.boolean(), ticks: fc.nat(3) })),
        async (works) => {
          const turns = new Turns(1_000);
          const running = new Map<string, number>();
          const finished: { key: string; index: number }[] = [];
          const results = works.map(({ key, fails, ticks }, index) =>
            turns.take(key, async () => {
              expect(running.get(key) ?? 0).toBe(0);
              running.set(key, 1);
              for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
              running.set(key, 0);
              finished.push({ key, index });
              if (fails) throw new Error("fails");
              return index;
            }),
          );
          const settled = await Promise.allSettled(results);
          settled.forEach((result, index) => {
            expect(result.status).toBe(works[index]?.fails === true ? "rejected" : "fulfilled");
          });
          for (const key of ["a", "b"]) {
            const order = finished.filter((each) => each.key === key).map((each) => each.index);
            expect(order).toEqual(order.toSorted((x, y) => x - y));
          }
        },
      ),
    );
  });

  it("count who waits now, however long there is no pause between them", async () => {
    const turns = new Turns(2);
    let taken = 0;
    const caller = async (): Promise<void> => {
      for (let turn = 0; turn < 3_000; turn += 1) await turns.take("a", async () => void (taken += 1));
    };
    await Promise.all([caller(), caller(), caller()]);
    expect(taken).toBe(9_000);
  });

  it("refuse to let more wait than the bound allows", async () => {
    const turns = new Turns(1);
    const gate = Promise.withResolvers<void>();
    const first = turns.take("a", () => gate.promise);
    const second = turns.take("a", async () => "second");
    await expect(turns.take("a", async () => "third")).rejects.toMatchObject({
      refusal: { kind: "resource_exhausted" },
    });
    await expect(turns.take("b", async () => "other")).resolves.toBe("other");
    gate.resolve();
    await first;
    await expect(second).resolves.toBe("second");
  });
});
