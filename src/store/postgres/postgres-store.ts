import type { InboxStore } from "../../app/inbox-port.ts";
import type { Outbox } from "../../app/outbox-port.ts";
import type { Found, Search, SearchRecords, SearchType, TextEquality } from "../../app/search.ts";
import type {
  AggregateRef,
  Commit,
  CommitOutcome,
  HistoryEvent,
  KeptItem,
  RowsOf,
  Store,
  StoredState,
  UniqueKey,
} from "../../app/store-port.ts";
import type { Deadline } from "../../lib/deadline.ts";
import { FailureReport } from "../../lib/failure-report.ts";
import type { Log } from "../../lib/log.ts";
import { secureRandomBytes } from "../../lib/random.ts";
import { storeBounds, type StoreBounds } from "../bounds.ts";
import { binaryColumn } from "./binary-array.ts";
import { integer, text } from "../sql/columns.ts";
import { CommitLane } from "./commit-lane.ts";
import { namesOf } from "./commit-values.ts";
import { Database, reason } from "./database.ts";
import { eventOf } from "../sql/rows.ts";
import { Gatherer } from "./gatherer.ts";
import { createInbox } from "./inbox.ts";
import { dump, restore } from "./kept.ts";
import { migrate } from "./migrate.ts";
import { createOutbox } from "./outbox.ts";
import { recordTables } from "../sql/record-tables.ts";
import { replaceRows } from "./replace-rows.ts";
import { findSql, searchSql } from "./search-sql.ts";
import { statements } from "./statements.ts";
import { fromStored, toStored } from "./stored-text.ts";

export interface PostgresStoreOptions {
  /** E.g. "postgres://user:password@host:5432/database". */
  readonly url: string;
  readonly log: Log;
  readonly bounds?: Partial<StoreBounds>;
}

/** Batches of commits that are on their way at the same time: one is written while the next is on its way. */
const commitLanes = 2;
const readLanes = 2;
const batchMax = 100;
/**
 * Each name is a lock on the server, which has room for 6,400 of them by default (max_locks_per_transaction times
 * max_connections).
 */
const namesMax = 300;
const waitingMax = 10_000;

/**
 * Opens the store that any number of servers share, and brings its database to the newest version.
 * @throws Error in plain words if the server cannot be reached, or its database not be used
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { url, log } = options;
  for (const name of await migrate(url)) log.info("the database was migrated", { migration: name });
  const bounds = { ...storeBounds, ...options.bounds };
  const database = new Database(url, log);
  const refusals = new FailureReport(
    (error) => log.error("the database cannot be written", { cause: reason(error) }),
    () => log.info("the database can be written again"),
  );
  const lanes = Array.from(
    { length: commitLanes },
    () =>
      new CommitLane(Buffer.from(secureRandomBytes(16)).toString("base64url"), database, bounds, refusals),
  );
  return new PostgresStore(database, lanes, bounds.inboxMessagesMax);
}

/** Commits and point reads that meet in time share a statement each. */
export class PostgresStore implements Store {
  readonly isShared = true as const;
  readonly outbox: Outbox;
  readonly inbox: InboxStore;
  readonly #database: Database;
  readonly #lanes: readonly CommitLane[];
  readonly #commits: Gatherer<Commit, CommitOutcome>;
  readonly #loads: Gatherer<Load, StoredState | null>;
  readonly #keys: Gatherer<UniqueKey, string | null>;
  #closed: Promise<void> | undefined;

  constructor(database: Database, lanes: readonly CommitLane[], inboxMessagesMax: number) {
    this.#database = database;
    this.#lanes = lanes;
    this.outbox = createOutbox(database);
    this.inbox = createInbox(database, inboxMessagesMax);
    this.#commits = new Gatherer({
      lanes: lanes.map((lane) => (commits, deadline) => lane.write(commits, deadline)),
      batchMax,
      waitingMax,
      namesOf,
      namesMax,
    });
    const reads = { batchMax, waitingMax };
    this.#loads = new Gatherer({
      lanes: Array.from({ length: readLanes }, () => (loads, deadline) => this.#loadAll(loads, deadline)),
      ...reads,
    });
    this.#keys = new Gatherer({
      lanes: Array.from({ length: readLanes }, () => (keys, deadline) => this.#findAll(keys, deadline)),
      ...reads,
    });
  }

  async load(aggregate: AggregateRef, known?: StoredState): Promise<StoredState | undefined> {
    return (await this.#loads.ask({ aggregate, known })) ?? undefined;
  }

  async findByKey(key: UniqueKey): Promise<string | undefined> {
    return (await this.#keys.ask(key)) ?? undefined;
  }

  async findByText<T extends SearchType>(
    type: T,
    equality: TextEquality<SearchRecords[T]>,
    limit: number,
  ): Promise<readonly string[]> {
    const { rows } = await this.#database.repeat(findSql(recordTables[type], equality, limit));
    return rows.map((row) => text(row["id"]));
  }

  async search<T extends SearchType>(type: T, search: Search<SearchRecords[T]>): Promise<Found> {
    const { rows } = await this.#database.list(searchSql(recordTables[type], search));
    const { ids, total } = rows[0] ?? {};
    if (!Array.isArray(ids)) throw new TypeError("a search found no list");
    return { ids: ids.map((id) => fromStored(text(id))), total: integer(total) };
  }

  commit(commit: Commit): Promise<CommitOutcome> {
    return this.#commits.ask(commit);
  }

  async findAnswer(key: string, nowMs: number): Promise<string | undefined> {
    const values = [toStored(key), nowMs];
    const { rows } = await this.#database.repeat({ ...statements.findAnswer, values });
    return rows[0] && text(rows[0]["sealed"]);
  }

  async history(afterPosition: number, limit: number): Promise<readonly HistoryEvent[]> {
    const settled = await this.#database.repeat({ ...statements.settledPosition, values: [] });
    const values = [afterPosition, integer(settled.rows[0]?.["position"]), limit];
    const { rows } = await this.#database.repeat({ ...statements.history, values });
    return rows.map(eventOf);
  }

  rebuild(rowsOf: RowsOf): Promise<number> {
    return this.#database.transaction((transaction) => replaceRows(transaction, rowsOf));
  }

  dump(): AsyncIterable<KeptItem> {
    return dump(this.#database);
  }

  restore(items: AsyncIterable<KeptItem>, rowsOf: RowsOf): Promise<number> {
    return restore(this.#database, items, rowsOf);
  }

  isReady(): Promise<boolean> {
    return this.#database.isReady();
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([this.#commits.drain(), this.#loads.drain(), this.#keys.drain()]);
    const ids = binaryColumn("text", this.#lanes, ({ id }) => id);
    // A row that stays goes with its day.
    await this.#database.repeat({ ...statements.removeWriters, values: [ids] }).catch(() => {});
    await this.#database.close();
  }

  /** Calls that come together want the same settings: what several ask for is looked up once. */
  async #loadAll(asked: readonly Load[], deadline: Deadline): Promise<readonly (StoredState | null)[]> {
    const placeByName = new Map<string, number>();
    const loads: Load[] = [];
    const places = asked.map((load) => {
      const { aggregate, known } = load;
      const name = `${aggregate.type}/${known?.sequence ?? 0}/${aggregate.id}`;
      const place = placeByName.get(name) ?? loads.push(load) - 1;
      placeByName.set(name, place);
      return place;
    });
    const values = [
      binaryColumn("text", loads, ({ aggregate }) => aggregate.type),
      binaryColumn("text", loads, ({ aggregate }) => aggregate.id),
      binaryColumn("bigint", loads, ({ known }) => known?.sequence ?? 0),
    ];
    const { rows } = await this.#database.repeat({ ...statements.load, values }, deadline);
    const found: (StoredState | null)[] = loads.map(() => null);
    for (const row of rows) {
      const index = integer(row["number"]) - 1;
      const isKnown = row["state"] === null;
      found[index] = isKnown
        ? (loads[index]?.known ?? null)
        : { sequence: integer(row["sequence"]), state: JSON.parse(text(row["state"])) };
    }
    return places.map((place) => found[place] ?? null);
  }

  async #findAll(keys: readonly UniqueKey[], deadline: Deadline): Promise<readonly (string | null)[]> {
    const values = [
      binaryColumn("text", keys, ({ kind }) => kind),
      binaryColumn("text", keys, ({ key }) => key),
    ];
    const { rows } = await this.#database.repeat({ ...statements.findByKey, values }, deadline);
    const found: (string | null)[] = keys.map(() => null);
    for (const row of rows) found[integer(row["number"]) - 1] = text(row["aggregate_id"]);
    return found;
  }
}

interface Load {
  readonly aggregate: AggregateRef;
  /** What the caller has of it. */
  readonly known: StoredState | undefined;
}
