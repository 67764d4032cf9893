import { createServer, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Log } from "../lib/log.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import type { Limits } from "./limits.ts";
import type { RequestListener } from "./request-listener.ts";
import type { UnaryPath } from "./unary/path.ts";

export interface Http1Connections {
  /** @param socket of which nothing was read, or all that was is put back */
  take(socket: Socket): void;
  /**
   * Ends each connection once what it asked is answered.
   * @param lastRequestMs how long one without a request is kept: one may be on its way, and its client could not tell
   * whether it was carried out
   */
  drain(lastRequestMs: number): void;
  /** Only when no connection is left: before, it would cut off answers that are not sent to their end. */
  close(): void;
}

/** @param onRequest gets the requests that the unary path does not understand. */
export function serveHttp1(
  limits: Limits,
  unaryPath: UnaryPath,
  onRequest: RequestListener,
  log: Log,
): Http1Connections {
  const server = createServer({
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

  // Over TLS this is also what finds a client that reset its connection: once a write has failed, Node's next one waits
  // for ever. Who asked and has nothing to take waits for us.
  server.setTimeout(limits.http1WriteTimeoutMs, (socket) => {
    const hasAsked = (pending.get(socket)?.size ?? 0) > 0;
    if (!hasAsked || socket.writableLength > 0) socket.destroy();
  });

  server.on("request", (request, response) => {
    const { socket } = request;
    const responses = pending.get(socket);
    responses?.add(response);
    if (draining) response.setHeader("connection", "close");
    response.once("close", () => {
      responses?.delete(response);
      if (draining && responses?.size === 0) socket.destroySoon();
    });
    const scheme = socket instanceof TLSSocket ? "https" : "http";
    const exchange = new Http1Exchange(request, response, scheme);
    if (unaryPath(exchange)) return;
    // Without listeners, a client that goes in the middle of a request or of its answer would end the process.
    request.on("error", (error) => log.debug("a request broke off", { error }));
    response.on("error", (error) => log.debug("an answer could not be sent", { error }));
    onRequest(exchange);
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
    drain(lastRequestMs) {
      draining = true;
      for (const responses of pending.values()) {
        const last = [...responses].at(-1);
        if (last?.headersSent === false) last.setHeader("connection", "close");
      }
      setTimeout(() => {
        for (const [socket, responses] of pending) if (responses.size === 0) socket.destroySoon();
      }, lastRequestMs).unref();
    },
    close: () => void server.close(),
  };
}
