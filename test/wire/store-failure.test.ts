import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { type Store, StoreUnavailableError } from "../../src/app/store-port.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { connectProto } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";
import { withParts } from "../support/with-parts.ts";

/** What becomes of calls while a store that servers share fails. */

const memory = openMemoryStore();
let isFailing = false;
/** When it is lost by a call with a key: once all is written, or where nobody knows whether it is. */
let lostWhen: "written" | "unknown" | undefined;
let isLost = false;
const store = withParts<Store>(memory, {
  isShared: true,
  load: async (aggregate) => {
    if (isFailing && aggregate.type === "instance") throw new StoreUnavailableError("the store is down");
    return memory.load(aggregate);
  },
  commit: async (commit) => {
    isLost = lostWhen !== undefined && commit.answer !== undefined;
    if (!isLost || lostWhen === "written") return memory.commit(commit);
    throw new StoreUnavailableError("the connection was lost", { outcome: "unknown" });
  },
  findAnswer: async (key, nowMs) => {
    if (isLost) throw new StoreUnavailableError("the store is down");
    return memory.findAnswer(key, nowMs);
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

it.each([
  ["written", { message: expect.anything() }],
  ["unknown", { error: expect.objectContaining({ message: expect.stringContaining("is not known") }) }],
] as const)("a call with a key is not told that nothing was written, where it is %s", async (when, told) => {
  const { id: userId, number: phone } = await world.user();
  const protocol = connectProto(world.url);
  lostWhen = when;
  const headers = { authorization: `Bearer ${adminToken}`, "idempotency-key": when };
  const { result } = await protocol.call(UserService.method.setPhone, { userId, phone }, headers);
  lostWhen = undefined;
  isLost = false;
  expect(result).toEqual(told);
  protocol.close();
});
