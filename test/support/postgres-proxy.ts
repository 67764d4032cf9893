import { connect, createServer, type Socket } from "node:net";

/** Stands between the store and the server, and breaks their connections as it is told. */
export class PostgresProxy {
  /** Of the database, by way of the proxy. */
  readonly url: string;
  /** How many connections it was ever asked for. */
  connectionCount = 0;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets = new Set<Socket>();
  #state: "up" | "down" | "frozen" = "up";
  #onRequest: ((request: Buffer, client: Socket, server: Socket) => "forward" | "swallow") | undefined;

  constructor(server: ReturnType<typeof createServer>, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(databaseUrl: string): Promise<PostgresProxy> {
    const target = new URL(databaseUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const url = new URL(databaseUrl);
    url.host = `127.0.0.1:${address.port}`;
    const proxy = new PostgresProxy(server, url.href);
    server.on("connection", (client) => proxy.#join(client, Number(target.port), target.hostname));
    return proxy;
  }

  /** Ends every connection; new ones end at once. */
  goDown(): void {
    this.#state = "down";
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Says nothing any more, to anybody. */
  freeze(): void {
    this.#state = "frozen";
  }

  comeBack(): void {
    this.#state = "up";
  }

  /**
   * Ends the connection that brings the next batch of commits.
   *
   * @param when before the server gets it, or once it has answered, so that the answer is lost
   * @param passing how many batches pass before that one
   * @param mark what a request of that kind has in it; the name of a statement is in each message that binds it
   * @returns once that has happened
   */
  breakNextCommit(when: "before" | "after", passing = 0, mark = "ringback-commit"): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let passed = 0;
    this.#onRequest = (request, client, server) => {
      if (!request.includes(mark)) return "forward";
      passed += 1;
      if (passed <= passing) return "forward";
      this.#onRequest = undefined;
      const end = () => {
        client.destroy();
        server.destroy();
        resolve();
      };
      if (when === "before") {
        end();
        return "swallow";
      }
      server.removeAllListeners("data");
      server.once("data", end);
      return "forward";
    };
    return promise;
  }

  async close(): Promise<void> {
    this.goDown();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, port: number, host: string): void {
    this.connectionCount += 1;
    if (this.#state === "down") {
      client.destroy();
      return;
    }
    const server = connect(port, host);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (request: Buffer) => {
      if (this.#state === "frozen") return;
      if (this.#onRequest?.(request, client, server) === "swallow") return;
      server.write(request);
    });
    server.on("data", (answer) => {
      if (this.#state !== "frozen") client.write(answer);
    });
  }
}
