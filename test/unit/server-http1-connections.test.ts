import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "@jest/globals";
import type { Limits } from "../../src/server/limits.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { echoTls } from "../support/echo-tls.ts";

/** Which connections of HTTP/1.1 the server keeps, and which it lets go. */

let server: EchoServer;

async function start(limits: Partial<Limits>, isTls: boolean): Promise<EchoServer> {
  server = await startEchoServer({ limits, ...(isTls ? { tls: echoTls } : {}) });
  return server;
}

afterEach(() => server.shutdown(0));

interface Connection {
  readonly tcp: Socket;
  /** The same, or TLS over it. Nobody reads. */
  readonly socket: Socket;
  /** Resolves with false where the connection is turned away. */
  readonly isOpen: Promise<boolean>;
}

function open({ port }: EchoServer, isTls: boolean): Connection {
  const tcp = connect(port, "127.0.0.1").on("error", () => {});
  const socket = isTls ? connectTls({ socket: tcp, ca: echoTls.cert }).on("error", () => {}) : tcp;
  const isOpen = new Promise<boolean>((resolve) => {
    socket.once(isTls ? "secureConnect" : "connect", () => resolve(true));
    socket.once("close", () => resolve(false));
  });
  return { tcp, socket, isOpen };
}

const getUser = "GET /v2/users/7 HTTP/1.1\r\nhost: localhost\r\n\r\n";

/** A stream of messages, whose request has this message. */
function stream(path: string, message: string): string {
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/connect+json\r\n`;
  const frame = `\0\0\0\0${String.fromCharCode(message.length)}${message}`;
  return `${head}content-length: ${frame.length}\r\n\r\n${frame}`;
}

/** @returns the first of the answer; nothing where the connection is turned away */
async function ask(connection: Connection, request: string): Promise<string> {
  if (!(await connection.isOpen)) return "";
  const { socket } = connection;
  socket.write(request);
  const answered = once(socket, "data").then(([chunk]) => String(chunk));
  return Promise.race([answered, once(socket, "close").then(() => "")]);
}

describe.each([
  ["cleartext", false],
  ["TLS", true],
])("over %s", (_name, isTls) => {
  it("lets a client go that broke off before its answer", async () => {
    await start({ http1WriteTimeoutMs: 50, connectionsMax: 1 }, isTls);
    // There is one place: whoever comes while it is taken is turned away.
    for (let clients = 0; clients < 5; clients++) {
      let place = open(server, isTls);
      for (let tries = 0; tries < 1_000 && !(await place.isOpen); tries++) place = open(server, isTls);
      place.socket.write(getUser);
      place.tcp.resetAndDestroy();
    }
    let answer = "";
    for (let tries = 0; answer === "" && tries < 1_000; tries++) {
      const client = open(server, isTls);
      answer = await ask(client, getUser);
      client.tcp.destroy();
    }
    expect(answer).toContain("200 OK");
  });

  it("lets a client go that does not read, and keeps one to which there is nothing to say", async () => {
    await start({ http1WriteTimeoutMs: 50 }, isTls);
    const silent = open(server, isTls);
    expect(await ask(silent, stream("/grpc.health.v1.Health/Watch", "{}"))).toContain("200 OK");
    const deaf = open(server, isTls);
    await deaf.isOpen;
    deaf.socket.write(stream("/ringback.inbox.v1.InboxService/WatchMessages", "{}"));
    expect(await server.watchEnded).toBe(true);
    deaf.tcp.destroy();
    expect(silent.socket.readyState).toBe("open");
    silent.tcp.destroy();
  });
});
