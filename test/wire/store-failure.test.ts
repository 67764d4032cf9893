import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { type Store, StoreUnavailableError } from "../../src/app/store-port.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { openWorld, type World } from "../support/wire-world.ts";
import { withParts } from "../support/with-parts.ts";

/** What becomes of calls while a store that servers share fails. */

const memory = openMemoryStore();
let isFailing = false;
const store = withParts<Store>(memory, {
  isShared: true,
  load: async (aggregate) => {
    if (isFailing && aggregate.type === "instance") throw new StoreUnavailableError("the store is down");
    return memory.load(aggregate);
  },
});

let world: World;

beforeAll(async () => {
  world = await openWorld("safe", { store });
});
afterAll(() => world.close());

it("a call that makes a code is refused, and nothing of it is left that would end the process", async () => {
  const { id } = await world.user();
  isFailing = true;
  // A rejection that nobody handles would fail this file.
  const refused = world.asAdmin(UserService.method.setPhone, { userId: id, phone: "+41791234567" });
  await expect(refused).rejects.toThrow("The store is not available, and nothing was written");
  isFailing = false;
});
