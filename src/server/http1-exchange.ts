import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { atTurnEnd } from "../lib/turn-end.ts";
import type { BodyListener, Exchange } from "./exchange.ts";

/** Beyond it, copying costs more than a second buffer in a write. */
const oneWriteBytesMax = 4096;

export class Http1Exchange implements Exchange {
  readonly httpVersion = "1.1";
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  extraHeaders: OutgoingHttpHeaders | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #scheme: "http" | "https";

  constructor(request: IncomingMessage, response: ServerResponse, scheme: "http" | "https") {
    this.#request = request;
    this.#response = response;
    this.method = request.method ?? "";
    this.target = request.url ?? "";
    this.headers = request.headers;
    this.#scheme = scheme;
  }

  get url(): string {
    // A whole URL counts for more than the header (RFC 9112 section 3.2.2).
    if (!this.target.startsWith("/")) return this.target;
    return `${this.#scheme}://${this.headers.host || "localhost"}${this.target}`;
  }

  get isGone(): boolean {
    return this.#response.destroyed;
  }

  get isBodyComplete(): boolean {
    return this.#request.complete;
  }

  get isAnswerBegun(): boolean {
    return this.#response.headersSent;
  }

  onClose(listener: () => void): void {
    this.#response.once("close", listener);
  }

  offClose(listener: () => void): void {
    this.#response.off("close", listener);
  }

  readWhole(bytesMax: number, done: BodyListener): void {
    const request = this.#request;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    function onData(chunk: Uint8Array): void {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes <= bytesMax) return;
      request.off("data", onData);
      request.off("end", onEnd);
      request.pause();
      done(chunks, false);
    }
    const onEnd = (): void => done(chunks, true);
    // An empty body ends by itself, without anybody who reads.
    if (request.readableEnded) return onEnd();
    request.on("data", onData);
    request.once("end", onEnd);
  }

  async *body(): AsyncGenerator<Uint8Array, void, undefined> {
    // Leaving off in the middle of a body must not destroy the connection: the answer is still to be sent.
    yield* this.#request.iterator({ destroyOnReturn: false });
  }

  cancel(): void {
    this.#response.destroy();
  }

  answer(status: number, headers: OutgoingHttpHeaders, body: Uint8Array | undefined): void {
    if (this.isGone) return;
    const fields = { ...this.extraHeaders, ...headers, "content-length": body?.byteLength ?? 0 };
    this.#response.writeHead(status, fields);
    atTurnEnd(() => this.#end(body));
  }

  #end(body: Uint8Array | undefined): void {
    if (body === undefined || body.byteLength > oneWriteBytesMax) this.#response.end(body);
    // As text, byte for byte, it leaves together with the header: one write instead of a writev of two.
    else {
      const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
      this.#response.end(text, "latin1");
    }
    this.#leaveBody();
  }

  async send(response: UniversalServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(this.extraHeaders ?? {})) {
      if (value !== undefined) this.#response.setHeader(name, value);
    }
    this.#response.once("finish", () => this.#leaveBody());
    await universalResponseToNodeResponse(response, this.#response);
  }

  /** What is left of a body is in the way of the next request. */
  #leaveBody(): void {
    if (!this.#request.readableEnded) this.#request.resume();
  }
}
