import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { errorCode } from "../http2/frames.ts";
import type { Http2Stream } from "../http2/stream.ts";
import type { BodyListener, Exchange } from "./exchange.ts";
import { fieldsOf } from "./header-fields.ts";

export class Http2Exchange implements Exchange {
  readonly httpVersion = "2";
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  extraHeaders: OutgoingHttpHeaders | undefined;
  readonly #stream: Http2Stream;

  constructor(stream: Http2Stream) {
    this.#stream = stream;
    this.method = stream.method;
    this.target = stream.target;
    this.headers = stream.headers;
  }

  get url(): string {
    const { ":scheme": scheme, ":authority": authority, host } = this.headers;
    return `${String(scheme ?? "http")}://${String(authority || host || "localhost")}${this.target}`;
  }

  get isGone(): boolean {
    return this.#stream.isClosed;
  }

  get isBodyComplete(): boolean {
    return this.#stream.isBodyComplete;
  }

  get isAnswerBegun(): boolean {
    return this.#stream.isAnswerBegun;
  }

  onClose(listener: () => void): void {
    this.#stream.onClose(listener);
  }

  offClose(listener: () => void): void {
    this.#stream.offClose(listener);
  }

  readWhole(bytesMax: number, done: BodyListener): void {
    this.#stream.readWhole(bytesMax, done);
  }

  body(): AsyncIterable<Uint8Array> {
    return this.#stream.body();
  }

  cancel(): void {
    this.#stream.reset(errorCode.cancel);
  }

  answer(
    status: number,
    headers: OutgoingHttpHeaders,
    body: Uint8Array | undefined,
    trailers?: OutgoingHttpHeaders,
  ): void {
    if (this.method === "HEAD") this.#stream.begin(status, this.#withExtra(headers), true);
    else this.#stream.answer(status, this.#withExtra(headers), body, trailers);
  }

  async send({ status, header, body, trailer }: UniversalServerResponse): Promise<void> {
    const chunks = body?.[Symbol.asyncIterator]();
    try {
      let chunk = await chunks?.next();
      // The implementation may set headers until it gives the first part of its answer.
      const fields = this.#withExtra(fieldsOf(header));
      const isAll = this.method === "HEAD" || (body === undefined && trailer === undefined);
      this.#stream.begin(status, fields, isAll);
      if (isAll) return;
      for (; chunk !== undefined && chunk.done !== true; chunk = await chunks?.next()) {
        await this.#stream.write(chunk.value);
      }
      this.#stream.end(trailer && fieldsOf(trailer));
    } finally {
      void chunks?.return?.().catch(() => {});
    }
  }

  #withExtra(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
    return this.extraHeaders === undefined ? headers : { ...this.extraHeaders, ...headers };
  }
}
