import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Log } from "../lib/log.ts";
import type { RequestListener } from "./http.ts";
import type { Limits } from "./limits.ts";
import { Http2Exchange } from "./unary/exchange.ts";
import type { UnaryPath } from "./unary/path.ts";

export interface Http2Connections {
  /** @param socket of which nothing was read, or all that was is put back */
  take(socket: Socket): void;
  /** Says GOAWAY, and ends each connection once its streams have come to their end. */
  drain(): void;
}

/** @param onRequest gets the streams that the unary path does not understand. */
export function serveHttp2(
  limits: Limits,
  unaryPath: UnaryPath,
  onRequest: RequestListener,
  log: Log,
): Http2Connections {
  const options = {
    settings: {
      maxConcurrentStreams: limits.streamsPerConnectionMax,
      maxHeaderListSize: limits.headerBytesMax,
    },
  };
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;
  // Never listens: it makes requests and responses of the streams that the unary path leaves to it.
  const requests = createServer();
  requests.on("request", onRequest);

  return {
    take(socket) {
      const session = performServerHandshake(socket, options);
      sessions.add(session);
      session.once("close", () => sessions.delete(session));
      session.on("error", (error) => log.debug("a connection failed", { error }));
      keepAlive(session, socket, limits.http2KeepAliveMs);

      /** Open ones that the unary path left. They may be silent for long, as nobody bounds those that are not ended. */
      const others = new Set<ServerHttp2Stream>();
      // Node's own time-out of a session is not cleared when that ends, and keeps all of it until it is over.
      const idle = setTimeout(() => {
        if (others.values().every((stream) => stream.writableEnded)) session.close();
      }, limits.http2IdleTimeoutMs).unref();
      socket.once("close", () => clearTimeout(idle));
      const noteUse = (): void => {
        if (!session.destroyed) idle.refresh();
      };
      session.on("stream", (stream, headers, flags, rawHeaders) => {
        noteUse();
        if (takeStream(stream, headers, rawHeaders)) return;
        others.add(stream);
        stream.once("close", () => {
          others.delete(stream);
          noteUse();
        });
        requests.emit("stream", stream, headers, flags, rawHeaders);
      });
      if (draining) session.close();
    },
    drain() {
      draining = true;
      for (const session of sessions) session.close();
    },
  };

  /** @returns whether there is nothing left to do with it */
  function takeStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ): boolean {
    stream.on("error", (error) => log.debug("a stream failed", { error }));
    // Reset in the packet that began it. Node's requests would write to it, and throw where nobody catches it.
    if (stream.closed) return true;
    // Node holds a client to the bound only once it has acknowledged it, and one need not.
    if (textBytes(rawHeaders) > limits.headerBytesMax) {
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return true;
    }
    const { ":method": method = "", ":path": target = "" } = headers;
    if (!unaryPath(new Http2Exchange(stream, headers, method, target))) return false;
    // The client waits for this before it sends the body (RFC 9110 section 10.1.1); Node's requests say it by themselves.
    if (headers.expect === "100-continue" && !stream.headersSent && !stream.closed) {
      stream.additionalHeaders({ ":status": constants.HTTP_STATUS_CONTINUE });
    }
    return true;
  }
}

/**
 * Sends a PING (RFC 9113 section 6.7) at each interval, and lets a connection go whose last one was not answered.
 * Over TLS this is also what finds a client that reset its connection: once a write has failed, Node's next one waits
 * for ever, and as long as it waits nothing is read, so the end is never seen.
 */
function keepAlive(session: ServerHttp2Session, socket: Socket, intervalMs: number): void {
  let isAlive = true;
  const timer = setInterval(() => {
    if (!isAlive || session.destroyed) {
      // A client that only slept hears by GOAWAY that what it asks on waking is not carried out, and asks elsewhere.
      session.close();
      // Of the session alone, destroy would wait for what was written.
      return void setImmediate(() => socket.destroy());
    }
    isAlive = false;
    // A session that was closed sends no PING any more: its last streams have this one interval.
    if (!session.closed) session.ping((error) => (isAlive = error === null));
  }, intervalMs);
  timer.unref();
  socket.once("close", () => clearInterval(timer));
}

/** Of texts of one byte a character. */
function textBytes(texts: readonly string[]): number {
  let bytes = 0;
  for (const { length } of texts) bytes += length;
  return bytes;
}
