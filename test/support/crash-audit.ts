import { copyFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import type { HistoryEvent } from "../../src/app/ports.ts";
import { evolveUser, type UserState } from "../../src/domain/user.ts";
import type { UserEvent } from "../../src/domain/user-events.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openSqliteStore, type SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { ExpectedEvent, Journal } from "./crash-load.ts";
import type { Receiver } from "./crash-receiver.ts";
import { createStoreFolder } from "./store-folder.ts";

export interface AuditOptions {
  /** The database file of a server that does not run. */
  readonly file: string;
  readonly journals: readonly Journal[];
  readonly receiver: Pick<Receiver, "taken">;
  /** Whether a message may be given up because it may have been sent; none may if it is left out. */
  readonly mayBeGivenUp?: boolean;
  /** Whether a call without an answer may have been carried out. */
  readonly cutCalls: "may be there" | "are not there";
  /** Whether a message may still wait. */
  readonly messages: "may wait" | "are settled";
}

interface OutboxRow {
  readonly outcome: string | null;
  readonly reason: string | null;
}

/**
 * Holds what the file says against what callers were told, and what the webhook got. It looks at a copy, so
 * that the next server finds the file as the last one left it.
 * @returns everything that does not fit
 */
export async function audit(options: AuditOptions): Promise<readonly string[]> {
  const folder = await createStoreFolder();
  const copy = join(folder.path, "db");
  for (const suffix of ["", "-wal"]) {
    if (existsSync(options.file + suffix)) await copyFile(options.file + suffix, copy + suffix);
  }
  const store = await openSqliteStore({ file: copy, log: silentLog });
  try {
    const histories = Map.groupBy(store.history(0, 1_000_000), ({ aggregate }) => aggregate.id);
    const outbox = readOutbox(copy);
    return [
      ...[...histories].flatMap(([userId, events]) => checkFold(store, userId, events)),
      ...options.journals.flatMap((journal) =>
        checkJournal(journal, histories.get(journal.userId) ?? [], options),
      ),
      ...checkMessages(store, histories, outbox, options),
    ];
  } finally {
    await store.close();
    await folder.remove();
  }
}

/** What waits in the outbox of a server, which may be running. */
export function waitingMessages(file: string): number {
  return [...readOutbox(file).values()].filter(({ outcome }) => outcome === null).length;
}

function readOutbox(file: string): ReadonlyMap<string, OutboxRow> {
  using database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare("SELECT message_id, outcome, reason FROM outbox").all();
  const orNull = (value: unknown): string | null => (typeof value === "string" ? value : null);
  return new Map(
    rows.map((row) => [
      String(row["message_id"]),
      { outcome: orNull(row["outcome"]), reason: orNull(row["reason"]) },
    ]),
  );
}

function checkFold(store: SqliteStore, userId: string, events: readonly HistoryEvent[]): string[] {
  const complaints: string[] = [];
  if (events.some(({ sequence }, index) => sequence !== index + 1)) {
    complaints.push(`${userId}: gap in the sequences ${events.map(({ sequence }) => sequence)}`);
  }
  const folded = events.reduce<UserState | undefined>(
    (user, event) => evolveUser(user, userEvent(event), userId, event.atMs),
    undefined,
  );
  if (
    !isDeepStrictEqual(store.load({ type: "user", id: userId }), { sequence: events.length, state: folded })
  ) {
    complaints.push(`${userId}: the state is not the fold of the ${events.length} events`);
  }
  if (store.findByKey({ kind: "user_name", key: `default:${folded?.userName}` }) !== userId) {
    complaints.push(`${userId}: not found by name`);
  }
  return complaints;
}

function checkJournal(
  { userId, written, told, cut }: Journal,
  events: readonly HistoryEvent[],
  { cutCalls }: AuditOptions,
): string[] {
  const found = events.filter(({ type }) => type !== "user.human.phone.code.sent").map(expectedOf);
  const isKnown = isDeepStrictEqual(found, written);
  const isWithCut = cutCalls === "may be there" && isDeepStrictEqual(found, [...written, ...cut]);
  const complaints = told
    .filter(
      ({ sequence, event }) =>
        !isDeepStrictEqual(events.slice(sequence - 1, sequence).map(expectedOf), [event]),
    )
    .map(
      ({ sequence, event }) => `${userId}: event ${sequence} is not the ${event.type} that was acknowledged`,
    );
  if (!isKnown && !isWithCut) {
    complaints.push(`${userId}: wanted ${typesOf(written)} [${typesOf(cut)}], found ${typesOf(found)}`);
  }
  return complaints;
}

function checkMessages(
  store: SqliteStore,
  histories: ReadonlyMap<string, readonly HistoryEvent[]>,
  outbox: ReadonlyMap<string, OutboxRow>,
  { receiver, messages, mayBeGivenUp = false }: AuditOptions,
): string[] {
  const complaints: string[] = [];
  const toBeSent = new Set<string>();
  for (const [userId, events] of histories) {
    const state = store.load({ type: "user", id: userId })?.state;
    const current = (state as UserState | undefined)?.phone?.code?.challengeId; // the fold was compared with it
    const sent = new Set<string>();
    for (const event of events.map(userEvent)) {
      if (event.type !== "user.human.phone.code.sent") continue;
      const id = event.data.challengeId;
      if (sent.has(id)) complaints.push(`message ${id}: recorded as sent twice`);
      sent.add(id);
    }
    for (const event of events.map(userEvent)) {
      if (event.type !== "user.human.phone.code.added" || event.data.returned) continue;
      const id = event.data.challengeId;
      toBeSent.add(id);
      const row = outbox.get(id);
      const fits =
        row !== undefined &&
        (row.outcome === "sent") === sent.has(id) &&
        (row.outcome !== "sent" || receiver.taken.has(id)) &&
        (row.outcome !== "skipped" || id !== current) &&
        (row.outcome !== "dead" ||
          (mayBeGivenUp && row.reason?.startsWith("it may have been sent") === true)) &&
        (row.outcome !== null || messages === "may wait");
      if (!fits) complaints.push(`message ${id}: ${JSON.stringify(row)}, taken: ${receiver.taken.has(id)}`);
    }
  }
  for (const id of [...outbox.keys(), ...receiver.taken.keys()]) {
    if (!toBeSent.has(id)) complaints.push(`message ${id}: nobody asked for it`);
  }
  // Each number is used once, so two keys for one number are one code under two keys.
  for (const [recipient, deliveries] of Map.groupBy(receiver.taken.values(), (each) => each.recipient)) {
    if (deliveries.length > 1) complaints.push(`${recipient}: ${deliveries.length} different messages`);
  }
  return complaints;
}

/** The store gives back what was committed for a user. */
function userEvent({ type, data }: HistoryEvent): UserEvent {
  return { type, data } as UserEvent;
}

function expectedOf(event: HistoryEvent): ExpectedEvent {
  const { type, data } = userEvent(event);
  return {
    type,
    ...("phone" in data && data.phone !== undefined ? { phone: data.phone } : {}),
    ...("returned" in data ? { returned: data.returned } : {}),
  };
}

function typesOf(events: readonly ExpectedEvent[]): string {
  return events.map(({ type }) => type.replace("user.human.", "")).join(" ");
}
