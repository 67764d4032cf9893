import type { IncomingHttpHeaders } from "node:http";
import { Http2Stream, type StreamCarrier } from "../../src/http2/stream.ts";

export interface LoneStream {
  readonly stream: Http2Stream;
  /** What was sent. */
  readonly said: readonly string[];
  /** Takes so much more of the answer. */
  take(bytes: number): void;
}

/** Of a request whose body the client sends once it is asked for it. */
export const holdsBodyBack = { expect: "100-Continue" };

/** A stream with a connection that only counts. */
export function loneStream(contentLength?: number, fields: IncomingHttpHeaders = {}): LoneStream {
  let room = 0;
  const said: string[] = [];
  const carrier: StreamCarrier = {
    answerMsMax: 60_000,
    sendHeaders: () => void said.push("headers"),
    sendTrailers: () => void said.push("trailers"),
    roomFor: () => room,
    sendData(_stream, { byteLength }) {
      room -= byteLength;
      said.push(`${byteLength} bytes`);
    },
    wait() {},
    sendReset: () => void said.push("reset"),
    sendWindowUpdate() {},
    forget() {},
  };
  const head = { method: "POST", target: "/", headers: fields, contentLength };
  const stream = new Http2Stream(carrier, 1, head, 65_535);
  return {
    stream,
    said,
    take(bytes) {
      room += bytes;
      stream.sendMore();
    },
  };
}
