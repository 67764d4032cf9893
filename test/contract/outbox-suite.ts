import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import type { Attempt, MessageQuery, MessageState, OutboxMessage } from "../../src/app/outbox-port.ts";
import type { Store } from "../../src/app/store-port.ts";
import { outboxMessage, settlement, userCommit } from "../support/store-commits.ts";
import type { StoreAdapter, StoreHome } from "./store-homes.ts";

/** What every outbox promises about claims, attempts and records, run on one adapter. */
export function describeOutbox({ name, createHome, persists }: StoreAdapter): void {
  describe(`outbox on ${name}`, () => {
    let home: StoreHome;
    let store: Store;

    beforeEach(async () => {
      home = await createHome();
      store = await home.open();
    });
    afterEach(() => home.remove());

    const send = (id: string, change: Partial<OutboxMessage> = {}, ofStore = store) =>
      ofStore.commit(userCommit(`commit of ${id}`, 0, { message: outboxMessage(id, change) }));
    const claimIds = async (nowMs: number, leaseMs = 1_000, limit = 10) =>
      (await store.outbox.claim(nowMs, leaseMs, limit)).map((message) => message.id);
    const claimOne = async (nowMs = 1_000) => {
      const [claimed] = await store.outbox.claim(nowMs, 1_000, 1);
      if (claimed === undefined) throw new Error("nothing is due");
      return claimed;
    };
    const open: Attempt = { providerId: "a", startedMs: 1_001 };
    const failed: Attempt = { ...open, outcome: "retry", endedMs: 1_002, reason: "busy" };

    describe("claims", () => {
      it("gives out one message of a user at a time, in their order", async () => {
        await send("m1", { userId: "u" });
        await send("m2", { userId: "u" });
        await send("m3", { userId: "other" });
        expect(await claimIds(1_000)).toEqual(["m1", "m3"]);
        expect(await claimIds(1_000)).toEqual([]);
        await store.outbox.settle(settlement("m1"));
        expect(await claimIds(1_000)).toEqual(["m2"]);
      });

      it("looks beyond the messages that have to wait for another of their user", async () => {
        await send("m1", { userId: "u" });
        expect(await claimIds(1_000)).toEqual(["m1"]);
        await send("m2", { userId: "u" });
        await send("m3", { userId: "u" });
        await send("m4", { userId: "other", createdMs: 1_001 });
        expect(await claimIds(1_001, 1_000, 1)).toEqual(["m4"]);
      });

      it("holds up no message of a user whose other one waits for its next attempt, or lost its lease", async () => {
        await send("m1", { userId: "u" });
        await send("m2", { userId: "u" });
        await store.outbox.retry(await claimOne(), 9_000, []);
        expect(await claimIds(1_000, 500)).toEqual(["m2"]);
        expect(await claimIds(9_000)).toEqual(["m2"]);
        expect(await claimIds(10_000)).toEqual(["m1"]);
      });

      it("keeps its user's others back, whatever becomes of one that lost its lease", async () => {
        for (const id of ["m1", "m2", "m3"]) await send(id, { userId: "u" });
        const late = await claimOne(1_000);
        expect(await claimOne(2_000)).toMatchObject({ id: "m2" });
        await store.outbox.begin(late, [open]);
        await store.outbox.reseal(late, "sealed again");
        expect(await claimIds(2_999)).toEqual([]);
        await store.outbox.settle(settlement("m1"));
        expect(await claimIds(2_999)).toEqual([]);
        expect(await claimIds(3_000)).toEqual(["m3"]);
      });

      it("ends when the message is claimed again, given back or settled", async () => {
        await send("m1");
        const first = await claimOne(1_000);
        const second = await claimOne(2_000);
        expect(await store.outbox.begin(first, [open])).toBe(false);
        await store.outbox.retry(first, 1_000, [failed]);
        expect(await claimIds(2_000)).toEqual([]);
        expect(await store.outbox.begin(second, [open])).toBe(true);
        await store.outbox.retry(second, 2_500, [failed]);
        expect(await store.outbox.begin(second, [open])).toBe(false);
        const third = await claimOne(2_500);
        expect(third).toMatchObject({ attempt: 3, attempts: [failed] });
        await store.outbox.settle(settlement("m1"));
        expect(await store.outbox.begin(third, [open])).toBe(false);
      });

      it("keeps what is known of the attempts, that one began included", async () => {
        await send("m1");
        expect(await store.outbox.begin(await claimOne(), [failed, open])).toBe(true);
        if (persists) {
          await store.close();
          store = await home.open();
        }
        expect(await claimOne(2_000)).toMatchObject({ attempts: [failed, open] });
      });
    });

    it("lists what waits page by page, in the order in which it is due", async () => {
      for (const id of ["m1", "m2", "m3", "m4"]) await send(id, { createdMs: id === "m2" ? 500 : 1_000 });
      const ids: string[] = [];
      let page = await store.outbox.waiting(undefined, 2);
      while (page.length > 0 && ids.length < 9) {
        ids.push(...page.map(({ id }) => id));
        page = await store.outbox.waiting(page.at(-1), 2);
      }
      expect(ids).toEqual(["m2", "m1", "m3", "m4"]);
    });

    it("seals a message again only as long as it waits, and as it was read", async () => {
      await send("m1");
      const [read] = await store.outbox.waiting(undefined, 1);
      if (read === undefined) throw new Error("nothing waits");
      expect(await store.outbox.reseal({ ...read, sealed: "another" }, "anew")).toBe(false);
      expect(await store.outbox.reseal(read, "anew")).toBe(true);
      expect(await store.outbox.reseal(read, "once more")).toBe(false);
      expect(await claimOne()).toMatchObject({ sealed: "anew" });
      await store.outbox.settle(settlement("m1"));
      expect(await store.outbox.reseal({ ...read, sealed: "anew" }, "once more")).toBe(false);
      const kept = (await Array.fromAsync(store.dump())).find(({ kind }) => kind === "message");
      expect(JSON.stringify(kept)).not.toContain("sealed");
    });

    describe("records", () => {
      const message: Partial<OutboxMessage> = {
        sessionId: "session 1",
        channel: "whatsapp",
        expiresMs: null,
      };
      const { sealed: _erased, ...plain } = outboxMessage("m1", message);

      it("tells of a message from its creation to its end", async () => {
        expect(await store.outbox.find("m1")).toBeUndefined();
        await send("m1", message);
        const queued = { ...plain, number: expect.any(Number), state: "queued", reason: "", attempts: [] };
        expect(await store.outbox.find("m1")).toEqual(queued);
        await store.outbox.begin(await claimOne(), [open]);
        expect(await store.outbox.find("m1")).toEqual({ ...queued, attempts: [open] });
        const end = {
          settledMs: 3_000,
          attempts: [failed],
          providerId: "a",
          providerMessageId: "SM1",
          encoding: "ucs2",
          segments: 2,
        } as const;
        await store.outbox.settle(settlement("m1", end));
        expect(await store.outbox.find("m1")).toEqual({ ...queued, state: "sent", ...end });
        expect(await store.outbox.list({ limit: 1 })).toEqual([{ ...queued, state: "sent", ...end }]);
      });

      it.each(["skipped", "dead"] as const)("tells why a message is %s", async (outcome) => {
        await send("m1");
        await store.outbox.settle(settlement("m1", { outcome, reason: "because" }));
        expect(await store.outbox.find("m1")).toMatchObject({ state: outcome, reason: "because" });
      });

      it("tells of a message that was settled with a commit", async () => {
        await send("m1");
        await store.commit(
          userCommit("1", 0, { settle: settlement("m1", { providerId: "a", segments: 1 }) }),
        );
        expect(await store.outbox.find("m1")).toMatchObject({ state: "sent", providerId: "a", segments: 1 });
      });
    });

    describe("receipts", () => {
      const note = (state: "sent" | "delivered" | "undelivered", atMs: number, providerId = "a") =>
        store.outbox.noteReceipt({ messageId: "m1", providerId, state, reason: `reason ${atMs}`, atMs });

      it.each(["delivered", "undelivered"] as const)(
        "takes what its provider reports, up to %s",
        async (end) => {
          await send("m1");
          expect(await note("sent", 1)).toBe(false);
          await store.outbox.settle(settlement("m1", { providerId: "a" }));
          expect(await note("delivered", 2, "b")).toBe(false);
          expect(await note("sent", 3)).toBe(true);
          expect(await store.outbox.find("m1")).toMatchObject({
            state: "sent",
            reason: "reason 3",
            receiptMs: 3,
          });
          expect(await note(end, 4)).toBe(true);
          for (const late of ["sent", "delivered", "undelivered"] as const)
            expect(await note(late, 5)).toBe(false);
          expect(await store.outbox.find("m1")).toMatchObject({
            state: end,
            reason: "reason 4",
            receiptMs: 4,
          });
        },
      );

      it.each([
        ["dead", "sent"],
        ["dead", "delivered"],
        ["skipped", "undelivered"],
      ] as const)(
        "takes of one that is %s, and that may have been sent, that it was %s",
        async (outcome, state) => {
          await send("m1");
          await store.outbox.settle(settlement("m1", { outcome, reason: "perhaps", providerId: "a" }));
          expect(await note(state, 1, "b")).toBe(false);
          expect(await note(state, 2)).toBe(true);
          expect(await store.outbox.find("m1")).toMatchObject({ state, reason: "reason 2", receiptMs: 2 });
        },
      );

      it("takes none of a message that was not sent, or is not known", async () => {
        expect(await note("delivered", 1)).toBe(false);
        await send("m1");
        await store.outbox.settle(settlement("m1", { outcome: "dead" }));
        expect(await note("delivered", 2)).toBe(false);
      });
    });

    describe("lists", () => {
      const states: readonly MessageState[] = [
        "queued",
        "sent",
        "delivered",
        "undelivered",
        "skipped",
        "dead",
      ];

      it("finds by user, recipient, state and number, the newest first", async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(
              fc.record({
                user: fc.constantFrom("1", "2"),
                to: fc.constantFrom("x", "y"),
                state: fc.constantFrom(...states),
              }),
              { maxLength: 12 },
            ),
            async (messages) => {
              await using own = await openOwn(createHome);
              for (const [index, { user, to, state }] of messages.entries()) {
                const id = `m${index}`;
                await send(id, { userId: user, recipient: to }, own.store);
                await bringTo(own.store, id, state);
              }
              const all = await own.store.outbox.list({ limit: 100 });
              expect(all.map(({ id }) => id)).toEqual(messages.map((_, index) => `m${index}`).toReversed());
              for (const query of queries(all.map(({ number }) => number))) {
                const wanted = all.filter(
                  (each) =>
                    each.userId === (query.userId ?? each.userId) &&
                    each.recipient === (query.recipient ?? each.recipient) &&
                    each.state === (query.state ?? each.state) &&
                    each.number < (query.beforeNumber ?? Infinity),
                );
                expect(await own.store.outbox.list(query)).toEqual(wanted.slice(0, query.limit));
              }
            },
          ),
          { numRuns: 10 },
        );
      });

      function* queries(numbers: readonly number[]): Generator<MessageQuery> {
        for (const userId of [undefined, "1"]) {
          for (const recipient of [undefined, "x"]) {
            for (const state of [undefined, ...states]) {
              for (const beforeNumber of [undefined, numbers[2] ?? 0]) {
                yield {
                  ...(userId === undefined ? {} : { userId }),
                  ...(recipient === undefined ? {} : { recipient }),
                  ...(state === undefined ? {} : { state }),
                  ...(beforeNumber === undefined ? {} : { beforeNumber }),
                  limit: 3,
                };
              }
            }
          }
        }
      }
    });
  });
}

/** A store of its own for one run of a property. */
async function openOwn(createHome: StoreAdapter["createHome"]) {
  const home = await createHome();
  return { store: await home.open(), [Symbol.asyncDispose]: () => home.remove() };
}

async function bringTo({ outbox }: Store, messageId: string, state: MessageState): Promise<void> {
  if (state === "queued") return;
  const isReported = state === "delivered" || state === "undelivered";
  const outcome = isReported ? "sent" : state;
  await outbox.settle(settlement(messageId, { outcome, providerId: "a" }));
  if (isReported) await outbox.noteReceipt({ messageId, providerId: "a", state, reason: "", atMs: 1 });
}
