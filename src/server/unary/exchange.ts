import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Readable, Writable } from "node:stream";
import { atTurnEnd } from "./turn-end.ts";

/** A request, and the way to answer it, whatever version of HTTP carries it. */
export interface Exchange {
  readonly httpVersion: "1.1" | "2";
  readonly method: string;
  /** Path and query, or a whole URL, as it was sent. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: IncomingHttpHeaders;
  /** The whole URL. It is put together when it is asked for. */
  readonly url: string;
  /** The body. */
  readonly source: Readable;
  /** Emits "close" when the client has gone, or the answer is sent. */
  readonly sink: Writable;
  /** Whether nobody is there any more to be answered. */
  readonly isGone: boolean;
  /** Takes no more of the body, and gives no answer. */
  cancel(): void;
  /** Is added to the header of the answer. */
  extraHeaders: OutgoingHttpHeaders | undefined;
  /** Sends all of the answer. Past this there is nothing left to do. */
  answer(
    status: number,
    headers: OutgoingHttpHeaders,
    body: Uint8Array | undefined,
    trailers?: OutgoingHttpHeaders,
  ): void;
}

export class Http2Exchange implements Exchange {
  readonly httpVersion = "2";
  readonly source: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  readonly target: string;
  extraHeaders: OutgoingHttpHeaders | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, method: string, target: string) {
    this.source = stream;
    this.headers = headers;
    this.method = method;
    this.target = target;
  }

  get url(): string {
    const { ":scheme": scheme, ":authority": authority, host } = this.headers;
    return `${String(scheme ?? "http")}://${String(authority ?? host ?? "localhost")}${this.target}`;
  }

  get sink(): ServerHttp2Stream {
    return this.source;
  }

  get isGone(): boolean {
    return this.source.closed;
  }

  cancel(): void {
    this.source.close(constants.NGHTTP2_CANCEL);
  }

  answer(
    status: number,
    headers: OutgoingHttpHeaders,
    body: Uint8Array | undefined,
    trailers?: OutgoingHttpHeaders,
  ): void {
    const stream = this.source;
    if (this.isGone) return;
    const fields = this.#fieldsOf(status, headers);
    if (this.method === "HEAD") {
      stream.respond(fields, endStream);
    } else {
      stream.respond(fields, trailers === undefined ? undefined : waitForTrailers);
      if (trailers !== undefined) stream.once("wantTrailers", () => stream.sendTrailers(trailers));
      // A write of no bytes would keep the trailers waiting.
      stream.end(body?.byteLength === 0 ? undefined : body);
    }
    // The client would wait for ever to get rid of what is left of a body.
    if (!stream.readableEnded) stream.resume();
  }

  /** Node adds status 200 by itself, and changes nothing that it is given. */
  #fieldsOf(status: number, headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
    if (status === 200 && this.extraHeaders === undefined) return headers;
    return { ...this.extraHeaders, ...headers, [constants.HTTP2_HEADER_STATUS]: status };
  }
}

const waitForTrailers = { waitForTrailers: true };
const endStream = { endStream: true };

/** Beyond it, copying costs more than a second buffer in a write. */
const oneWriteBytesMax = 4096;

export class Http1Exchange implements Exchange {
  readonly httpVersion = "1.1";
  readonly source: IncomingMessage;
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  extraHeaders: OutgoingHttpHeaders | undefined;
  readonly sink: ServerResponse;
  readonly #scheme: "http" | "https";

  constructor(request: IncomingMessage, response: ServerResponse, scheme: "http" | "https") {
    this.source = request;
    this.method = request.method ?? "";
    this.target = request.url ?? "";
    this.headers = request.headers;
    this.sink = response;
    this.#scheme = scheme;
  }

  get url(): string {
    // A whole URL counts for more than the header (RFC 9112 section 3.2.2).
    if (!this.target.startsWith("/")) return this.target;
    return `${this.#scheme}://${this.headers.host ?? "localhost"}${this.target}`;
  }

  get isGone(): boolean {
    return this.sink.destroyed;
  }

  cancel(): void {
    this.sink.destroy();
  }

  answer(status: number, headers: OutgoingHttpHeaders, body: Uint8Array | undefined): void {
    if (this.isGone) return;
    const fields = { ...this.extraHeaders, ...headers, "content-length": body?.byteLength ?? 0 };
    this.sink.writeHead(status, fields);
    atTurnEnd(() => this.#send(body));
  }

  #send(body: Uint8Array | undefined): void {
    if (body === undefined || body.byteLength > oneWriteBytesMax) this.sink.end(body);
    // As text, byte for byte, it leaves together with the header: one write instead of a writev of two.
    else
      this.sink.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1"), "latin1");
    // What is left of a body is in the way of the next request.
    if (!this.source.readableEnded) this.source.resume();
  }
}

/** @param isWhole false if there is more than `bytesMax`; the source stands still then. */
type Done = (chunks: readonly Uint8Array[], isWhole: boolean) => void;

/**
 * Reads a body. If the client goes before its end, HTTP/1.1 is never done; HTTP/2 is, with the part that came, and the
 * exchange `isGone`.
 */
export function readWhole(source: Readable, bytesMax: number, done: Done): void {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  function onData(chunk: Uint8Array): void {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes <= bytesMax) return;
    source.off("data", onData);
    source.off("end", onEnd);
    source.pause();
    done(chunks, false);
  }
  function onEnd(): void {
    // An ended stream of HTTP/2 may be held until the next full garbage collection, by an outgrown table of Node's map
    // of streams, and with it all that its listeners know.
    source.off("data", onData);
    done(chunks, true);
  }
  // An empty body ends by itself, without anybody who reads.
  if (source.readableEnded) return onEnd();
  source.on("data", onData);
  source.once("end", onEnd);
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}
