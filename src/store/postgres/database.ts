import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { StoreUnavailableError } from "../../app/store-port.ts";
import { Deadline } from "../../lib/deadline.ts";
import { errorMessage } from "../../lib/error-message.ts";
import { FailureReport } from "../../lib/failure-report.ts";
import type { Log } from "../../lib/log.ts";
import type { Row } from "../sql/columns.ts";
import { asUnavailable, isConnectionLost } from "./failures.ts";
import { askMsMax, Gatherer } from "./gatherer.ts";
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
/** Of them, those that lists may have at the same time: commits and point reads have the others. */
const listConnectionsMax = 3;
/** So much earlier than its caller the server gives a list up, so that the caller still hears of it. */
const listMarginMs = 100;
const waitingMax = 10_000;
const idleMs = 30_000;
const reconnectMsMin = 25;
const reconnectMsMax = 250;
const readyMsMax = 1_000;

/** The connections to a PostgreSQL server. Every statement is a transaction of its own: nothing is kept in a session. */
export class Database {
  readonly #hosts: Hosts;
  readonly #pool: pg.Pool;
  readonly #lists: Gatherer<Query, pg.QueryResult<Row>>;
  readonly #failures: FailureReport;

  /** @param url may name several hosts; see `Hosts` */
  constructor(url: string, log: Log) {
    this.#failures = new FailureReport(
      (error) => log.error("the database cannot be reached", { cause: reason(error) }),
      () => log.info("the database can be reached again"),
    );
    this.#hosts = new Hosts(url);
    this.#pool = this.#hosts.createPool({
      max: connectionsMax,
      idleTimeoutMillis: idleMs,
      keepAlive: true,
      application_name: "ringback",
      types: { getTypeParser },
    });
    // An idle connection was lost, and the pool has dropped it already. Whoever takes the next one sees what is wrong.
    this.#pool.on("error", () => {});
    this.#lists = new Gatherer({
      lanes: Array.from(
        { length: listConnectionsMax },
        () => (queries, deadline) => Promise.all(queries.map((query) => this.#list(query, deadline))),
      ),
      batchMax: 1,
      waitingMax,
    });
  }

  /**
   * Carries out a statement by key that may be repeated: after the connection is lost it is, while there is time.
   * @throws StoreUnavailableError
   */
  repeat(query: Query, deadline = new Deadline(askMsMax)): Promise<pg.QueryResult<Row>> {
    return this.#repeat((client) => new Connection(client).query(query, deadline), deadline);
  }

  /**
   * Carries out a statement that reads and may look at many rows. Slow ones wait for each other, and for nothing else
   * does anybody wait because of them.
   * @throws StoreUnavailableError
   */
  list(query: Query): Promise<pg.QueryResult<Row>> {
    return this.#lists.ask(query);
  }

  /**
   * Gives a connection, for one statement.
   * @throws StoreUnavailableError
   */
  async connect(deadline: Deadline): Promise<Connection> {
    return new Connection(await this.#client(deadline));
  }

  /** Carries out all of what is asked there, or none. */
  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const transaction = await this.begin("BEGIN");
    try {
      const result = await work(transaction);
      await transaction.commit();
      return result;
    } finally {
      transaction.end();
    }
  }

  /** @param begin the statement that begins it; it must be ended. @throws StoreUnavailableError */
  async begin(begin: string): Promise<Transaction> {
    return this.#repeat(async (client) => {
      const transaction = new Transaction(client);
      try {
        await client.query(begin);
        return transaction;
      } catch (error) {
        transaction.end();
        throw error;
      }
    }, new Deadline(askMsMax));
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
    await this.#lists.drain();
    await this.#pool.end();
  }

  #list(query: Query, deadline: Deadline): Promise<pg.QueryResult<Row>> {
    return this.#repeat((client) => new Connection(client).list(query, deadline), deadline);
  }

  /** @param work that may be repeated once its connection was lost, and lets go of it then */
  async #repeat<T>(work: (client: pg.PoolClient) => Promise<T>, deadline: Deadline): Promise<T> {
    for (;;) {
      const client = await this.#client(deadline);
      try {
        const answer = await work(client);
        this.#failures.works();
        return answer;
      } catch (error) {
        if (!isConnectionLost(error) || deadline.isOver) throw asUnavailable(error);
      }
    }
  }

  /** Tries again and again while there is time. @throws StoreUnavailableError */
  async #client(deadline: Deadline): Promise<pg.PoolClient> {
    if (this.#pool.waitingCount >= waitingMax) {
      throw new StoreUnavailableError(`the store is busy: ${waitingMax} statements are waiting`);
    }
    for (let pauseMs = reconnectMsMin; ; pauseMs = Math.min(reconnectMsMax, pauseMs * 2)) {
      try {
        return await this.#take(deadline);
      } catch (error) {
        if (deadline.remainingMs <= pauseMs) throw asUnavailable(error);
      }
      await wait(pauseMs);
    }
  }

  /** @throws StoreUnavailableError if no connection was free in time, or else what kept a new one from being made */
  async #take(deadline: Deadline): Promise<pg.PoolClient> {
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), deadline.remainingMs);
    const connecting = this.#connect();
    const client = await Promise.race([connecting, late.promise]).finally(() => clearTimeout(timer));
    if (client !== "late") return client;
    connecting.then(
      (unwanted) => unwanted.release(),
      () => {},
    );
    throw new StoreUnavailableError("the store is busy: no connection was free in time; nothing was changed");
  }

  /** The pool waits for a free connection without an end, so this fails only where a server cannot be reached. */
  async #connect(): Promise<pg.PoolClient> {
    const host = this.#hosts.current;
    try {
      return await this.#pool.connect();
    } catch (error) {
      this.#hosts.leave(host);
      this.#failures.failed(error);
      throw error;
    }
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

  query(query: Query, deadline: Deadline): Promise<pg.QueryResult<Row>> {
    return this.#use((ask) => ask(query), deadline);
  }

  /**
   * A server goes on with a statement whose caller has given up, and slow lists would pile up there: so it is told how
   * long a list may take. That needs a transaction, and with it two round trips. Behind PgBouncer nothing else holds for
   * this statement and no other: a setting of the session would be left to somebody else, one at the start of a
   * connection is refused, and a request to cancel may reach another pooler than the statement did. Statements by key
   * do without: they can only wait for locks, and `Hosts` sees to those as well as it can.
   */
  list(query: Query, deadline: Deadline): Promise<pg.QueryResult<Row>> {
    return this.#use(async (ask) => {
      const listMs = Math.max(1, deadline.remainingMs - listMarginMs);
      await ask({ text: `BEGIN READ ONLY; SET LOCAL statement_timeout = ${listMs}`, values: [] });
      const result = await ask(query);
      await ask({ text: "COMMIT", values: [] });
      return result;
    }, deadline);
  }

  /** A connection that a statement failed on is not used again. */
  async #use<T>(
    work: (ask: (query: Query) => Promise<pg.QueryResult<Row>>) => Promise<T>,
    deadline: Deadline,
  ): Promise<T> {
    let failure: unknown;
    try {
      return await work(({ values, ...statement }) => {
        const bound = { query_timeout: Math.max(1, deadline.remainingMs) };
        return this.#client.query<Row>({ ...statement, ...bound, values: [...values] });
      });
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
  return errorMessage(error);
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
