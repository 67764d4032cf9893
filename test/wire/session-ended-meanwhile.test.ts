import { expect, it } from "@jest/globals";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import type { Settlement } from "../../src/app/outbox-port.ts";
import type { Commit } from "../../src/app/store-port.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { fakeSmsProvider } from "../support/fake-sms-provider.ts";
import { connectProto } from "../support/wire-protocols.ts";
import { adminToken, openWorld, type World } from "../support/wire-world.ts";
import { withParts } from "../support/with-parts.ts";
import { bySms, enrolled, open } from "./scenarios/session-givens.ts";

it("a session that is ended while its code is on its way stays as it is, and the message counts as sent", async () => {
  const { setSession, deleteSession } = SessionService.method;
  const settled = Promise.withResolvers<Settlement>();
  const memory = openMemoryStore();
  const store = withParts(memory, {
    async commit(commit: Commit) {
      const outcome = await memory.commit(commit);
      if (commit.settle !== undefined) settled.resolve(commit.settle);
      return outcome;
    },
    outbox: withParts(memory.outbox, {
      async settle(settlement) {
        await memory.outbox.settle(settlement);
        settled.resolve(settlement);
      },
    }),
  });
  const smsProvider = fakeSmsProvider({
    async send({ sessionId = "" }) {
      await world.asAdmin(deleteSession, { sessionId });
      return { kind: "sent" };
    },
  });
  const world: World = await openWorld("safe", { store, smsProvider });
  const protocol = connectProto(world.url);
  try {
    const { sessionId } = await open(world, await enrolled(world));
    // Not by the world's own ways: they wait until the session knows of the SMS.
    await protocol.call(
      setSession,
      { sessionId, challenges: bySms },
      { authorization: `Bearer ${adminToken}` },
    );
    expect(await settled.promise).toMatchObject({ outcome: "sent" });
    expect((await world.history.lastOf(sessionId))?.type).toBe("session.terminated");
  } finally {
    protocol.close();
    await world.close();
  }
});
