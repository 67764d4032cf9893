import { copyFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { MessageRecord } from "../../src/app/outbox-port.ts";
import type { HistoryEvent, Store, StoredState } from "../../src/app/store-port.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { type Evidence, findDefects } from "./crash-checker.ts";
import { codeAdded } from "./crash-timeline.ts";
import { createStoreFolder } from "./store-folder.ts";

/** What a store cannot tell. */
export type OutsideEvidence = Pick<Evidence, "calls" | "taken" | "messagesMayWait" | "mayBeGivenUp">;

const pageMax = 10_000;

/** Reads everything that a store tells. Nobody writes meanwhile. */
export async function gatherEvidence(store: Store, outside: OutsideEvidence): Promise<Evidence> {
  const events = await readHistory(store);
  const aggregates = new Map(events.map(({ aggregate }) => [aggregate.id, aggregate]));
  const rows = new Map<string, StoredState>();
  const names = new Map<string, string>();
  for (const aggregate of aggregates.values()) {
    const row = await store.load(aggregate);
    if (row === undefined) continue;
    rows.set(aggregate.id, row);
    if (aggregate.type !== "user" || !("userName" in row.state)) continue;
    const name = String(row.state.userName);
    const holder = await store.findByKey({ kind: "user_name", key: `default:${name}` });
    if (holder !== undefined) names.set(name, holder);
  }
  const messages = new Map<string, MessageRecord>();
  for (const { data } of events) {
    const message = "returned" in data ? await store.outbox.find(codeAdded(data).challengeId) : undefined;
    if (message !== undefined) messages.set(message.id, message);
  }
  return { ...outside, events, rows, names, messages };
}

/**
 * Holds the database file of a server that does not run against what callers were told, and what the webhook got.
 * Looks at a copy, so that the next server finds the file as the last one left it.
 *
 * @returns everything that does not fit
 */
export async function auditFile(file: string, outside: OutsideEvidence): Promise<readonly string[]> {
  const folder = await createStoreFolder();
  const copy = join(folder.path, "db");
  for (const suffix of ["", "-wal"]) {
    if (existsSync(file + suffix)) await copyFile(file + suffix, copy + suffix);
  }
  const store = await openSqliteStore({ file: copy, log: silentLog });
  try {
    return findDefects(await gatherEvidence(store, outside));
  } finally {
    await store.close();
    await folder.remove();
  }
}

/** How many messages wait in a database file, whose server may be running. */
export function waitingMessages(file: string): number {
  using database = new DatabaseSync(file, { readOnly: true });
  const row = database.prepare("SELECT count(*) AS waiting FROM outbox WHERE outcome IS NULL").get();
  return Number(row?.["waiting"]);
}

async function readHistory(store: Store): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for (;;) {
    const page = await store.history(events.at(-1)?.position ?? 0, pageMax);
    events.push(...page);
    if (page.length < pageMax) return events;
  }
}
