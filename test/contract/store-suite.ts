import { afterAll, afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import type { InboxMessage, InboxQuery } from "../../src/app/inbox-port.ts";
import { StoreUnavailableError, type Commit, type Store, type UniqueKey } from "../../src/app/store-port.ts";
import { pruneStepAnswers, settledKeptMs, type StoreBounds } from "../../src/store/bounds.ts";
import { inboxMessage, outboxMessage, settlement, userCommit } from "../support/store-commits.ts";
import { applyCommit, emptyStoreModel, judge, type StoreModel } from "../support/store-model.ts";
import type { StoreAdapter, StoreHome } from "./store-homes.ts";

/** What every store promises (`src/app/store-port.ts`) but searches, run on one adapter. */
export function describeStore({ name, createHome, persists, isExclusive }: StoreAdapter): void {
  describe(`store on ${name}`, () => {
    let home: StoreHome;
    let store: Store;
    let casesRun = 0;

    beforeEach(async () => {
      home = await createHome();
      store = await home.open();
    });
    afterEach(async () => {
      casesRun += 1;
      await home.remove();
    });
    afterAll(() => {
      process.stdout.write(`store contract on ${name}: ${casesRun} cases ran\n`);
    });

    /** Closes the store and opens it again, with other bounds if given. */
    async function reopen(bounds?: Partial<StoreBounds>): Promise<void> {
      await store.close();
      store = await home.open(bounds);
    }

    const commitAll = (commits: readonly Commit[]) => Promise.all(commits.map((each) => store.commit(each)));
    const kinds = async (commits: readonly Commit[]) =>
      (await commitAll(commits)).map((outcome) => outcome.kind);
    const load = async (id: string) => store.load({ type: "user", id });
    const history = async () => store.history(0, 1_000);

    describe("commit", () => {
      it("knows nothing at first", async () => {
        expect(await load("1")).toBeUndefined();
        expect(await store.findByKey(userName("anna"))).toBeUndefined();
        expect(await history()).toEqual([]);
        expect(await store.outbox.nextDueMs()).toBeUndefined();
        expect(await store.inbox.list({ order: "oldest_first", limit: 10 })).toEqual([]);
      });

      it("gives back exactly what it was given", async () => {
        const json = {
          text: "ünï 😀 \u0000 \"'",
          none: null,
          deep: [{ list: [1, -2.5, 9e15, ""] }, true],
          "": {},
        };
        const events = [
          { type: "user.added.v1", data: json },
          { type: "user.changed.v1", data: {} },
        ];
        expect(
          await store.commit(userCommit("1", 0, { atMs: 1_777_777_777_777, events, state: json })),
        ).toEqual({
          kind: "committed",
        });
        expect(await load("1")).toEqual({ sequence: 2, state: json });
        const aggregate = { type: "user", id: "1" };
        const atMs = 1_777_777_777_777;
        expect(await history()).toEqual([
          { ...events[0], position: expect.any(Number), aggregate, sequence: 1, atMs },
          { ...events[1], position: expect.any(Number), aggregate, sequence: 2, atMs },
        ]);
      });

      it("gives any JSON back", async () => {
        let run = 0;
        await fc.assert(
          fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (json) => {
            const state: object = JSON.parse(JSON.stringify(json));
            run += 1;
            await store.commit(userCommit(`json ${run}`, 0, { state }));
            expect(await load(`json ${run}`)).toEqual({ sequence: 1, state });
          }),
          { numRuns: 50 },
        );
      });

      it("refuses a decision on another state than the present one", async () => {
        await store.commit(userCommit("1", 0));
        const before = await load("1");
        expect(await kinds([userCommit("1", 0), userCommit("1", 2), userCommit("2", 1)])).toEqual([
          "sequence_taken",
          "sequence_taken",
          "sequence_taken",
        ]);
        expect(await load("1")).toEqual(before);
        expect(await load("2")).toBeUndefined();
        expect(await history()).toHaveLength(1);
      });

      it("lets one of several decisions on the same state win", async () => {
        const outcomes = await kinds(
          Array.from({ length: 20 }, (_, by) => userCommit("1", 0, { state: { by } })),
        );
        expect(outcomes.filter((kind) => kind === "committed")).toHaveLength(1);
        expect(outcomes.filter((kind) => kind === "sequence_taken")).toHaveLength(19);
        expect((await load("1"))?.state).toEqual({ by: outcomes.indexOf("committed") });
      });

      it("is seen by every read after its answer, whatever is read meanwhile", async () => {
        const ids = Array.from({ length: 8 }, (_, id) => String(id));
        const sequences = Array.from({ length: 20 }, (_, sequence) => sequence);
        const seen = await Promise.all(
          ids.map((id) =>
            sequences.reduce<Promise<readonly unknown[]>>(async (earlier, sequence) => {
              const before = await earlier;
              await store.commit(userCommit(id, sequence));
              return [...before, (await load(id))?.sequence];
            }, Promise.resolve([])),
          ),
        );
        expect(seen).toEqual(ids.map(() => sequences.map((sequence) => sequence + 1)));
      });

      it("asks in a fixed order: sequence, keys, pause, outbox", async () => {
        await reopen({ outboxPendingMax: 1 });
        await store.commit(
          userCommit("1", 0, { takeKeys: [userName("anna")], message: outboxMessage("m1") }),
        );
        const faulty = (id: string, expectedSequence: number, change: Partial<Commit>) =>
          userCommit(id, expectedSequence, {
            message: outboxMessage("m2"),
            messagePauseMs: 1_000,
            ...change,
          });
        const takeKeys = [userName("anna")];
        expect(await kinds([faulty("2", 1, { takeKeys })])).toEqual(["sequence_taken"]);
        expect(await kinds([faulty("2", 0, { takeKeys })])).toEqual(["key_taken"]);
        expect(await kinds([faulty("2", 0, {})])).toEqual(["paused"]);
        expect(await kinds([faulty("2", 0, { messagePauseMs: 0 })])).toEqual(["outbox_full"]);
      });

      it("leaves no trace of a refused commit among accepted ones", async () => {
        await store.commit(userCommit("1", 0, { takeKeys: [userName("anna")] }));
        const message = (id: string) => outboxMessage(id, { recipient: `to ${id}` });
        const outcomes = await kinds([
          userCommit("2", 0, { takeKeys: [userName("berta")], message: message("m2") }),
          userCommit("3", 0, { takeKeys: [userName("carla"), userName("anna")], message: message("m3") }),
          userCommit("1", 7, { freeKeys: [userName("anna")], message: message("m4") }),
          userCommit("4", 0, { takeKeys: [userName("dora")], message: message("m5") }),
        ]);
        expect(outcomes).toEqual(["committed", "key_taken", "sequence_taken", "committed"]);
        expect(await load("3")).toBeUndefined();
        expect(await store.findByKey(userName("carla"))).toBeUndefined();
        expect(await store.findByKey(userName("anna"))).toBe("1");
        expect((await history()).map((event) => event.aggregate.id)).toEqual(["1", "2", "4"]);
        const claimed = await store.outbox.claim(1_000, 1_000, 10);
        expect(claimed.map((each) => each.id)).toEqual(["m2", "m5"]);
      });

      it("rejects a message id that was used before, and writes the commits beside it", async () => {
        await store.commit(userCommit("1", 0, { message: outboxMessage("m1") }));
        const results = await Promise.allSettled([
          store.commit(userCommit("2", 0)),
          store.commit(userCommit("3", 0, { message: outboxMessage("m1") })),
          store.commit(userCommit("4", 0)),
        ]);
        expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
        expect((await history()).map((event) => event.aggregate.id)).toEqual(["1", "2", "4"]);
      });

      it("answers concurrent commits as if they had come one after the other", async () => {
        let run = 0;
        await fc.assert(
          fc.asyncProperty(fc.array(roundArbitrary, { maxLength: 6 }), async (rounds) => {
            run += 1;
            await checkRounds(store, `run ${run}`, rounds);
          }),
          { numRuns: 60 },
        );
      });
    });

    describe("keys", () => {
      it("belong to one aggregate at a time", async () => {
        expect(await kinds([userCommit("1", 0, { takeKeys: [userName("anna")] })])).toEqual(["committed"]);
        expect(await store.findByKey(userName("anna"))).toBe("1");
        expect(await store.commit(userCommit("2", 0, { takeKeys: [userName("anna")] }))).toEqual({
          kind: "key_taken",
          key: userName("anna"),
        });
        expect(await kinds([userCommit("1", 1, { takeKeys: [userName("anna")] })])).toEqual(["committed"]);
      });

      it("are separate for each kind", async () => {
        const token: UniqueKey = { kind: "access_token", key: "anna" };
        await store.commit(userCommit("1", 0, { takeKeys: [userName("anna")] }));
        expect(await store.findByKey(token)).toBeUndefined();
        expect(await kinds([userCommit("2", 0, { takeKeys: [token] })])).toEqual(["committed"]);
        expect(await store.findByKey(token)).toBe("2");
      });

      it("can be taken by somebody else once they are free", async () => {
        await store.commit(userCommit("1", 0, { takeKeys: [userName("anna")] }));
        const change = { freeKeys: [userName("anna")], takeKeys: [userName("anne")] };
        expect(await kinds([userCommit("1", 1, change)])).toEqual(["committed"]);
        expect(await store.findByKey(userName("anna"))).toBeUndefined();
        expect(await store.findByKey(userName("anne"))).toBe("1");
        expect(await kinds([userCommit("2", 0, { takeKeys: [userName("anna")] })])).toEqual(["committed"]);
        expect(await store.findByKey(userName("anna"))).toBe("2");
      });

      it("stay when they are freed and taken in one commit", async () => {
        const keys = [userName("anna")];
        await store.commit(userCommit("1", 0, { takeKeys: keys }));
        await store.commit(userCommit("1", 1, { freeKeys: keys, takeKeys: keys }));
        expect(await store.findByKey(userName("anna"))).toBe("1");
      });

      it("can only be freed by the aggregate that holds them", async () => {
        await store.commit(userCommit("1", 0, { takeKeys: [userName("anna")] }));
        await store.commit(userCommit("2", 0, { freeKeys: [userName("anna")] }));
        expect(await store.findByKey(userName("anna"))).toBe("1");
      });

      it("go to one of several that want them at once", async () => {
        const outcomes = await kinds(
          Array.from({ length: 10 }, (_, id) => userCommit(String(id), 0, { takeKeys: [userName("anna")] })),
        );
        expect(outcomes.filter((kind) => kind === "committed")).toHaveLength(1);
        expect(await store.findByKey(userName("anna"))).toBe(String(outcomes.indexOf("committed")));
      });
    });

    describe("history", () => {
      it("tells the events in the order of commits, a page at a time", async () => {
        const events = [1, 2].map((number) => ({ type: "user.changed.v1", data: { number } }));
        for (let commit = 0; commit < 5; commit += 1) {
          await commitAll(["1", "2", "3"].map((id) => userCommit(id, commit * 2, { events })));
        }
        const all = await history();
        expect(all).toHaveLength(30);
        const positions = all.map((event) => event.position);
        expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b));
        for (const id of ["1", "2", "3"]) {
          const own = all.filter((event) => event.aggregate.id === id);
          expect(own.map((event) => event.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        }
        const paged = [];
        for (let after = 0; ;) {
          const page = await store.history(after, 7);
          paged.push(...page);
          const last = page.at(-1);
          if (last === undefined) break;
          after = last.position;
        }
        expect(paged).toEqual(all);
      });
    });

    describe("outbox", () => {
      const send = (id: string, createdMs: number, recipient = `to ${id}`) =>
        store.commit(
          userCommit(`user of ${id}`, 0, { message: outboxMessage(id, { createdMs, recipient }) }),
        );
      const claimIds = async (nowMs: number, leaseMs = 1_000, limit = 10) =>
        (await store.outbox.claim(nowMs, leaseMs, limit)).map((message) => message.id);

      it("gives out a message as it came, once it is due", async () => {
        const message = outboxMessage("m1", {
          createdMs: 5_000,
          expiresMs: null,
          sessionId: "session 1",
          channel: "voice",
        });
        await store.commit(userCommit("1", 0, { message }));
        expect(await store.outbox.nextDueMs()).toBe(5_000);
        expect(await store.outbox.claim(4_999, 1_000, 10)).toEqual([]);
        expect(await store.outbox.claim(5_000, 1_000, 10)).toEqual([
          { ...message, attempt: 1, attempts: [] },
        ]);
      });

      it("gives out the oldest first, at most the limit", async () => {
        await send("m3", 3_000);
        await send("m1", 1_000);
        await send("m2", 2_000);
        await send("m4", 4_000);
        expect(await claimIds(3_500, 1_000, 2)).toEqual(["m1", "m2"]);
        expect(await claimIds(3_500, 1_000, 2)).toEqual(["m3"]);
        expect(await store.outbox.nextDueMs()).toBe(4_000);
      });

      it("gives a message out again when its lease is over, and counts the attempts", async () => {
        await send("m1", 1_000);
        expect(await claimIds(1_000, 500)).toEqual(["m1"]);
        expect(await claimIds(1_499, 500)).toEqual([]);
        expect(await store.outbox.nextDueMs()).toBe(1_500);
        expect(await store.outbox.claim(1_500, 500, 10)).toMatchObject([{ id: "m1", attempt: 2 }]);
      });

      it("never gives one message to two that claim at once", async () => {
        for (let index = 0; index < 30; index += 1) await send(`m${index}`, 1_000);
        const claims = await Promise.all(Array.from({ length: 6 }, () => claimIds(1_000, 1_000, 7)));
        const ids = claims.flat();
        expect(ids).toHaveLength(30);
        expect(new Set(ids).size).toBe(30);
      });

      it("takes a message back until its next attempt", async () => {
        await send("m1", 1_000);
        await store.outbox.claim(1_000, 500, 10);
        await store.outbox.retry({ id: "m1", attempt: 1 }, 9_000, []);
        expect(await store.outbox.nextDueMs()).toBe(9_000);
        expect(await claimIds(8_999)).toEqual([]);
        expect(await store.outbox.claim(9_000, 500, 10)).toMatchObject([{ id: "m1", attempt: 2 }]);
      });

      it("never gives out a message that is settled", async () => {
        await send("m1", 1_000);
        await send("m2", 1_000);
        await send("m3", 1_000);
        await store.outbox.settle(settlement("m1"));
        await store.outbox.settle(settlement("m1", { outcome: "dead", reason: "too late to change" }));
        await store.outbox.retry({ id: "m1", attempt: 1 }, 1_000, []);
        const settle = settlement("m2", { outcome: "skipped", reason: "replaced" });
        expect(await kinds([userCommit("1", 0, { settle }), userCommit("2", 0, { settle })])).toEqual([
          "committed",
          "committed",
        ]);
        expect(await claimIds(999_999)).toEqual(["m3"]);
        await store.outbox.settle(settlement("m3", { outcome: "dead", reason: "given up" }));
        expect(await store.outbox.nextDueMs()).toBeUndefined();
        expect(await claimIds(9_999_999)).toEqual([]);
      });

      it("does not settle anything with a refused commit", async () => {
        await send("m1", 1_000);
        const settle = settlement("m1");
        expect(await kinds([userCommit("1", 5, { settle })])).toEqual(["sequence_taken"]);
        expect(await claimIds(1_000)).toEqual(["m1"]);
      });

      it("has nothing to say about messages that it does not know", async () => {
        await store.outbox.settle(settlement("m1"));
        await store.outbox.retry({ id: "m1", attempt: 1 }, 1_000, []);
        expect(await store.outbox.nextDueMs()).toBeUndefined();
      });

      it("pauses between two messages to one recipient, whoever asks and however they ended", async () => {
        const ask = (id: string, createdMs: number, recipient = "+41790000001", messagePauseMs = 30_000) =>
          store.commit(
            userCommit(`user of ${id}`, 0, {
              message: outboxMessage(id, { createdMs, recipient }),
              messagePauseMs,
            }),
          );
        const committed = { kind: "committed" };
        const paused = { kind: "paused", untilMs: 40_000 };
        expect(await ask("m1", 10_000)).toEqual(committed);
        expect(await ask("m2", 10_000)).toEqual(paused);
        expect(await ask("m2", 39_999)).toEqual(paused);
        expect(await ask("m3", 10_001, "+41790000002")).toEqual(committed);
        await store.outbox.settle(settlement("m1", { outcome: "skipped", reason: "replaced" }));
        expect(await ask("m2", 39_999)).toEqual(paused);
        expect(await ask("m4", 10_001, "+41790000001", 1)).toEqual(committed);
        expect(await ask("m2", 40_000)).toEqual({ kind: "paused", untilMs: 40_001 });
        expect(await ask("m2", 40_001)).toEqual(committed);
        // The newest counts, also where a clock was set back since.
        expect(await ask("m5", 20_000, "+41790000001", 0)).toEqual(committed);
        expect(await ask("m6", 70_000)).toEqual({ kind: "paused", untilMs: 70_001 });
      });

      it("does not pause unless it is asked to", async () => {
        expect(await send("m1", 1_000, "+41790000001")).toEqual({ kind: "committed" });
        expect(await send("m2", 1_000, "+41790000001")).toEqual({ kind: "committed" });
      });

      it("takes no more than its bound, and more once something is settled", async () => {
        await reopen({ outboxPendingMax: 3 });
        const outcomes = await Promise.all(["m1", "m2", "m3", "m4", "m5"].map((id) => send(id, 1_000)));
        expect(outcomes.map((outcome) => outcome.kind).toSorted()).toEqual([
          "committed",
          "committed",
          "committed",
          "outbox_full",
          "outbox_full",
        ]);
        expect(await kinds([userCommit("without a message", 0)])).toEqual(["committed"]);
        const [claimed] = await claimIds(1_000);
        expect(await send("m6", 1_000)).toEqual({ kind: "outbox_full" });
        await store.outbox.settle(settlement(String(claimed)));
        await store.outbox.settle(settlement(String(claimed)));
        expect(await send("m6", 1_000)).toEqual({ kind: "committed" });
        expect(await send("m7", 1_000)).toEqual({ kind: "outbox_full" });
      });

      it("forgets a settled message after its time, and no message before", async () => {
        const longPause = async (id: string, recipient: string) => {
          const message = outboxMessage(id, { recipient, createdMs: settledKeptMs + 2_000 });
          const commit = userCommit(id, 0, { message, messagePauseMs: settledKeptMs * 2 });
          return (await store.commit(commit)).kind;
        };
        await send("m0", 500, "waiting");
        await send("m1", 1_000, "settled");
        await send("m2", 1_000, "waiting");
        await store.outbox.settle(settlement("m0"));
        await store.outbox.settle(settlement("m1"));
        await store.outbox.claim(settledKeptMs + 1_000, 1, 10);
        expect(await longPause("m3", "settled")).toBe("paused");
        expect(await claimIds(settledKeptMs + 1_001)).toEqual(["m2"]);
        expect(await longPause("m3", "settled")).toBe("committed");
        expect(await longPause("m4", "waiting")).toBe("paused");
      });
    });

    describe("kept answers", () => {
      const answer = (key: string, expiresMs = 5_000) => ({ key, sealed: `sealed ${key}`, expiresMs });
      const keep = (id: string, key: string, change: Partial<Commit> = {}) =>
        store.commit(userCommit(id, 0, { answer: answer(key), ...change }));

      it("are found by their key, for their time", async () => {
        expect(await store.findAnswer("k1", 1_000)).toBeUndefined();
        expect(await keep("1", "k1")).toEqual({ kind: "committed" });
        expect(await store.findAnswer("k1", 4_999)).toBe("sealed k1");
        expect(await store.findAnswer("k1", 5_000)).toBeUndefined();
        expect(await store.findAnswer("k2", 1_000)).toBeUndefined();
      });

      it("refuse another commit with their key before anything else is asked, for their time", async () => {
        await keep("1", "k1", { message: outboxMessage("m1") });
        const again = { message: outboxMessage("m2"), messagePauseMs: 60_000 };
        expect(await keep("1", "k1", again)).toEqual({ kind: "answered" });
        expect(await keep("2", "k1", { atMs: 4_999 })).toEqual({ kind: "answered" });
        expect(await load("2")).toBeUndefined();
        expect(await store.outbox.claim(9_000, 1, 10)).toMatchObject([{ id: "m1" }]);
        const later = { atMs: 5_000, answer: { key: "k1", sealed: "another", expiresMs: 9_000 } };
        expect(await keep("2", "k1", later)).toEqual({ kind: "committed" });
        expect(await store.findAnswer("k1", 5_000)).toBe("another");
      });

      it("take the place of one that is past its time, behind all others", async () => {
        await reopen({ keptAnswersMax: pruneStepAnswers + 3 });
        const longLived = (id: string) => keep(id, `k${id}`, { answer: answer(`k${id}`, 9_000) });
        // So many are looked at when one is kept.
        for (let id = 1; id <= pruneStepAnswers; id++) await longLived(String(id));
        await keep("expired", "again");
        await longLived("last");
        await keep("later", "again", { atMs: 5_000, answer: answer("again", 9_000) });
        const kept = (await Array.fromAsync(store.dump())).filter(({ kind }) => kind === "answer");
        expect(kept.slice(-2)).toMatchObject([{ value: { key: "klast" } }, { value: { key: "again" } }]);
        expect(await longLived("further")).toEqual({ kind: "committed" });
        expect(await longLived("too many")).toEqual({ kind: "answers_full" });
      });

      it("are written with their commit, or not at all", async () => {
        await keep("1", "k1");
        expect(await keep("1", "k2")).toEqual({ kind: "sequence_taken" });
        expect(await store.findAnswer("k2", 1_000)).toBeUndefined();
        await store.commit(userCommit("3", 0, { takeKeys: [userName("anna")] }));
        expect(await keep("4", "k4", { takeKeys: [userName("anna")] })).toMatchObject({ kind: "key_taken" });
        expect(await store.findAnswer("k4", 1_000)).toBeUndefined();
      });

      it("let one of many commits at once pass", async () => {
        const commits = Array.from({ length: 20 }, (_, id) =>
          userCommit(String(id), 0, { answer: answer("k1") }),
        );
        const outcomes = await kinds(commits);
        expect(outcomes.filter((kind) => kind === "committed")).toHaveLength(1);
        expect(outcomes.filter((kind) => kind === "answered")).toHaveLength(19);
      });

      it("are bounded, and forgotten a few at a time", async () => {
        await reopen({ keptAnswersMax: 3 });
        for (const id of ["1", "2", "3"]) await keep(id, `k${id}`);
        expect(await keep("4", "k4")).toEqual({ kind: "answers_full" });
        expect(await store.commit(userCommit("5", 0))).toEqual({ kind: "committed" });
        expect(await keep("4", "k4", { atMs: 5_000, answer: answer("k4", 9_000) })).toEqual({
          kind: "committed",
        });
        expect(await store.findAnswer("k4", 5_000)).toBe("sealed k4");
        expect(await kinds(["6", "7", "8"].map((id) => late(id)))).toEqual([
          "committed",
          "committed",
          "answers_full",
        ]);
      });

      const late = (id: string) => userCommit(id, 0, { atMs: 5_001, answer: answer(`k${id}`, 9_000) });
    });

    describe("inbox", () => {
      const list = async (query: Partial<InboxQuery> = {}) =>
        store.inbox.list({ order: "oldest_first", limit: 100, ...query });
      const messageIds = async (query: Partial<InboxQuery> = {}) =>
        (await list(query)).map((message) => message.messageId);

      it("gives back what was appended, with a growing id", async () => {
        const first = await store.inbox.append(inboxMessage("m1", { text: "Ihr Code: 😀", expiresMs: 5 }));
        const second = await store.inbox.append(inboxMessage("m2"));
        expect(first).toEqual({
          ...inboxMessage("m1", { text: "Ihr Code: 😀", expiresMs: 5 }),
          id: expect.any(Number),
        });
        expect(second?.id).toBeGreaterThan(first?.id ?? Infinity);
        expect(await list()).toEqual([first, second]);
      });

      it("keeps one message for each message id", async () => {
        await store.inbox.append(inboxMessage("m1"));
        expect(await store.inbox.append(inboxMessage("m1", { text: "again" }))).toBeUndefined();
        expect(await list()).toMatchObject([{ messageId: "m1", text: "Your code is 123456" }]);
      });

      it("lists by recipient, from an id on, in both orders, at most the limit", async () => {
        const appended: (InboxMessage | undefined)[] = [];
        for (let index = 1; index <= 6; index += 1) {
          const recipient = index % 2 === 0 ? "even" : "odd";
          appended.push(await store.inbox.append(inboxMessage(`m${index}`, { recipient })));
        }
        const afterId = appended[1]?.id ?? NaN;
        expect(await messageIds({ limit: 2 })).toEqual(["m1", "m2"]);
        expect(await messageIds({ order: "newest_first", limit: 2 })).toEqual(["m6", "m5"]);
        expect(await messageIds({ recipient: "even" })).toEqual(["m2", "m4", "m6"]);
        expect(await messageIds({ recipient: "odd", order: "newest_first" })).toEqual(["m5", "m3", "m1"]);
        expect(await messageIds({ afterId })).toEqual(["m3", "m4", "m5", "m6"]);
        expect(await messageIds({ afterId, recipient: "even", limit: 1 })).toEqual(["m4"]);
        expect(await messageIds({ recipient: "nobody" })).toEqual([]);
      });

      it("keeps the newest messages", async () => {
        await reopen({ inboxMessagesMax: 3 });
        for (let index = 1; index <= 5; index += 1) await store.inbox.append(inboxMessage(`m${index}`));
        await store.inbox.append(inboxMessage("m5"));
        expect(await messageIds()).toEqual(["m3", "m4", "m5"]);
        expect(await store.inbox.clear()).toBe(3);
        for (let index = 6; index <= 9; index += 1) await store.inbox.append(inboxMessage(`m${index}`));
        expect(await messageIds()).toEqual(["m7", "m8", "m9"]);
      });

      it("is cleared for one recipient or for all, and never uses an id again", async () => {
        await store.inbox.append(inboxMessage("m1", { recipient: "one" }));
        await store.inbox.append(inboxMessage("m2", { recipient: "two" }));
        const last = await store.inbox.append(inboxMessage("m3", { recipient: "one" }));
        expect(await store.inbox.clear("one")).toBe(2);
        expect(await messageIds()).toEqual(["m2"]);
        expect(await store.inbox.clear("one")).toBe(0);
        expect(await store.inbox.clear()).toBe(1);
        expect(await messageIds()).toEqual([]);
        const next = await store.inbox.append(inboxMessage("m1"));
        expect(next?.id).toBeGreaterThan(last?.id ?? Infinity);
      });
    });

    describe("close", () => {
      it("finishes what was begun and refuses what comes after", async () => {
        const begun = kinds(Array.from({ length: 300 }, (_, id) => userCommit(String(id), 0)));
        const closed = store.close();
        await expect(store.commit(userCommit("late", 0))).rejects.toThrow(StoreUnavailableError);
        expect(new Set(await begun)).toEqual(new Set(["committed"]));
        await closed;
        await store.close();
      });
    });

    if (persists) {
      describe("opened again", () => {
        it("knows everything", async () => {
          await reopen({ outboxPendingMax: 2 });
          for (const id of ["1", "2", "3"]) {
            const recipient = `to ${id}`;
            const message = id === "3" ? undefined : outboxMessage(`m${id}`, { recipient });
            const change = message === undefined ? {} : { message };
            await store.commit(userCommit(id, 0, { takeKeys: [userName(id)], ...change }));
          }
          const kept = { key: "k5", sealed: "sealed", expiresMs: 5_000 };
          await store.commit(userCommit("5", 0, { answer: kept }));
          await store.inbox.append(inboxMessage("m1"));
          const look = async () => ({
            states: await Promise.all(["1", "2", "3", "4"].map(load)),
            holders: await Promise.all(["1", "2", "3", "4"].map((key) => store.findByKey(userName(key)))),
            history: await history(),
            inbox: await store.inbox.list({ order: "oldest_first", limit: 10 }),
            nextDueMs: await store.outbox.nextDueMs(),
            answer: await store.findAnswer("k5", 4_999),
          });
          const before = await look();
          expect(before.answer).toBe("sealed");
          await reopen({ outboxPendingMax: 2 });
          expect(await look()).toEqual(before);
          expect(await kinds([userCommit("4", 0, { message: outboxMessage("m4") })])).toEqual([
            "outbox_full",
          ]);
          expect(await store.outbox.claim(1_000, 500, 10)).toMatchObject([{ id: "m1" }, { id: "m2" }]);
          expect(await kinds([userCommit("1", 1), userCommit("1", 0)])).toEqual([
            "committed",
            "sequence_taken",
          ]);
        });

        it("never uses an id of the inbox again", async () => {
          const last = await store.inbox.append(inboxMessage("m1"));
          await store.inbox.clear();
          await reopen();
          expect((await store.inbox.append(inboxMessage("m2")))?.id).toBeGreaterThan(last?.id ?? Infinity);
        });
      });
    }

    if (isExclusive) {
      it("refuses a second opener and lets it in after the first has closed", async () => {
        await expect(home.open()).rejects.toThrow("is in use by another process");
        expect(await kinds([userCommit("1", 0)])).toEqual(["committed"]);
        await reopen();
        expect(await load("1")).toMatchObject({ sequence: 1 });
      });

      it("voids the leases of the process before, and counts its attempts", async () => {
        await store.commit(userCommit("1", 0, { message: outboxMessage("m1") }));
        expect(await store.outbox.claim(1_000, 500, 1)).toMatchObject([{ id: "m1", attempt: 1 }]);
        expect(await store.outbox.claim(1_000, 500, 1)).toEqual([]);
        await reopen();
        expect(await store.outbox.claim(1_000, 500, 1)).toMatchObject([{ id: "m1", attempt: 2 }]);
      });
    }
  });
}

function userName(key: string): UniqueKey {
  return { kind: "user_name", key };
}

// -------------------------------------------------------------------- concurrent commits and their model

interface Intent {
  readonly user: number;
  /** How far the expected sequence is off. */
  readonly off: number;
  readonly events: number;
  readonly take: readonly number[];
  readonly free: readonly number[];
  readonly recipient: number | null;
  readonly pauseMs: number;
}

const keysArbitrary = fc.uniqueArray(fc.nat(2), { maxLength: 2 });
const roundArbitrary: fc.Arbitrary<readonly Intent[]> = fc.array(
  fc.record({
    user: fc.nat(2),
    off: fc.constantFrom(0, 0, 0, 1, -1),
    events: fc.integer({ min: 1, max: 3 }),
    take: keysArbitrary,
    free: keysArbitrary,
    recipient: fc.option(fc.nat(1)),
    pauseMs: fc.constantFrom(0, 1, 25),
  }),
  { maxLength: 8 },
);

/**
 * Commits each round at once. The history tells the order in which the accepted ones were written: in that
 * order the model must accept them too, and each refusal must be the model's answer at some point between.
 */
async function checkRounds(store: Store, run: string, rounds: readonly (readonly Intent[])[]): Promise<void> {
  let model: StoreModel = emptyStoreModel;
  let position = (await lastPosition(store)) ?? 0;
  for (const [round, intents] of rounds.entries()) {
    const commits = intents.map((intent, index) => toCommit(model, run, round, index, intent));
    const outcomes = await Promise.all(commits.map((commit) => store.commit(commit)));
    const written = await store.history(position, 1_000);
    position = written.at(-1)?.position ?? position;
    const order = [...new Set(written.map((event) => commits.find((commit) => isPart(commit, event.data))))];
    const models = [model];
    for (const commit of order) {
      if (commit === undefined) throw new Error("the history tells of an event that nobody wrote");
      expect(judge(model, commit)).toEqual({ kind: "committed" });
      model = applyCommit(model, commit);
      models.push(model);
    }
    expect(written).toHaveLength(order.reduce((sum, commit) => sum + (commit?.events.length ?? 0), 0));
    for (const [index, commit] of commits.entries()) {
      const outcome = outcomes[index];
      expect(outcome?.kind === "committed").toBe(order.includes(commit));
      if (outcome?.kind !== "committed") {
        expect(models.map((each) => judge(each, commit))).toContainEqual(outcome);
      }
    }
  }
  for (const [id, sequence] of Object.entries(model.sequences)) {
    expect(await store.load({ type: "user", id })).toEqual({ sequence, state: { id, sequence } });
  }
  for (const key of [0, 1, 2].map((number) => `${run} key ${number}`)) {
    expect(await store.findByKey(userName(key))).toBe(model.keyHolders[key]);
  }
}

function toCommit(model: StoreModel, run: string, round: number, index: number, intent: Intent): Commit {
  const id = `${run} user ${intent.user}`;
  const tag = `${run} ${round} ${index}`;
  const toKeys = (numbers: readonly number[]) => numbers.map((number) => userName(`${run} key ${number}`));
  const message = outboxMessage(tag, {
    recipient: `${run} to ${intent.recipient}`,
    createdMs: round * 10 + index,
  });
  return userCommit(id, Math.max(0, (model.sequences[id] ?? 0) + intent.off), {
    events: Array.from({ length: intent.events }, () => ({ type: "user.changed.v1", data: { tag } })),
    takeKeys: toKeys(intent.take),
    freeKeys: toKeys(intent.free),
    ...(intent.recipient === null ? {} : { message, messagePauseMs: intent.pauseMs }),
  });
}

function isPart(commit: Commit, data: object): boolean {
  return JSON.stringify(commit.events[0]?.data) === JSON.stringify(data);
}

async function lastPosition(store: Store): Promise<number | undefined> {
  return (await store.history(0, 100_000)).at(-1)?.position;
}
