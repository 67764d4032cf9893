import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { StoreUnavailableError } from "../../app/ports.ts";
import { Deadline } from "../../lib/deadline.ts";
import type { Log } from "../../lib/log.ts";
import type { Row } from "../sql/columns.ts";
import { asUnavailable, isConnectionLost, isPlanOld } from "./failures.ts";
import { Hosts } from "./hosts.ts";
import type { Statement } from "./statements.ts";
import { fromStored } from "./stored-text.ts";

/** A statement and its parameters; one without a name is planned for its values. */
export interface Query extends Omit<Statement, "name"> {
  readonly name?: string;
  readonly values: readonly unknown[];
}

/** Of each replica; a pooler in front of the server shares them out. */
export const connectionsMax = 10;
const waitingMax = 10_000;
const idleMs = 30_000;
/** How long one attempt to connect may take. */
const connectMsMax = 1_000;
const reconnectMsMin = 25;
const reconnectMsMax = 250;
/** How long a read may take, with everything that it waits for. */
export const readMsMax = 3_000;
const readyMsMax = 1_000;

/** The connections to a PostgreSQL server. Every statement is a transaction of its own: nothing is kept in a session. */
export class Database {
  readonly #hosts: Hosts;
  readonly #pool: pg.Pool;
  readonly #log: Log;
  #isFailing = false;

  /** @param url may name several hosts; see `Hosts` */
  constructor(url: string, log: Log) {
    this.#log = log;
    this.#hosts = new Hosts(url);
    this.#pool = this.#hosts.createPool({
      max: connectionsMax,
      connectionTimeoutMillis: connectMsMax,
      idleTimeoutMillis: idleMs,
      keepAlive: true,
      application_name: "ringback",
      types: { getTypeParser },
    });
    // An idle connection was lost: the pool has dropped it already.
    this.#pool.on("error", (error) => this.#report(error));
  }

  /**
   * Carries out a statement that may be repeated: after the connection is lost, or has an old plan, it is, while there
   * is time.
   * @throws StoreUnavailableError
   */
  async repeat(query: Query, deadline = new Deadline(readMsMax)): Promise<pg.QueryResult<Row>> {
    for (;;) {
      const client = await this.connect(deadline);
      try {
        return await client.query(query, deadline);
      } catch (error) {
        if (!(isConnectionLost(error) || isPlanOld(error)) || deadline.isOver) throw asUnavailable(error);
      }
    }
  }

  /**
   * Gives a connection, for one statement: tries again and again while there is time.
   * @throws StoreUnavailableError
   */
  async connect(deadline: Deadline): Promise<Connection> {
    if (this.#pool.waitingCount >= waitingMax) {
      throw new StoreUnavailableError(`the store is busy: ${waitingMax} statements are waiting`);
    }
    for (let pauseMs = reconnectMsMin; ; pauseMs = Math.min(reconnectMsMax, pauseMs * 2)) {
      const host = this.#hosts.current;
      try {
        const client = await this.#pool.connect();
        this.#report(undefined);
        return new Connection(client);
      } catch (error) {
        this.#hosts.leave(host);
        this.#report(error);
        if (deadline.remainingMs <= pauseMs) throw asUnavailable(error);
      }
      await wait(pauseMs);
    }
  }

  /** Carries out all of them or none. */
  async transaction(queries: Iterable<Query> | AsyncIterable<Query>): Promise<void> {
    const transaction = await this.begin("BEGIN");
    try {
      for await (const query of queries) await transaction.query(query);
      await transaction.commit();
    } finally {
      transaction.end();
    }
  }

  /** @param begin the statement that begins it; it must be ended */
  async begin(begin: string): Promise<Transaction> {
    const client = await this.#pool.connect();
    const transaction = new Transaction(client);
    try {
      await client.query(begin);
      return transaction;
    } catch (error) {
      transaction.end();
      throw error;
    }
  }

  /** Whether a write would be taken at this moment. */
  async isReady(): Promise<boolean> {
    try {
      const text =
        "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' AS is_ready";
      const { rows } = await this.repeat({ text, values: [] }, new Deadline(readyMsMax));
      return rows[0]?.["is_ready"] === true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Once when it begins to fail, once when it works again. */
  #report(error: unknown): void {
    if (this.#isFailing === (error !== undefined)) return;
    this.#isFailing = error !== undefined;
    if (error === undefined) this.#log.info("the database can be reached again");
    else this.#log.error("the database cannot be reached", { cause: reason(error) });
  }
}

/** A connection for several statements, which count together or not at all. */
export class Transaction {
  readonly #client: pg.PoolClient;
  #isCommitted = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  query({ values, ...statement }: Query): Promise<pg.QueryResult<Row>> {
    return this.#client.query<Row>({ ...statement, values: [...values] });
  }

  /** @throws StoreUnavailableError if the answer was lost; an error of the server means that nothing was changed */
  async commit(): Promise<void> {
    try {
      await this.#client.query("COMMIT");
    } catch (cause) {
      if (!isConnectionLost(cause)) throw cause;
      const message =
        "the connection was lost at the end: all of it was written, or nothing; look before you repeat it";
      throw new StoreUnavailableError(message, { cause, outcome: "unknown" });
    }
    this.#isCommitted = true;
  }

  /** Undoes what is not committed: its connection is not used again. */
  end(): void {
    this.#client.release(!this.#isCommitted);
  }
}

/** A connection for one statement. */
export class Connection {
  readonly #client: pg.PoolClient;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  /** A connection that the statement failed on is not used again. */
  async query({ values, ...statement }: Query, deadline: Deadline): Promise<pg.QueryResult<Row>> {
    let failure: unknown;
    try {
      const bound = { query_timeout: Math.max(1, deadline.remainingMs) };
      return await this.#client.query<Row>({ ...statement, ...bound, values: [...values] });
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      this.#client.release(failure !== undefined);
    }
  }
}

/** For people who read a log: without anything from a statement. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join("; ");
  return error instanceof Error ? error.message : String(error);
}

const bigintOid = 20;
const textOid = 25;

/**
 * Integers of 64 bits hold times, counts and numbers of ours: none is beyond 2^53. Texts are what was stored, before
 * it was written as PostgreSQL can keep it.
 */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") => {
  switch (oid) {
    case bigintOid:
      return Number;
    case textOid:
      return fromStored;
    default:
      return pg.types.getTypeParser(oid, format);
  }
};
