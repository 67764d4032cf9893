import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import {
  conditionDepthMax,
  conditionsMax,
  type Condition,
  type Search,
  type SearchRecords,
  type SearchType,
  type TextEquality,
  type UserRecord,
} from "../../src/app/search.ts";
import type { Store } from "../../src/app/store-port.ts";
import { userCommit } from "../support/store-commits.ts";
import {
  ids,
  sessionRecordArbitrary,
  sessionSearchArbitrary,
  userRecordArbitrary,
  userSearchArbitrary,
} from "./search-arbitraries.ts";
import { naiveSearch, type Searchable } from "./search-naive.ts";
import { everyRecord, userRecord } from "./search-records.ts";
import { storeAdapters, type StoreHome } from "./store-homes.ts";

describe.each(storeAdapters)("searches on $name", ({ createHome, persists }) => {
  let home: StoreHome;
  let store: Store;

  beforeEach(async () => {
    home = await createHome();
    store = await home.open();
  });
  afterEach(() => home.remove());

  async function reopen(): Promise<void> {
    await store.close();
    store = await home.open();
  }

  const search = async (change: Partial<Search<UserRecord>>) =>
    store.search("user", { ...everyRecord, ...change });
  const add = async (id: string, values: Partial<UserRecord>, atMs = 1_000) =>
    store.commit(userCommit(id, 0, { record: userRecord(values), atMs }));

  it("find nothing at first", async () => {
    expect(await search({})).toEqual({ ids: [], total: 0 });
    expect(await store.search("session", everyRecord)).toEqual({ ids: [], total: 0 });
  });

  it("find an aggregate by its last record, and by none once it is removed", async () => {
    const byPhone = async (value: string) => (await search({ where: phoneIs(value) })).ids;
    await store.commit(userCommit("1", 0));
    expect((await search({})).ids).toEqual([]);
    await store.commit(userCommit("1", 1, { record: userRecord({ phone: "+41790000001" }) }));
    expect(await byPhone("+41790000001")).toEqual(["1"]);
    await store.commit(userCommit("1", 2, { record: userRecord({ phone: "+41790000002" }) }));
    expect(await byPhone("+41790000001")).toEqual([]);
    await store.commit(userCommit("1", 3));
    expect(await byPhone("+41790000002")).toEqual(["1"]);
    await store.commit(userCommit("1", 4, { record: null }));
    expect(await byPhone("+41790000002")).toEqual([]);
    await store.commit(userCommit("1", 5, { record: null }));
    await store.commit(userCommit("1", 6, { record: userRecord({ phone: "+41790000002" }) }));
    expect(await byPhone("+41790000002")).toEqual(["1"]);
  });

  it("find by a text in one field, with or without regard to capital letters", async () => {
    const idsOf = async (equality: TextEquality<UserRecord>, limit = 9) =>
      [...(await store.findByText("user", equality, limit))].toSorted();
    await add("1", { userName: "Ada", organizationId: "a", phone: "+41790000001" });
    await add("2", { userName: "ada", organizationId: "a", phone: "+41790000002" });
    await add("3", { userName: "Grace", organizationId: "A", phone: "+41790000003" });
    expect(await idsOf({ field: "userName", ignoreCase: true, value: "ADA" })).toEqual(["1", "2"]);
    expect(await idsOf({ field: "userName", ignoreCase: true, value: "ADA" }, 1)).toHaveLength(1);
    expect(await idsOf({ field: "userName", ignoreCase: false, value: "ADA" })).toEqual([]);
    expect(await idsOf({ field: "organizationId", ignoreCase: false, value: "a" })).toEqual(["1", "2"]);
    expect(await idsOf({ field: "phone", ignoreCase: false, value: "+41790000003" })).toEqual(["3"]);
    expect(await idsOf({ field: "id", ignoreCase: false, value: "2" })).toEqual(["2"]);
    expect(await idsOf({ field: "userName", ignoreCase: true, value: "%" })).toEqual([]);
  });

  it("give an id as it is, whatever characters it has", async () => {
    for (const id of ["\u0000", "\u0001\u0002\u0002"]) {
      await add(id, { userName: `name of ${id}` });
      const equality = { field: "userName", ignoreCase: true, value: `name of ${id}` } as const;
      expect(await store.findByText("user", equality, 1)).toEqual([id]);
      expect((await search({ where: { kind: "text", match: "equals", ...equality } })).ids).toEqual([id]);
    }
  });

  it("keep what a change of a record leaves out", async () => {
    const byName = async (value: string) =>
      (
        await search({
          where: { kind: "text", field: "givenName", match: "equals", ignoreCase: false, value },
        })
      ).ids;
    await add("1", { phone: "+41790000001", givenName: "Ada" });
    await store.commit(userCommit("1", 1, { record: { phone: "+41790000002" } }));
    expect((await search({ where: phoneIs("+41790000002") })).ids).toEqual(["1"]);
    expect(await byName("Ada")).toEqual(["1"]);
    await store.commit(userCommit("1", 2, { record: { givenName: "Grace" } }));
    expect((await search({ where: phoneIs("+41790000002") })).ids).toEqual(["1"]);
    expect(await byName("Grace")).toEqual(["1"]);
    expect(await byName("Ada")).toEqual([]);
  });

  it("find nothing of a refused commit", async () => {
    await add("1", { phone: "+41790000001" });
    await store.commit(userCommit("1", 0, { record: userRecord({ phone: "+41790000002" }) }));
    await store.commit(userCommit("2", 7, { record: userRecord({ phone: "+41790000002" }) }));
    expect(await search({ where: phoneIs("+41790000002") })).toEqual({ ids: [], total: 0 });
    expect(await search({ where: phoneIs("+41790000001") })).toEqual({ ids: ["1"], total: 1 });
  });

  it("sort by the time of the last commit, with or without a record", async () => {
    await add("1", {}, 1_000);
    await add("2", {}, 2_000);
    await add("3", {}, 3_000);
    const byChange = async () => (await search({ sortBy: "changedMs", order: "descending" })).ids;
    expect(await byChange()).toEqual(["3", "2", "1"]);
    await store.commit(userCommit("1", 1, { atMs: 4_000 }));
    expect(await byChange()).toEqual(["1", "3", "2"]);
    await store.commit(userCommit("2", 1, { atMs: 5_000, record: userRecord({}) }));
    expect(await byChange()).toEqual(["2", "1", "3"]);
    await store.commit(userCommit("4", 0, { atMs: 6_000, also: [{ ...userCommit("3", 1) }] }));
    expect(await byChange()).toEqual(["3", "2", "1"]);
  });

  it("give a page and the total, equal ones in the order of their ids", async () => {
    for (const id of ["3", "1", "5", "2", "4"]) await add(id, { createdMs: id === "5" ? 1 : 2 });
    const page = async (offset: number, limit: number, order: Search<UserRecord>["order"] = "ascending") =>
      search({ sortBy: "createdMs", order, offset, limit });
    expect(await page(0, 2)).toEqual({ ids: ["5", "1"], total: 5 });
    expect(await page(2, 2)).toEqual({ ids: ["2", "3"], total: 5 });
    expect(await page(4, 2)).toEqual({ ids: ["4"], total: 5 });
    expect(await page(5, 2)).toEqual({ ids: [], total: 5 });
    expect(await page(0, 0)).toEqual({ ids: [], total: 5 });
    expect(await page(0, 5, "descending")).toEqual({ ids: ["1", "2", "3", "4", "5"], total: 5 });
  });

  it("take a wildcard for the character that it is", async () => {
    await add("1", { userName: "a%b" });
    await add("2", { userName: "axb" });
    await add("3", { userName: "a_*?[x]\\b" });
    for (const match of ["equals", "starts_with", "contains", "ends_with"] as const) {
      for (const value of ["%", "a_b", "a*b", "a?b", "[x]b", "\\%"]) {
        for (const ignoreCase of [true, false]) {
          const where: Condition<UserRecord> = { kind: "text", field: "userName", match, ignoreCase, value };
          expect((await search({ where })).ids).toEqual(match === "contains" && value === "%" ? ["1"] : []);
        }
      }
    }
  });

  it.each([
    ["ÄÖÜ", "äöü"],
    ["İ", "i\u0307"],
    ["ΟΔΟΣ", "οδος"],
    ["Straße", "STRAßE"],
    ["𐐀", "𐐨"],
    ["A\u0000B", "a\u0000b"],
    ["\ud800A", "\ufffda"],
  ])("take %j for %j only where capital letters are ignored", async (text, value) => {
    await add("1", { userName: text, givenName: text });
    await add("2", { userName: "other", givenName: "other" });
    for (const field of ["userName", "givenName"] as const) {
      for (const match of ["equals", "starts_with", "contains", "ends_with"] as const) {
        const where = { kind: "text", field, match, value } as const;
        expect(await search({ where: { ...where, ignoreCase: true } })).toEqual({ ids: ["1"], total: 1 });
        expect(await search({ where: { ...where, ignoreCase: false } })).toEqual({ ids: [], total: 0 });
      }
    }
  });

  it("take a final sigma for any other, where capital letters are ignored", async () => {
    await add("1", { userName: "ΟΔΟΣ ΣΟΦΟΣ", givenName: "ΟΔΟΣ ΣΟΦΟΣ" });
    await add("2", { userName: "other", givenName: "other" });
    for (const field of ["userName", "givenName"] as const) {
      for (const [match, values] of [
        ["equals", ["οδος σοφος", "οδοσ σοφοσ"]],
        ["starts_with", ["ΟΔΟΣ Σ", "οδος σ", "οδοσ"]],
        ["contains", ["Σ ΣΟΦΟΣ", "Σ", "ΔΟΣ", "σοφοσ", "ς"]],
        ["ends_with", ["Σ", "ς", "σ", "Σ ΣΟΦΟΣ"]],
      ] as const) {
        for (const value of values) {
          const where = { kind: "text", field, match, value } as const;
          expect((await search({ where: { ...where, ignoreCase: true } })).ids).toEqual(["1"]);
        }
      }
      const where = { kind: "text", field, match: "contains", value: "ς", ignoreCase: false } as const;
      expect((await search({ where })).ids).toEqual([]);
    }
  });

  it("take half of a surrogate pair for U+FFFD, as UTF-8 does, and for no part of a pair", async () => {
    await add("1", { nickName: "a\ud83d" });
    await add("2", { nickName: "a😀" });
    for (const value of ["a\ud83d", "a\ude00", "a\ufffd"]) {
      for (const match of ["equals", "starts_with", "contains", "ends_with"] as const) {
        const where = { kind: "text", field: "nickName", match, ignoreCase: false, value } as const;
        expect((await search({ where })).ids).toEqual(["1"]);
      }
      expect((await search({ where: { kind: "one_of", field: "nickName", values: [value] } })).ids).toEqual([
        "1",
      ]);
    }
  });

  it("find every empty field by the empty text, and everything that contains it", async () => {
    await add("1", { nickName: "" });
    await add("2", { nickName: "Ada" });
    const by = async (match: "equals" | "starts_with" | "contains" | "ends_with") =>
      (await search({ where: { kind: "text", field: "nickName", match, ignoreCase: false, value: "" } })).ids;
    expect(await by("equals")).toEqual(["1"]);
    for (const match of ["starts_with", "contains", "ends_with"] as const)
      expect(await by(match)).toEqual(["1", "2"]);
  });

  it("bear the largest conditions", async () => {
    await add("1", { phone: "+41790000001" });
    await add("2", { phone: "+41790000002" });
    const anyOf = (length: number): Condition<UserRecord> => ({
      kind: "any",
      of: Array.from({ length }, (_, index) => phoneIs(`+4179000000${index}`)),
    });
    expect((await search({ where: anyOf(conditionsMax) })).ids).toEqual(["1", "2"]);
    // As many in all.
    const wide = anyOf(conditionsMax / conditionDepthMax);
    let deep: Condition<UserRecord> = phoneIs("+41790000001");
    for (let depth = 0; depth < conditionDepthMax; depth += 1)
      deep = { kind: "not", of: { kind: "all", of: [deep, wide] } };
    expect((await search({ where: deep })).ids).toEqual(["1"]);
    const values = Array.from({ length: 100_000 }, (_, index) => `+41790${String(index).padStart(6, "0")}`);
    expect((await search({ where: { kind: "one_of", field: "phone", values } })).ids).toEqual(["1", "2"]);
    expect((await search({ where: { kind: "one_of", field: "id", values: ["2", ...values] } })).ids).toEqual([
      "2",
    ]);
  });

  it("find what a plain filter of all users finds", async () => {
    await checkSearches("user", userRecordArbitrary, userSearchArbitrary, 150);
  });

  it("find what a plain filter of all sessions finds", async () => {
    await checkSearches("session", sessionRecordArbitrary, sessionSearchArbitrary, 100);
  });

  if (persists) {
    it("find the same in a store that is opened again", async () => {
      await checkSearches("user", userRecordArbitrary, userSearchArbitrary, 10, reopen);
    });
  }

  /** Writes records, changes and removes some, then searches; again and again in one store. */
  async function checkSearches<T extends SearchType>(
    type: T,
    records: fc.Arbitrary<SearchRecords[T]>,
    searches: fc.Arbitrary<Search<SearchRecords[T]>>,
    numRuns: number,
    between: () => Promise<void> = async () => {},
  ): Promise<void> {
    const present = new Map<string, Searchable<SearchRecords[T]>>();
    const sequences = new Map<string, number>();
    async function write(
      id: string,
      record: SearchRecords[T] | null | undefined,
      atMs: number,
    ): Promise<void> {
      const sequence = sequences.get(id) ?? 0;
      const commit = userCommit(id, sequence, { aggregate: { type, id }, atMs });
      expect(await store.commit(record === undefined ? commit : { ...commit, record })).toEqual({
        kind: "committed",
      });
      sequences.set(id, sequence + 1);
      const kept = record === undefined ? present.get(id)?.record : record;
      if (kept === undefined || kept === null) present.delete(id);
      else present.set(id, { id, record: kept, changedMs: atMs });
    }
    const writes = fc.array(
      fc.record({
        id: fc.constantFrom(...ids),
        record: fc.oneof(
          { weight: 6, arbitrary: records },
          { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
        ),
        atMs: fc.nat(3),
      }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc
        .asyncProperty(writes, fc.array(searches, { minLength: 1, maxLength: 10 }), async (given, asked) => {
          for (const { id, record, atMs } of given) await write(id, record, atMs);
          await between();
          for (const each of asked) {
            expect(await store.search(type, each)).toEqual(naiveSearch([...present.values()], each));
          }
        })
        .afterEach(async () => {
          for (const id of present.keys()) await write(id, null, 0);
        }),
      { numRuns },
    );
  }
});

function phoneIs(value: string): Condition<UserRecord> {
  return { kind: "text", field: "phone", match: "equals", ignoreCase: false, value };
}
