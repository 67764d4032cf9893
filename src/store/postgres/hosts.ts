import pg from "pg";
import { hostUrls } from "../../lib/host-urls.ts";
import type { Row } from "../sql/columns.ts";
import { sqlState } from "./failures.ts";

/** How long one attempt to connect may take. */
const connectMsMax = 1_000;

/**
 * The servers of a database, of which one takes writes: a primary, and standbys of which one may take its place. `pg`
 * knows one host; here is what libpq does with several and `target_session_attrs=read-write`.
 */
export class Hosts {
  readonly #urls: readonly [string, ...string[]];
  #index = 0;

  /** @param url with the hosts separated by commas. @throws Error if it is no URL */
  constructor(url: string) {
    const urls = hostUrls(url);
    if (urls === undefined) throw new Error("the URL of the database is not valid");
    this.#urls = urls;
  }

  get count(): number {
    return this.#urls.length;
  }

  /** URL of the host that new connections go to. */
  get current(): string {
    return this.#urls[this.#index] ?? this.#urls[0];
  }

  /** New connections go to the next host from now on, unless they go to another one already. */
  leave(url: string): void {
    if (url === this.current) this.#index = (this.#index + 1) % this.count;
  }

  /** Connections to the current host. One that takes no writes is as good as none. */
  createPool(config: pg.PoolConfig): pg.Pool {
    const current = (): string => this.current;
    class CurrentHostClient extends pg.Client {
      /** The pool gives what it was configured with. */
      constructor(given: pg.ClientConfig = {}) {
        super({ ...given, connectionTimeoutMillis: connectMsMax, connectionString: current() });
      }
    }
    const pool = new pg.Pool({ ...config, Client: CurrentHostClient, onConnect: prepareConnection });
    // A connection in use was lost: its statement fails, which is enough.
    pool.on("connect", (client) => client.on("error", () => {}));
    return pool;
  }

  /** Connects to the host that takes writes, after each was tried once. @throws what the last one said */
  async connect(config: pg.ClientConfig): Promise<pg.Client> {
    for (let tried = 1; ; tried += 1) {
      const url = this.current;
      const client = new pg.Client({ ...config, connectionString: url });
      client.on("error", () => {});
      try {
        await client.connect();
        await prepareConnection(client);
        return client;
      } catch (error) {
        await client.end().catch(() => {});
        if (tried === this.count) throw error;
        this.leave(url);
      }
    }
  }
}

/**
 * Whether the server takes writes. In the same round trip, statements on this connection are bound to it: once it is
 * dropped, they end on the server within a second, where otherwise those that wait for a lock would pile up. One that
 * waits for a synchronous standby goes on: what it wrote is seen by nobody until that has it. A pooler may pass the
 * setting on to others, who lose nothing by it. Servers on some systems do not have it, nor do those
 * before 14: that they are too old is told later.
 *
 * It has a name, so that a pooler which mixes up the prepared statements of its callers is found out here, and not by
 * calls.
 */
const firstStatement = {
  name: "ringback-first",
  text: `
    SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS is_read_only,
      CASE WHEN version() ~ 'linux|darwin|bsd' AND current_setting('client_connection_check_interval', TRUE) <> ''
        THEN set_config('client_connection_check_interval', '1s', FALSE) END`,
  query_timeout: 1_000,
};

const duplicatePreparedStatement = "42P05";
const poolerNeeded =
  "the pooler in front of it does not keep prepared statements apart: PgBouncer 1.21 or newer is needed, with " +
  "max_prepared_statements of at least 100";

/** @throws Error if the server takes no writes, or a pooler is of no use */
async function prepareConnection(client: pg.ClientBase): Promise<void> {
  try {
    const { rows } = await client.query<Row>(firstStatement);
    if (rows[0]?.["is_read_only"] === true) throw new Error("the server takes no writes");
  } catch (cause) {
    throw sqlState(cause) === duplicatePreparedStatement ? new Error(poolerNeeded, { cause }) : cause;
  }
}
