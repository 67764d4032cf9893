import { once } from "node:events";
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { preface } from "../http2/frames.ts";
import type { Log } from "../lib/log.ts";
import { serveHttp1 } from "./http1-connections.ts";
import { serveHttp2 } from "./http2-connections.ts";
import type { Limits } from "./limits.ts";
import type { RequestListener } from "./request-listener.ts";
import type { UnaryPath } from "./unary/path.ts";

export interface OnePortOptions {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  /** PEM. Without it the port speaks cleartext. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly limits: Limits;
  readonly log: Log;
}

export interface OnePort {
  readonly port: number;
  /**
   * Takes no more connections, and ends each open one as soon as its calls are answered (HTTP/2: GOAWAY).
   * Resolves once the last one is closed.
   * @param lastRequestMs how long an HTTP/1.1 connection without a request is kept for one that is on its way
   */
  drain(lastRequestMs: number): Promise<void>;
  /** Ends all connections now. */
  destroy(): void;
}

/**
 * Serves HTTP/1.1 and HTTP/2 on one port: with TLS the client chooses by ALPN, without by its first bytes
 * (HTTP/2 with prior knowledge, RFC 9113 section 3.3).
 * @param onRequest gets what the unary path does not understand.
 * @throws what `listen` throws, e.g. EADDRINUSE.
 */
export async function openPort(
  options: OnePortOptions,
  unaryPath: UnaryPath,
  onRequest: RequestListener,
): Promise<OnePort> {
  const { limits, log, tls } = options;
  const http1 = serveHttp1(limits, unaryPath, onRequest, log);
  const http2 = serveHttp2(limits, unaryPath, onRequest, log);
  const hand = (socket: Socket, isHttp2: boolean): void => (isHttp2 ? http2 : http1).take(socket);

  const tcpOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.tcpKeepAliveMs };
  const front =
    tls === undefined
      ? createTcpServer(tcpOptions, (socket) => {
          sniff(socket, limits.handshakeTimeoutMs, (isHttp2) => hand(socket, isHttp2));
        })
      : createTlsServer(
          {
            ...tcpOptions,
            ...tls,
            ALPNProtocols: ["h2", "http/1.1"],
            handshakeTimeout: limits.handshakeTimeoutMs,
          },
          (socket) => {
            socket.on("error", logSocketError);
            hand(socket, socket.alpnProtocol === "h2");
          },
        );
  front.maxConnections = limits.connectionsMax;

  const sockets = new Set<Socket>();
  front.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", logSocketError);
  });
  front.on("tlsClientError", logSocketError);

  front.listen(options.port, options.host);
  await once(front, "listening");
  front.on("error", (error) => log.error("the listening socket failed", { error }));

  return {
    port: portOf(front),
    async drain(lastRequestMs) {
      const closed = once(front, "close");
      front.close();
      // Those that have said nothing yet; whoever is in the middle of a handshake has its time-out.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      http1.drain(lastRequestMs);
      http2.drain();
      await closed;
      http1.close();
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };

  function logSocketError(error: Error): void {
    log.debug("a connection failed", { error });
  }
}

/**
 * Reads until it is clear whether the client speaks HTTP/2, and puts what was read back.
 * Reading by "data" instead of "readable" would leave the socket flowing; and one that was paused then stays so,
 * whoever listens.
 */
function sniff(socket: Socket, timeoutMs: number, found: (isHttp2: boolean) => void): void {
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  socket.once("close", () => clearTimeout(timer));
  let seen = Buffer.alloc(0);
  socket.on("readable", onReadable);

  function onReadable(): void {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, preface.length);
    const isHttp2 = preface.compare(seen, 0, length, 0, length) === 0;
    if (isHttp2 && length < preface.length) return;
    clearTimeout(timer);
    socket.off("readable", onReadable);
    socket.unshift(seen);
    // The listener to "close" would hold on to it for as long as the connection lasts.
    seen = Buffer.alloc(0);
    found(isHttp2);
  }
}

function portOf(server: TcpServer): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
