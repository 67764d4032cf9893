import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { Settlement, Store } from "../../src/app/ports.ts";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { connectProto, type Protocol } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";
import { bySms, enrolled, open, returned } from "./scenarios/session-givens.ts";

/** An SMS that waits, of a challenge that is replaced meanwhile. */

let world: World;
let protocol: Protocol;
const store = openMemoryStore();
const courierMayClaim = Promise.withResolvers<void>();
const settled = Promise.withResolvers<Settlement>();

/** The courier waits, and tells what became of the message. */
function slowStore(): Store {
  const { outbox } = store;
  return {
    load: (aggregate) => store.load(aggregate),
    findByKey: (key) => store.findByKey(key),
    findAnswer: (key, nowMs) => store.findAnswer(key, nowMs),
    findByText: (type, equality, limit) => store.findByText(type, equality, limit),
    search: (type, search) => store.search(type, search),
    replaceRows: (rows) => store.replaceRows(rows),
    dump: () => store.dump(),
    restore: (items, rows) => store.restore(items, rows),
    commit(commit) {
      if (commit.settle !== undefined) settled.resolve(commit.settle);
      return store.commit(commit);
    },
    history: (after, limit) => store.history(after, limit),
    close: () => store.close(),
    inbox: store.inbox,
    outbox: {
      async claim(...options) {
        await courierMayClaim.promise;
        return outbox.claim(...options);
      },
      async settle(settlement) {
        await outbox.settle(settlement);
        settled.resolve(settlement);
      },
      begin: (...options) => outbox.begin(...options),
      retry: (...options) => outbox.retry(...options),
      noteReceipt: (receipt) => outbox.noteReceipt(receipt),
      find: (messageId) => outbox.find(messageId),
      list: (query) => outbox.list(query),
      waiting: (...options) => outbox.waiting(...options),
      reseal: (...options) => outbox.reseal(...options),
      nextDueMs: () => outbox.nextDueMs(),
    },
  };
}

beforeAll(async () => {
  world = await openWorld("safe", { store: slowStore() });
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
