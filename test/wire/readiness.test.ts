import { expect, it } from "@jest/globals";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openWorld } from "../support/wire-world.ts";
import { withParts } from "../support/with-parts.ts";

it.each([
  [true, 200],
  [false, 503],
])("a server whose store would take a write (%s) answers %i at /readyz", async (isReady, status) => {
  const store = withParts(openMemoryStore(), { isReady: async () => isReady });
  const world = await openWorld("safe", { store });
  expect((await fetch(`${world.url}/readyz`)).status).toBe(status);
  await world.close();
});
