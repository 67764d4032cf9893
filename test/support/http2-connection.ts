import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Http2Connection } from "../../src/http2/connection.ts";
import type { ConnectionError } from "../../src/http2/frames.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { plainBlock } from "./hpack-writer.ts";
import { flags, frame, preface, settings, types } from "./http2-frames.ts";

/** A connection by itself, without the server around it, and a socket for its client. */

const sockets: Socket[] = [];

/** All that a test has opened: `afterEach(closeSockets)`. */
export function closeSockets(): void {
  for (const socket of sockets.splice(0)) socket.destroy();
}

/** Both ends of a connection. @param allowHalfOpen whether the client's stays open when the server's is closed */
export async function socketPair(allowHalfOpen = false): Promise<{ client: Socket; served: Socket }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const client = connect({ port: address.port, host: "127.0.0.1", allowHalfOpen });
  const served = await new Promise<Socket>((resolve) => server.once("connection", resolve));
  served.setNoDelay();
  server.close();
  sockets.push(client, served);
  return { client, served };
}

export interface Served {
  readonly client: Socket;
  /** The other end of it. */
  readonly served: Socket;
  readonly connection: Http2Connection;
  readonly streams: readonly Http2Stream[];
  readonly errors: readonly ConnectionError[];
  /** Resolves when the server has sent these bytes. */
  said(bytes: Buffer): Promise<void>;
}

/** A connection that has a client and answers nothing: each test does that. */
export async function serve(
  firstSettings: readonly (readonly [id: number, value: number])[] = [],
  allowHalfOpen = false,
): Promise<Served> {
  const { client, served } = await socketPair(allowHalfOpen);
  const streams: Http2Stream[] = [];
  const errors: ConnectionError[] = [];
  const connection = new Http2Connection(served, {
    streamsMax: 100,
    headerBytesMax: 16_384,
    inVainMax: 1_000,
    answerMsMax: 60_000,
    onStream: (stream) => streams.push(stream),
    onError: (error) => errors.push(error),
  });
  let heard = Buffer.alloc(0);
  client.on("data", (chunk) => (heard = Buffer.concat([heard, chunk])));
  client.write(Buffer.concat([Buffer.from(preface), settings(firstSettings)]));
  return {
    client,
    served,
    connection,
    streams,
    errors,
    async said(bytes) {
      while (!heard.includes(bytes)) await once(client, "data");
    },
  };
}

/** Begins a request, as its client writes it. */
export function headers(streamId: number, isLast = false): Buffer {
  const block = plainBlock({ ":method": "POST", ":scheme": "http", ":authority": "a", ":path": "/" });
  return frame(types.headers, flags.endHeaders | (isLast ? flags.endStream : flags.none), streamId, block);
}
