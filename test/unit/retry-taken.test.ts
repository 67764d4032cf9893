import { expect, it } from "@jest/globals";
import { retryTaken, taken } from "../../src/app/repository.ts";

it("who loses to others tries again", async () => {
  let losses = 10;
  expect(await retryTaken(async () => (losses-- > 0 ? taken : "written"))).toBe("written");
});

it("who loses every time is told that nothing was written", async () => {
  await expect(retryTaken(async () => taken)).rejects.toMatchObject({
    name: "StoreUnavailableError",
    outcome: "nothing",
  });
});
