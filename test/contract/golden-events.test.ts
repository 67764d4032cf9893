import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { foldRows } from "../../src/app/fold.ts";
import type { HistoryEvent, StoredRow } from "../../src/app/store-port.ts";
import { exportLines } from "../../src/app/transfer.ts";
import { evolveSession, type SessionEvent, type SessionState } from "../../src/domain/session-state.ts";
import { evolveSettings, type SettingsEvent, type SettingsState } from "../../src/domain/settings-state.ts";
import { eventTypes, upcast } from "../../src/domain/upcast.ts";
import type { UserEvent } from "../../src/domain/user-events.ts";
import { evolveUser, type UserState } from "../../src/domain/user-state.ts";
import { importedStore } from "../support/imported-store.ts";

/** What was stored by any release is read by this one. The files in the folder are never changed, only added to. */

const folder = new URL("../golden/events/", import.meta.url);
const versions = readdirSync(folder)
  .filter((name) => name.endsWith(".ndjson"))
  .map((name) => {
    const rows: readonly StoredRow[] = JSON.parse(read(name.replace(".ndjson", ".rows.json")));
    return { name, rows, lines: read(name).trimEnd().split("\n") };
  });

function read(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

const histories: readonly (readonly HistoryEvent[])[] = await Promise.all(
  versions.map(async ({ lines }) => (await importedStore(lines)).history(0, 1_000_000)),
);

describe.each(versions)("the export $name", ({ lines, rows }) => {
  it("is read whole, and gives the rows that it gave when it was written", async () => {
    const store = await importedStore(lines);
    const made: StoredRow[] = [];
    await store.rebuild(async function* (events) {
      for await (const row of foldRows(events)) {
        made.push(row);
        yield row;
      }
    });
    expect(made).toEqual(rows);
    for (const { aggregate, sequence, state } of rows) {
      expect(await store.load(aggregate)).toEqual({ sequence, state });
    }
  });

  it("is written as it was read", async () => {
    const again: string[] = [];
    for await (const line of exportLines(await importedStore(lines))) again.push(line);
    expect(again).toEqual(lines);
  });
});

describe("stored events", () => {
  it("are all there: each type that is written now has an example", () => {
    const found = new Set(histories.flat().map(({ type }) => type));
    const written = Object.values(eventTypes).flatMap((types) => Object.keys(types));
    expect(written.filter((type) => !found.has(type))).toEqual([]);
  });

  it("go through every step from an older type to the present one", () => {
    const steps = {
      "user.nickname.set.v0": ({ nick }: { nick?: string }) => ({
        type: "user.nickname.set",
        data: { nickName: nick ?? "" },
      }),
      "user.nickname.set": (data: object) => ({
        type: "user.human.profile.changed",
        data: { givenName: "", familyName: "", displayName: "", preferredLanguage: "", gender: 0, ...data },
      }),
    };
    const stored = { type: "user.nickname.set.v0", data: { nick: "Countess" } };
    const state = evolveUser(undefined, added, "ada", 1);
    expect(evolveUser(state, upcast("user", stored, steps), "ada", 2).profile.nickName).toBe("Countess");
    expect(() => upcast("user", stored)).toThrow(/does not know events of the type user\.nickname\.set\.v0/);
  });

  it.each(["user.moon.landed", "session.added", "constructor"])(
    "of the unknown type %s are refused",
    async (type) => {
      expect(() => upcast("user", { type, data: {} })).toThrow(`events of the type ${type}`);
      const event = {
        position: 9,
        aggregate: { type: "user", id: "ada" },
        sequence: 1,
        atMs: 1,
        data: {},
      } as const;
      const events = async function* () {
        yield { ...event, type };
      };
      await expect(foldRows(events()).next()).rejects.toThrow(
        /^event 9 \(user ada, sequence 1\): this version does not know events/,
      );
    },
  );
});

const added: UserEvent = {
  type: "user.machine.added",
  data: { resourceOwner: "default", userName: "robot", name: "Robot" },
};

/** A release beside a newer one, on one database, folds its events into states that the newer one wrote. */
describe("a field of a state that this release does not know", () => {
  const future = { kept: ["by", 1] };
  const cases = histories.flatMap((events) => {
    const fold = new Map<string, object>();
    return events.map((event) => {
      const name = `${event.aggregate.type}/${event.aggregate.id}`;
      const before = fold.get(name);
      const after = evolve(before, event);
      fold.set(name, after);
      return { name, type: event.type, event, before };
    });
  });
  const later = cases.flatMap((each) =>
    each.before === undefined ? [] : [{ ...each, before: each.before }],
  );

  it.each(later)("stays when $type happens to $name", ({ type, event, before }) => {
    const after = evolve({ ...before, future }, event);
    // Nothing that could tell of a person stays of a user who is gone, or of a session.
    const isErased = type === "user.removed" || type === "session.terminated";
    expect(Reflect.get(after, "future")).toEqual(isErased ? undefined : future);
    expect({ ...after, future: undefined }).toEqual({ ...evolve(before, event), future: undefined });
  });

  it.each(later.filter(({ name }) => name.startsWith("user/")))(
    "stays with the number when $type happens to $name",
    ({ type, event, before }) => {
      const { phone, ...rest } = before as UserState; // the fold of a user
      if (phone === undefined || type === "user.removed") return;
      const { phone: after } = evolve({ ...rest, phone: { ...phone, future } }, event) as UserState;
      const isReplaced = type === "user.human.phone.changed" || type === "user.human.phone.removed";
      expect(Reflect.get(after ?? {}, "future")).toEqual(isReplaced ? undefined : future);
    },
  );
});

function evolve(
  before: object | undefined,
  { aggregate: { type, id }, sequence, atMs, ...event }: HistoryEvent,
): object {
  switch (type) {
    case "user":
      return evolveUser(before as UserState | undefined, event as UserEvent, id, atMs);
    case "session":
      return evolveSession(before as SessionState | undefined, event as SessionEvent, id, atMs);
    case "organization":
    case "instance":
      return evolveSettings(before as SettingsState | undefined, event as SettingsEvent, id, atMs, sequence);
  }
}
