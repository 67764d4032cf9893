import { once } from "node:events";
import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from "node:http";
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Session,
} from "node:http2";
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import type { Log } from "../lib/log.ts";
import type { RequestListener } from "./http.ts";
import type { Limits } from "./limits.ts";
import { Http1Exchange, Http2Exchange } from "./unary/exchange.ts";
import type { UnaryPath } from "./unary/path.ts";

export interface OnePortOptions {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly limits: Limits;
  readonly log: Log;
}

export interface OnePort {
  readonly port: number;
  /**
   * Takes no more connections, and ends each open one as soon as its calls are answered (HTTP/2: GOAWAY).
   * Resolves once the last one is closed.
   */
  drain(): Promise<void>;
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
  const http1 = serveHttp1(limits, (request, response) => {
    const exchange = new Http1Exchange(request, response, tls === undefined ? "http" : "https");
    if (!unaryPath(exchange)) onRequest(request, response);
  });
  const http2 = serveHttp2(limits, unaryPath, onRequest, (error) => log.debug("a stream failed", { error }));
  const hand = (socket: Socket, isHttp2: boolean): void => {
    if (isHttp2) http2.server.emit("connection", socket);
    else http1.take(socket);
  };

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
    async drain() {
      const closed = once(front, "close");
      front.close();
      // Those that have said nothing yet; whoever is in the middle of a handshake has its time-out.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      http1.drain();
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

const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/**
 * Reads until it is clear whether the client speaks HTTP/2, and puts what was read back.
 * Reading by "data" instead of "readable" would leave the socket in a mode that HTTP/2 cannot take over.
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
    const length = Math.min(seen.length, http2Preface.length);
    const isHttp2 = http2Preface.compare(seen, 0, length, 0, length) === 0;
    if (isHttp2 && length < http2Preface.length) return;
    clearTimeout(timer);
    socket.off("readable", onReadable);
    socket.unshift(seen);
    found(isHttp2);
  }
}

interface Http1 {
  take(socket: Socket): void;
  drain(): void;
  /** Only when no connection is left: before, it would cut off answers that are not sent to their end. */
  close(): void;
}

function serveHttp1(
  limits: Limits,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Http1 {
  const server = createHttp1Server({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.http1IdleTimeoutMs,
    connectionsCheckingInterval: Math.ceil(limits.headersTimeoutMs / 4),
  });
  // This server never listens by itself, but only with this event it begins to watch its time-outs.
  server.emit("listening");

  /** Each connection with its answers that are not sent yet. */
  const pending = new Map<Socket, Set<ServerResponse>>();
  let draining = false;

  server.on("request", (request, response) => {
    const { socket } = request;
    const responses = pending.get(socket);
    responses?.add(response);
    if (draining) response.setHeader("connection", "close");
    response.once("close", () => {
      responses?.delete(response);
      if (draining && responses?.size === 0) socket.destroySoon();
    });
    onRequest(request, response);
  });

  return {
    take(socket) {
      if (draining) return void socket.destroy();
      pending.set(socket, new Set());
      socket.once("close", () => pending.delete(socket));
      server.emit("connection", socket);
      // Over TLS, Node goes on to feed its parser where it has paused it, and the connection breaks ("Parse
      // Error: Paused"). With a listener of ours, data takes the way that can be paused.
      if (socket instanceof TLSSocket) socket.on("data", () => {});
    },
    drain() {
      draining = true;
      for (const [socket, responses] of pending) {
        const last = [...responses].at(-1);
        if (last === undefined) socket.destroySoon();
        else if (!last.headersSent) last.setHeader("connection", "close");
      }
    },
    close: () => void server.close(),
  };
}

interface Http2 {
  readonly server: Http2Server;
  drain(): void;
}

function serveHttp2(
  limits: Limits,
  unaryPath: UnaryPath,
  onRequest: RequestListener,
  onStreamError: (error: Error) => void,
): Http2 {
  const server = createHttp2Server({
    settings: {
      maxConcurrentStreams: limits.streamsPerConnectionMax,
      maxHeaderListSize: limits.headerBytesMax,
    },
  });
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.setTimeout(limits.http2IdleTimeoutMs, () => session.close());
    if (draining) session.close();
  });
  // Never listens: it makes requests and responses of the streams that the unary path leaves to it.
  const requests = createHttp2Server();
  requests.on("request", onRequest);
  server.on("stream", (stream, headers, flags, rawHeaders) => {
    stream.on("error", onStreamError);
    // Reset in the packet that began it. Node's requests would write to it, and throw where nobody catches it.
    if (stream.closed) return;
    // Node holds a client to the bound only once it has acknowledged it, and one need not.
    if (textBytes(rawHeaders) > limits.headerBytesMax) {
      return stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    }
    const { ":method": method = "", ":path": target = "" } = headers;
    const exchange = new Http2Exchange(stream, headers, method, target);
    if (!unaryPath(exchange)) requests.emit("stream", stream, headers, flags, rawHeaders);
    // The client waits for this before it sends the body (RFC 9110 section 10.1.1); Node's requests say it by themselves.
    else if (headers.expect === "100-continue" && !stream.headersSent && !stream.closed) {
      stream.additionalHeaders({ ":status": constants.HTTP_STATUS_CONTINUE });
    }
  });
  return {
    server,
    drain() {
      draining = true;
      for (const session of sessions) session.close();
    },
  };
}

/** Of texts of one byte a character. */
function textBytes(texts: readonly string[]): number {
  let bytes = 0;
  for (const { length } of texts) bytes += length;
  return bytes;
}

function portOf(server: TcpServer): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
