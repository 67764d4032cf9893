import type { Socket } from "node:net";
import { Http2Connection } from "../http2/connection.ts";
import type { Http2Stream } from "../http2/stream.ts";
import type { Log } from "../lib/log.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import type { Limits } from "./limits.ts";
import type { RequestListener } from "./request-listener.ts";
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
  const connections = new Set<Http2Connection>();
  let draining = false;

  return {
    take(socket) {
      /** Open ones that the unary path left. They may be silent for long, as nobody bounds those that are not ended. */
      const others = new Set<Http2Stream>();
      const connection = new Http2Connection(socket, {
        streamsMax: limits.streamsPerConnectionMax,
        headerBytesMax: limits.headerBytesMax,
        inVainMax: limits.http2InVainMax,
        answerMsMax: limits.http2AnswerTimeoutMs,
        onStream(stream) {
          idle.refresh();
          const exchange = new Http2Exchange(stream);
          if (!unaryPath(exchange)) {
            others.add(stream);
            stream.onClose(() => {
              others.delete(stream);
              idle.refresh();
            });
            onRequest(exchange);
          }
        },
        onError: (error) => log.debug("a connection failed", { error }),
      });
      const idle = setTimeout(() => {
        if (others.values().every((stream) => stream.isAnswerGiven)) connection.close();
      }, limits.http2IdleTimeoutMs).unref();
      connections.add(connection);
      keepAlive(connection, socket, limits.http2KeepAliveMs);
      socket.once("close", () => {
        connections.delete(connection);
        clearTimeout(idle);
      });
      if (draining) connection.close();
    },
    drain() {
      draining = true;
      for (const connection of connections) connection.close();
    },
  };
}

/**
 * Sends a PING (RFC 9113 section 6.7) at each interval, and lets a connection go whose last one was not answered.
 * Over TLS this is also what finds a client that reset its connection: once a write has failed, Node's next one waits
 * for ever, and as long as it waits nothing is read, so the end is never seen.
 */
function keepAlive(connection: Http2Connection, socket: Socket, intervalMs: number): void {
  let isAlive = true;
  const timer = setInterval(() => {
    if (!isAlive) {
      // A client that only slept hears by GOAWAY that what it asks on waking is not carried out, and asks elsewhere.
      connection.close();
      return void setImmediate(() => socket.destroy());
    }
    isAlive = false;
    // One that is to end is asked no more: its last streams have this one interval.
    if (!connection.isClosing) connection.ping(() => (isAlive = true));
  }, intervalMs);
  timer.unref();
  socket.once("close", () => clearInterval(timer));
}
