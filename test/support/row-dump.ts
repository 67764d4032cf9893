import { DatabaseSync } from "node:sqlite";
import type { Store } from "../../src/app/store-port.ts";
import { userKind } from "../../src/app/user-kind.ts";
import type { UserState } from "../../src/domain/user-state.ts";

/** All that the port tells of the rows. */
export async function dumpOf(store: Store) {
  const events = await store.history(0, 1_000_000);
  const aggregates = new Map(
    events.map(({ aggregate: { type, id } }) => [`${type}/${id}`, { type, id }] as const),
  );
  const states: string[] = [];
  const holders: unknown[] = [];
  for (const aggregate of aggregates.values()) {
    const stored = await store.load(aggregate);
    states.push(JSON.stringify([aggregate, stored]));
    if (aggregate.type === "user" && stored !== undefined) {
      for (const key of userKind.keys?.of(stored.state as UserState) ?? []) {
        holders.push([key, await store.findByKey(key)]);
      }
    }
  }
  const page = { where: { kind: "all", of: [] }, order: "ascending", offset: 0, limit: 1_000_000 } as const;
  const users = ["id", "changedMs", "phone", "userName", "email", "status", "schemaId"] as const;
  const sessions = ["id", "changedMs", "userId", "creatorId", "fingerprintId", "expiresMs"] as const;
  const lists = [
    ...(await Promise.all(users.map((sortBy) => store.search("user", { ...page, sortBy })))),
    ...(await Promise.all(sessions.map((sortBy) => store.search("session", { ...page, sortBy })))),
  ];
  return { events: events.length, states, holders, lists };
}

/** The rows as they are on the disk, but for their numbers: in their place is whose they are. */
export function rawDumpOf(file: string): Record<string, unknown> {
  using database = new DatabaseSync(file, { readOnly: true });
  const read = (table: string) => database.prepare(`SELECT * FROM ${table}`).all();
  const owners = new Map(
    read("states").map((row) => [row["number"], `${row["aggregate_type"]}/${row["aggregate_id"]}`]),
  );
  const tables = ["events", "states", "unique_keys", "user_records", "session_records"];
  return Object.fromEntries(
    tables.map((table) => [
      table,
      read(table)
        .map(({ number, ...row }) => JSON.stringify({ owner: owners.get(number ?? null), ...row }))
        .toSorted(),
    ]),
  );
}
