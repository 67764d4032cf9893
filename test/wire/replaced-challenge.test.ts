import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { Settlement } from "../../src/app/outbox-port.ts";
import type { Commit } from "../../src/app/store-port.ts";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { connectProto, type Protocol } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";
import { withParts } from "../support/with-parts.ts";
import { bySms, enrolled, open, returned } from "./scenarios/session-givens.ts";

/** An SMS that waits, of a challenge that is replaced meanwhile. */

let world: World;
let protocol: Protocol;
const store = openMemoryStore();
const courierMayClaim = Promise.withResolvers<void>();
const settled = Promise.withResolvers<Settlement>();

/** The courier waits, and tells what became of the message. */
const slowStore = withParts(store, {
  commit(commit: Commit) {
    if (commit.settle !== undefined) settled.resolve(commit.settle);
    return store.commit(commit);
  },
  outbox: withParts(store.outbox, {
    async claim(...options) {
      await courierMayClaim.promise;
      return store.outbox.claim(...options);
    },
    async settle(settlement) {
      await store.outbox.settle(settlement);
      settled.resolve(settlement);
    },
  }),
});

beforeAll(async () => {
  world = await openWorld("safe", { store: slowStore });
  protocol = connectProto(world.url);
});
afterAll(async () => {
  protocol.close();
  await world.close();
});

it("is not sent once the challenge was replaced by one whose code is returned", async () => {
  const { setSession } = SessionService.method;
  const { sessionId, number } = await open(world, await enrolled(world));
  const headers = { authorization: `Bearer ${adminToken}` };
  // Not by the world's own ways: they wait for the SMS.
  await protocol.call(setSession, { sessionId, challenges: bySms }, headers);
  const { result } = await protocol.call(setSession, { sessionId, challenges: returned }, headers);
  if ("error" in result) throw new Error(result.error.message);
  const code = result.message.challenges?.otpSms ?? "";

  courierMayClaim.resolve();

  expect(await settled.promise).toMatchObject({
    outcome: "skipped",
    reason: expect.stringContaining("replaced"),
  });
  await expect(world.lastMessage(number)).rejects.toThrow("no SMS");
  const checked = await protocol.call(setSession, { sessionId, checks: { otpSms: { code } } }, headers);
  expect(checked.result).toHaveProperty("message");
  const events = await store.history(0, 1_000);
  expect(events.map(({ type }) => type)).not.toContain("session.otp.sms.sent");
});
