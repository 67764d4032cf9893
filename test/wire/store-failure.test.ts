import { afterAll, afterEach, beforeAll, expect, it } from "@jest/globals";
import { DeliveryService } from "../../gen/ringback/delivery/v1/delivery_service_pb.js";
import { AdminService } from "../../gen/zitadel/admin/v1/admin_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { type CommitOutcome, type Store, StoreUnavailableError } from "../../src/app/store-port.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { connectProto } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";
import { withParts } from "../support/with-parts.ts";

/** What becomes of calls while a store that servers share fails. */

const memory = openMemoryStore();
let isFailing = false;
/** When it begins to fail: at the next commit, once that is written, or where nobody knows whether it is. */
let failsWhen: "written" | "unknown" | undefined;
/** Of every commit. */
let refusal: CommitOutcome | undefined;
const store = withParts<Store>(memory, {
  isShared: true,
  load: async (aggregate) => {
    if (isFailing && aggregate.type === "instance") throw new StoreUnavailableError("the store is down");
    return memory.load(aggregate);
  },
  commit: async (commit) => {
    if (refusal !== undefined) return refusal;
    const isKnown = failsWhen !== "unknown";
    if (failsWhen !== undefined) isFailing = true;
    failsWhen = undefined;
    if (isKnown) return memory.commit(commit);
    throw new StoreUnavailableError("the connection was lost", { outcome: "unknown" });
  },
  findAnswer: async (key, nowMs) => {
    if (isFailing) throw new StoreUnavailableError("the store is down");
    return memory.findAnswer(key, nowMs);
  },
});

let world: World;

beforeAll(async () => {
  world = await openWorld("safe", { store });
});
afterEach(() => {
  isFailing = false;
  refusal = undefined;
});
afterAll(() => world.close());

it("a call that makes a code is refused, and nothing of it is left that would end the process", async () => {
  const { id } = await world.user();
  isFailing = true;
  // A rejection that nobody handles would fail this file.
  const refused = world.asAdmin(UserService.method.setPhone, { userId: id, phone: "+41791234567" });
  await expect(refused).rejects.toThrow("The store is not available, and nothing was written");
});

it.each([
  ["written", { message: expect.anything() }],
  ["unknown", { error: expect.objectContaining({ message: expect.stringContaining("is not known") }) }],
] as const)("a call with a key is not told that nothing was written, where it is %s", async (when, told) => {
  const { id: userId, number: phone } = await world.user();
  const protocol = connectProto(world.url);
  failsWhen = when;
  const headers = { authorization: `Bearer ${adminToken}`, "idempotency-key": when };
  const { result } = await protocol.call(UserService.method.setPhone, { userId, phone }, headers);
  expect(result).toEqual(told);
  protocol.close();
});

it("routes that are written are not told to be not written, where they cannot be read", async () => {
  const config = { case: "inbox", value: {} } as const;
  const { id: providerId } = await world.asAdmin(DeliveryService.method.addProvider, { config });
  failsWhen = "written";
  const routes = [{ targets: [{ providerId, weight: 1 }] }];
  const set = world.asAdmin(DeliveryService.method.setRoutes, { routes });
  expect(await set).toMatchObject({ changeTime: expect.anything() });
});

it("a text that is written is not told to be not written, where nobody can look up what it takes", async () => {
  failsWhen = "written";
  const { setDefaultVerifySMSOTPMessageText: method } = AdminService.method;
  const set = world.asAdmin(method, { language: "en", text: "{{.OTP}}" });
  expect(await set).toMatchObject({ details: expect.anything() });
});

it.each([
  ["outbox_full", "RINGBACK-q0fu1"],
  ["answers_full", "RINGBACK-a4Ful"],
  ["answered", "RINGBACK-a4Dne"],
] as const)("a call is told why the store refuses it: %s", async (kind, errorId) => {
  const { id } = await world.user();
  refusal = { kind };
  const refused = world.asAdmin(UserService.method.setPhone, { userId: id, phone: "+41791234567" });
  await expect(refused).rejects.toThrow(errorId);
});
