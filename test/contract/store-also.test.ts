import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import type { SearchType } from "../../src/app/search.ts";
import type { AggregateType, AggregateWrite, Commit, Store, UniqueKey } from "../../src/app/store-port.ts";
import { outboxMessage, userCommit } from "../support/store-commits.ts";
import { everyRecord, userRecord, sessionRecord } from "./search-records.ts";
import { storeAdapters, type StoreHome } from "./store-homes.ts";

describe.each(storeAdapters)("a commit to several aggregates on $name", ({ createHome }) => {
  let home: StoreHome;
  let store: Store;

  beforeEach(async () => {
    home = await createHome();
    store = await home.open();
  });
  afterEach(() => home.remove());

  const found = async (type: SearchType) => (await store.search(type, everyRecord)).ids;
  const history = async () => store.history(0, 10_000);

  it("writes all of them, their events in the order of the writes", async () => {
    const outcome = await store.commit(
      userCommit("1", 0, {
        atMs: 5_000,
        record: userRecord({ phone: "+41790000001" }),
        takeKeys: [userName("anna")],
        also: [
          write("session", "s1", 0, { record: sessionRecord({ userId: "1" }) }),
          write("organization", "o1", 0),
          write("instance", "i1", 0),
          write("user", "2", 0, { takeKeys: [userName("berta")] }),
        ],
        message: outboxMessage("m1"),
      }),
    );
    expect(outcome).toEqual({ kind: "committed" });
    expect(
      (await history()).map(({ aggregate: { type, id }, sequence, atMs }) => ({ type, id, sequence, atMs })),
    ).toEqual([
      { type: "user", id: "1", sequence: 1, atMs: 5_000 },
      { type: "session", id: "s1", sequence: 1, atMs: 5_000 },
      { type: "organization", id: "o1", sequence: 1, atMs: 5_000 },
      { type: "instance", id: "i1", sequence: 1, atMs: 5_000 },
      { type: "user", id: "2", sequence: 1, atMs: 5_000 },
    ]);
    expect(await store.load({ type: "session", id: "s1" })).toEqual({ sequence: 1, state: { id: "s1" } });
    expect(await store.load({ type: "instance", id: "i1" })).toEqual({ sequence: 1, state: { id: "i1" } });
    expect(await store.findByKey(userName("anna"))).toBe("1");
    expect(await store.findByKey(userName("berta"))).toBe("2");
    expect([await found("user"), await found("session")]).toEqual([["1"], ["s1"]]);
    expect(await store.outbox.claim(1_000, 1_000, 10)).toHaveLength(1);
  });

  it("keeps aggregates of one id but other types apart", async () => {
    await store.commit(userCommit("1", 0, { also: [write("session", "1", 0), write("instance", "1", 0)] }));
    await store.commit(userCommit("1", 1));
    expect(await store.load({ type: "session", id: "1" })).toMatchObject({ sequence: 1 });
    expect(await store.load({ type: "user", id: "1" })).toMatchObject({ sequence: 2 });
    expect(await store.load({ type: "organization", id: "1" })).toBeUndefined();
  });

  const refused: readonly (readonly [string, readonly AggregateWrite[], object])[] = [
    ["its sequence", [write("session", "s1", 0), write("session", "present", 7)], { kind: "sequence_taken" }],
    [
      "one of its keys",
      [write("user", "3", 0, { takeKeys: [userName("carla"), userName("taken")] })],
      { kind: "key_taken", key: userName("taken") },
    ],
    [
      "a key that the same commit takes for another",
      [write("user", "3", 0, { takeKeys: [userName("anna")] })],
      { kind: "key_taken", key: userName("anna") },
    ],
    [
      "a key that another write of it frees",
      [
        write("user", "present", 1, { freeKeys: [userName("taken")] }),
        write("user", "3", 0, { takeKeys: [userName("taken")] }),
      ],
      { kind: "key_taken", key: userName("taken") },
    ],
  ];
  it.each(refused)("writes nothing at all if a further write is refused for %s", async (_, also, outcome) => {
    await store.commit(
      userCommit("present", 0, { takeKeys: [userName("taken")], also: [write("session", "present", 0)] }),
    );
    const before = await history();
    const commit = userCommit("1", 0, {
      record: userRecord({}),
      takeKeys: [userName("anna")],
      message: outboxMessage("m1"),
      also,
    });
    const [first, second, third] = await Promise.all([
      store.commit(userCommit("before", 0)),
      store.commit(commit),
      store.commit(userCommit("after", 0)),
    ]);
    expect([first, second, third]).toEqual([{ kind: "committed" }, outcome, { kind: "committed" }]);
    expect((await history()).slice(before.length).map(({ aggregate }) => aggregate.id)).toEqual([
      "before",
      "after",
    ]);
    for (const aggregate of [
      commit.aggregate,
      { type: "user", id: "3" },
      { type: "session", id: "s1" },
    ] as const) {
      expect(await store.load(aggregate)).toBeUndefined();
    }
    expect(await store.findByKey(userName("anna"))).toBeUndefined();
    expect(await store.findByKey(userName("carla"))).toBeUndefined();
    expect(await store.findByKey(userName("taken"))).toBe("present");
    expect([await found("user"), await found("session")]).toEqual([[], []]);
    expect(await store.outbox.claim(9_000, 1_000, 10)).toEqual([]);
    // Nothing of it stands in the way of a better one.
    const { also: _also, ...better } = commit;
    expect(await store.commit(better)).toEqual({ kind: "committed" });
  });

  it("writes nothing at all if its message is refused", async () => {
    await store.commit(userCommit("present", 0, { message: outboxMessage("m1") }));
    const commit = userCommit("1", 0, {
      message: outboxMessage("m2"),
      messagePauseMs: 1_000,
      also: [write("session", "s1", 0, { record: sessionRecord({}) })],
    });
    expect(await store.commit(commit)).toEqual({ kind: "paused", untilMs: 2_000 });
    expect(await history()).toHaveLength(1);
    expect(await store.load({ type: "session", id: "s1" })).toBeUndefined();
    expect(await found("session")).toEqual([]);
  });

  it("asks for all sequences before any key, and for all keys before the message", async () => {
    await store.commit(
      userCommit("present", 0, { takeKeys: [userName("taken")], message: outboxMessage("m1") }),
    );
    const faulty = userCommit("1", 0, {
      takeKeys: [userName("taken")],
      message: outboxMessage("m2"),
      messagePauseMs: 1_000,
    });
    expect((await store.commit({ ...faulty, also: [write("session", "s1", 3)] })).kind).toBe(
      "sequence_taken",
    );
    const also = [write("user", "2", 0, { takeKeys: [userName("taken")] })];
    expect((await store.commit({ ...faulty, takeKeys: [], also })).kind).toBe("key_taken");
    expect((await store.commit({ ...faulty, takeKeys: [], also: [write("session", "s1", 0)] })).kind).toBe(
      "paused",
    );
  });

  it("does not write to one aggregate twice, and does write the commits beside it", async () => {
    await store.commit(userCommit("2", 0));
    const results = await Promise.allSettled([
      store.commit(userCommit("1", 0)),
      store.commit(userCommit("2", 1, { also: [write("user", "2", 1)] })),
      store.commit(userCommit("3", 0)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await history()).map(({ aggregate }) => aggregate.id)).toEqual(["2", "1", "3"]);
  });

  it("leaves no trace of any of it with a message id that was used before", async () => {
    await store.commit(userCommit("present", 0, { message: outboxMessage("m1") }));
    const also = [write("session", "s1", 0, { record: sessionRecord({}), takeKeys: [userName("anna")] })];
    const answer = { key: "k1", sealed: "sealed", expiresMs: 5_000 };
    const commit = userCommit("1", 0, { message: outboxMessage("m1"), also, answer });
    await expect(store.commit(commit)).rejects.toThrow();
    expect(await store.findAnswer("k1", 1_000)).toBeUndefined();
    expect(await history()).toHaveLength(1);
    expect(await store.load({ type: "session", id: "s1" })).toBeUndefined();
    expect(await store.findByKey(userName("anna"))).toBeUndefined();
    expect(await found("session")).toEqual([]);
  });

  it("is all or nothing among many at once", async () => {
    let run = 0;
    const rounds = fc.array(fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(rounds, async (intents) => {
        run += 1;
        const before = (await history()).length;
        // All of them want to be the first to write to their aggregates.
        const commits = intents.map((numbers, tag) => {
          const [own, ...also] = numbers.map((number) =>
            write("session", `${run} ${number}`, 0, {
              state: { tag },
              record: sessionRecord({ userId: `${run} ${tag}` }),
            }),
          );
          return { ...userCommit("", 0), ...own, also };
        });
        const outcomes = await Promise.all(commits.map((commit) => store.commit(commit)));
        const winners = commits.filter((_commit, index) => outcomes[index]?.kind === "committed");
        const written = winners.flatMap(writesOf);
        expect(new Set(written.map(({ aggregate }) => aggregate.id)).size).toBe(written.length);
        expect(await history()).toHaveLength(before + written.length);
        for (const { aggregate, state, record } of written) {
          expect(await store.load(aggregate)).toEqual({ sequence: 1, state });
          const userId = record !== null && record !== undefined && "userId" in record ? record.userId : "";
          const where = {
            kind: "text",
            field: "userId",
            match: "equals",
            ignoreCase: false,
            value: userId,
          } as const;
          expect((await store.search("session", { ...everyRecord, where })).ids).toContain(aggregate.id);
        }
        // Who lost, lost to a winner.
        for (const [index, commit] of commits.entries()) {
          if (outcomes[index]?.kind === "committed") continue;
          expect(outcomes[index]).toEqual({ kind: "sequence_taken" });
          const wanted = new Set(writesOf(commit).map(({ aggregate }) => aggregate.id));
          expect(written.some(({ aggregate }) => wanted.has(aggregate.id))).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });
});

function writesOf(commit: Commit): readonly AggregateWrite[] {
  return [commit, ...(commit.also ?? [])];
}

function write(
  type: AggregateType,
  id: string,
  expectedSequence: number,
  change: Partial<AggregateWrite> = {},
): AggregateWrite {
  const events = [{ type: `${type}.changed`, data: {} }];
  return { aggregate: { type, id }, expectedSequence, events, state: { id }, ...change };
}

function userName(key: string): UniqueKey {
  return { kind: "user_name", key };
}
