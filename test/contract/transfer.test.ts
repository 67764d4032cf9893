import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { ClaimedMessage } from "../../src/app/outbox-port.ts";
import { Repository } from "../../src/app/repository.ts";
import type { Store } from "../../src/app/store-port.ts";
import { exportLines, importLines } from "../../src/app/transfer.ts";
import { userKind } from "../../src/app/user-kind.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { giveCommands } from "../support/random-history.ts";
import { dumpOf } from "../support/row-dump.ts";
import { outboxMessage, settlement, userCommit } from "../support/store-commits.ts";
import { storeAdapters, type StoreHome } from "./store-homes.ts";

const acceptedMax = 1_000;
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

async function linesOf(store: Store): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of exportLines(store)) lines.push(line);
  return lines;
}

async function* given<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

/** Messages in every state that there is, each of a new user. */
async function addMessages(store: Store): Promise<void> {
  const { outbox } = store;
  const users = new Repository(userKind, store, { nowMs: () => 1e15 });
  const add = async (id: string): Promise<ClaimedMessage> => {
    const data = { resourceOwner: "default", userName: id, name: id };
    await users.execute(
      id,
      () => ({ events: [{ type: "user.machine.added", data }] }),
      () => ({
        message: outboxMessage(id, { userId: id, createdMs: 1e15, channel: "voice", sessionId: "s" }),
        answer: { key: `answer of ${id}`, sealed: "sealed", expiresMs: 9e15 },
      }),
    );
    const claimed = await outbox.claim(1e15, 1_000, 1_000_000);
    const message = claimed.find((each) => each.id === id);
    if (message === undefined) throw new Error(`${id} was not claimed`);
    return message;
  };
  const open = { providerId: "a", startedMs: 1 } as const;
  const failed = { ...open, outcome: "retry", endedMs: 2, reason: "busy" } as const;

  await add("claimed");
  await outbox.begin(await add("begun"), [failed, open]);
  await outbox.retry(await add("given back"), 2e15, [failed]);
  for (const outcome of ["sent", "skipped", "dead"] as const) {
    await add(outcome);
    await outbox.settle(settlement(outcome, { outcome, reason: "because", attempts: [failed] }));
  }
  for (const state of ["delivered", "undelivered"] as const) {
    await add(state);
    const how = { providerId: "a", providerMessageId: "SM1", encoding: "ucs2", segments: 2 } as const;
    await outbox.settle(settlement(state, how));
    await outbox.noteReceipt({ messageId: state, providerId: "a", state, reason: "so it is", atMs: 3 });
  }
}

describe(`an export of a store after ${acceptedMax} random commands (SEED=${seed})`, () => {
  const source = openMemoryStore();
  let lines: readonly string[];
  let rows: Awaited<ReturnType<typeof dumpOf>>;

  beforeAll(async () => {
    const property = fc.asyncProperty(fc.gen(), async (draw) => {
      await giveCommands(source, acceptedMax, draw);
    });
    await fc.assert(property, { seed, numRuns: 1, endOnFailure: true });
    await addMessages(source);
    lines = await linesOf(source);
    rows = await dumpOf(source);
  }, 120_000);

  describe.each(storeAdapters)("imported into $name", ({ createHome, persists }) => {
    let home: StoreHome;
    let store: Store;
    let imported: Awaited<ReturnType<typeof importLines>>;
    beforeAll(async () => {
      home = await createHome();
      store = await home.open();
      imported = await importLines(store, given(lines));
    }, 60_000);
    afterAll(() => home.remove());

    it("gives the same rows, and the same export again", async () => {
      expect(imported).toMatchObject({ event: rows.events, rows: rows.states.length });
      expect(await linesOf(store)).toEqual(lines);
      expect(await dumpOf(store)).toEqual(rows);
      if (!persists) return;
      await store.close();
      store = await home.open();
      expect(await linesOf(store)).toEqual(lines);
    }, 60_000);

    it("goes on from there: positions, numbers and what waits", async () => {
      const last = (await source.history(0, 1e9)).at(-1);
      const message = outboxMessage("new", { userId: "somebody new", createdMs: 1 });
      await store.commit(userCommit("somebody new", 0, { message }));
      const [event] = await store.history(last?.position ?? NaN, 10);
      expect(event?.aggregate.id).toBe("somebody new");
      const [newest, before] = await store.outbox.list({ limit: 2 });
      expect(newest?.id).toBe("new");
      expect(newest?.number).toBeGreaterThan(before?.number ?? NaN);
      expect(await store.findAnswer("answer of begun", 8e15)).toBe("sealed");
      const waiting = lines.filter((line) => line.includes('"waiting":')).length;
      const claimed = new Set<string>();
      for (let nowMs = 3e15; claimed.size < waiting + 1; nowMs += 1) {
        const messages = await store.outbox.claim(nowMs, 1e9, 100_000);
        if (messages.length === 0) break;
        for (const { id } of messages) {
          claimed.add(id);
          await store.outbox.settle(settlement(id));
        }
      }
      expect(claimed.size).toBe(waiting + 1);
    });

    it("goes into no store that has anything already", async () => {
      await expect(importLines(store, given(lines))).rejects.toThrow("the store is not empty");
    });
  });
});

describe.each(storeAdapters)("an import into $name", ({ createHome }) => {
  let home: StoreHome;
  let store: Store;
  beforeEach(async () => {
    home = await createHome();
    store = await home.open();
  });
  afterEach(() => home.remove());

  const header = '{"format":"ringback-export","version":1}';
  const event = (position: number, sequence: number, type: string, data = "{}") =>
    `{"event":{"aggregate":{"id":"instance","type":"instance"},"atMs":${position},"data":${data},` +
    `"position":${position},"sequence":${sequence},"type":"${type}"}}`;
  const locked = (position: number, sequence: number) =>
    event(position, sequence, "settings.lockout.set", '{"maxPasswordAttempts":5,"maxOtpAttempts":5}');
  /** @param before all lines before it */
  const end = (events: number, before: readonly string[]) =>
    `{"end":{"answer":0,"event":${events},"inboxMessage":0,"message":0},"sha256":"${sha256(before)}"}`;
  const sha256 = (lines: readonly string[]) =>
    createHash("sha256")
      .update(lines.map((line) => `${line}\n`).join(""))
      .digest("hex");
  const whole = (...items: readonly string[]) => [header, ...items, end(items.length, [header, ...items])];

  it("keeps positions that have gaps", async () => {
    const lines = whole(locked(7, 1), locked(1_000, 2));
    await importLines(store, given(lines));
    expect((await store.history(7, 10)).map(({ position }) => position)).toEqual([1_000]);
    expect((await store.history(6, 1)).map(({ position }) => position)).toEqual([7]);
    expect(await store.history(1_000, 10)).toEqual([]);
    expect(await linesOf(store)).toEqual(lines);
  });

  it.each<[string, readonly string[], RegExp]>([
    ["nothing", [], /^there is nothing in it/],
    ["something else", ['{"format":"other"}'], /^line 1: this is no export of Ringback/],
    ["text of another kind", ["# Ringback"], /^line 1: this is no export of Ringback/],
    ["no JSON", [header, "{"], /^line 2: it is no JSON/],
    [
      "another version",
      ['{"format":"ringback-export","version":2}'],
      /^line 1: this release reads .*version 1/,
    ],
    ["a part", [header, locked(1, 1)], /^it was cut off after line 2/],
    ["one with a hole", [header, locked(1, 1), end(2, [])], /^line 3: something is missing before it/],
    [
      "a change",
      whole(locked(1, 1), locked(2, 2)).with(
        1,
        locked(1, 1).replace('"maxOtpAttempts":5', '"maxOtpAttempts":9'),
      ),
      /^line 4: a line was changed/,
    ],
    [
      "lines without their SHA-256",
      [header, end(0, []).replace(/,"sha256.*/, "}")],
      /^line 2: a line was changed/,
    ],
    ["two", [...whole(), header], /^line 3: there is more after the end/],
    ["a gap in a sequence", whole(locked(1, 1), locked(2, 3)), /^event 2 .*sequence is not 2/],
    ["events out of order", whole(locked(2, 1), locked(1, 2)), /^line 3: it is out of order/],
    ["sequences out of order", whole(locked(1, 2), locked(2, 1)), /^event 1 .*, sequence 2\)/],
    ["an event of the future", whole(event(1, 1, "settings.moon.set")), /^event 1 .*settings\.moon\.set/],
    ["a missing field", whole('{"event":{"position":1}}'), /^line 2: aggregate is missing/],
    [
      "a field of the future",
      whole(locked(1, 1).replace('"atMs"', '"mood":"good","atMs"')),
      /^line 2: event has the unknown field mood/,
    ],
    ["a kind of the future", whole('{"dream":{}}'), /^line 2: it is neither of event/],
  ])("refuses %s, and leaves nothing behind", async (_what, lines, message) => {
    await expect(importLines(store, given(lines))).rejects.toThrow(message);
    expect(await store.history(0, 10)).toEqual([]);
    await importLines(store, given(whole(locked(1, 1))));
  });
});
