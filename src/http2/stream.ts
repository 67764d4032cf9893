import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { addChunk } from "./chunks.ts";
import { errorCode, type ErrorCode, noBytes } from "./frames.ts";
import { encodeHeaders } from "./header-encoder.ts";
import { ReceiveWindow } from "./receive-window.ts";
import type { RequestHead } from "./request-head.ts";

/** What a stream needs of its connection. */
export interface StreamCarrier {
  /** How long the client may take to take an answer. */
  readonly answerMsMax: number;
  sendHeaders(streamId: number, block: Buffer, isLast: boolean): void;
  sendTrailers(streamId: number, block: Buffer): void;
  /** @returns how many bytes the client, and the socket, take of it at the moment */
  roomFor(stream: Http2Stream): number;
  sendData(stream: Http2Stream, bytes: Uint8Array, isLast: boolean): void;
  /** Calls `sendMore` once there is room. */
  wait(stream: Http2Stream): void;
  sendReset(streamId: number, code: ErrorCode): void;
  sendWindowUpdate(streamId: number, bytes: number): void;
  forget(stream: Http2Stream): void;
}

/** A request and its answer (RFC 9113 section 5). */
export class Http2Stream implements RequestHead {
  readonly id: number;
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly contentLength: number | undefined;
  /** How much of the answer the client takes at the moment. */
  sendWindowBytes: number;
  readonly #carrier: StreamCarrier;
  readonly #receiveWindow = new ReceiveWindow();
  /** Of the body: what came, and nobody has taken. */
  readonly #unread: Uint8Array[] = [];
  #bodyBytes = 0;
  #isBodyComplete = false;
  /** Is told that there is more of the body, or will be none. */
  #onBody: (() => void) | undefined;
  /** Of the answer: what waits until the client takes more. */
  readonly #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #trailers: OutgoingHttpHeaders | undefined;
  /** Begun; all of it is given; all of it is sent. */
  #answer: "none" | "begun" | "given" | "sent" = "none";
  /** Is told that nothing waits any more. */
  #onSent: (() => void) | undefined;
  #isClosed = false;
  #closeListeners: (() => void)[] | undefined;

  constructor(carrier: StreamCarrier, id: number, head: RequestHead, sendWindowBytes: number) {
    this.#carrier = carrier;
    this.id = id;
    this.method = head.method;
    this.target = head.target;
    this.headers = head.headers;
    this.contentLength = head.contentLength;
    this.sendWindowBytes = sendWindowBytes;
  }

  /** Whether it is over, was reset, or the connection has ended: nothing can be said any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isBodyComplete(): boolean {
    return this.#isBodyComplete;
  }

  get isAnswerBegun(): boolean {
    return this.#answer !== "none";
  }

  /** Whether nothing will be added to the answer. */
  get isAnswerGiven(): boolean {
    return this.#answer === "given" || this.#answer === "sent";
  }

  /** Is called once, when it is closed. */
  onClose(listener: () => void): void {
    (this.#closeListeners ??= []).push(listener);
  }

  offClose(listener: () => void): void {
    this.#closeListeners = this.#closeListeners?.filter((each) => each !== listener);
  }

  // ------------------------------------------------------------------------------------------------ body

  /**
   * Reads the body.
   *
   * @param done gets all of it; or, if there is more than `bytesMax`, a part that is more, and `body` has the rest; or
   *   undefined if it breaks off
   */
  readWhole(
    bytesMax: number,
    done: (chunks: readonly Uint8Array[] | undefined, isWhole: boolean) => void,
  ): void {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const read = (): void => {
      if (this.#isClosed) return done(undefined, false);
      for (let chunk; bytes <= bytesMax && (chunk = this.#take()) !== undefined;) {
        addChunk(chunks, chunk);
        bytes += chunk.byteLength;
      }
      const isWhole = bytes <= bytesMax;
      if (isWhole && !this.#isBodyComplete) return;
      this.#onBody = undefined;
      done(chunks, isWhole);
    };
    this.#onBody = read;
    this.#askForBody();
    read();
  }

  /** What was not read yet of the body. @throws Error if it breaks off */
  async *body(): AsyncGenerator<Uint8Array, void, undefined> {
    this.#askForBody();
    for (;;) {
      const chunk = this.#take();
      if (chunk !== undefined) yield chunk;
      // What was not taken of a body is not there any more, even if all of it had come.
      else if (this.#isClosed) throw new Error("the stream closed before its end");
      else if (this.#isBodyComplete) return;
      else await new Promise<void>((resolve) => (this.#onBody = resolve));
    }
  }

  /** A client may hold its body back until somebody wants it (RFC 9110 section 10.1.1). */
  #askForBody(): void {
    if (this.headers.expect?.toLowerCase() !== "100-continue") return;
    if (this.#isClosed || this.isAnswerBegun || this.#isBodyComplete || this.#bodyBytes > 0) return;
    this.#carrier.sendHeaders(this.id, encodeHeaders(100, {}), false);
  }

  #take(): Uint8Array | undefined {
    const chunk = this.#unread.shift();
    if (chunk !== undefined) this.#free(chunk.byteLength);
    return chunk;
  }

  #free(bytes: number): void {
    if (bytes === 0 || this.#isBodyComplete || this.#isClosed) return;
    const more = this.#receiveWindow.free(bytes);
    if (more > 0) this.#carrier.sendWindowUpdate(this.id, more);
  }

  // -------------------------------------------------------------------------- what the client says of it

  /** @param flowBytes of the frame, with its padding @returns what is wrong with it */
  receiveData(chunk: Uint8Array, flowBytes: number, isLast: boolean): ErrorCode | undefined {
    const error = this.#wrongWith(chunk, flowBytes);
    const keptBytes = error !== undefined || this.isAnswerGiven ? 0 : chunk.byteLength;
    if (keptBytes > 0) addChunk(this.#unread, chunk);
    this.#free(flowBytes - keptBytes);
    if (error !== undefined || isLast) return error ?? this.receiveEnd();
    this.#onBody?.();
    return undefined;
  }

  #wrongWith(chunk: Uint8Array, flowBytes: number): ErrorCode | undefined {
    if (this.#isBodyComplete) return errorCode.streamClosed;
    if (!this.#receiveWindow.take(flowBytes)) return errorCode.flowControlError;
    this.#bodyBytes += chunk.byteLength;
    return this.#bodyBytes > (this.contentLength ?? Infinity) ? errorCode.protocolError : undefined;
  }

  /** The body is complete. @returns what is wrong with that */
  receiveEnd(): ErrorCode | undefined {
    if (this.#isBodyComplete) return errorCode.streamClosed;
    if (this.#bodyBytes !== (this.contentLength ?? this.#bodyBytes)) return errorCode.protocolError;
    this.#isBodyComplete = true;
    this.#onBody?.();
    this.#closeIfOver();
    return undefined;
  }

  /** It was reset, or the connection has ended. */
  breakOff(): void {
    this.#close();
  }

  // ---------------------------------------------------------------------------------------------- answer

  /** All of the answer. Nothing happens if the stream is closed. */
  answer(
    status: number,
    fields: OutgoingHttpHeaders,
    body: Uint8Array | undefined,
    trailers?: OutgoingHttpHeaders,
  ): void {
    const isEmpty = body === undefined || body.byteLength === 0;
    this.begin(status, fields, isEmpty && trailers === undefined);
    if (this.#answer !== "begun") return;
    if (!isEmpty) this.#enqueue(body);
    this.end(trailers);
  }

  /** @param isAll whether there is no more to it than this */
  begin(status: number, fields: OutgoingHttpHeaders, isAll = false): void {
    if (this.#isClosed || this.isAnswerBegun) return;
    this.#answer = "begun";
    this.#carrier.sendHeaders(this.id, encodeHeaders(status, fields), isAll);
    if (isAll) this.#endAnswer();
  }

  /** A part of the answer. Resolves when the next one may be given. @throws Error if nobody is there any more to take it */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isClosed || this.#answer !== "begun") throw new Error("the stream takes no more of an answer");
    this.#enqueue(bytes);
    this.sendMore();
    if (this.#unsentBytes <= unsentBytesMax) return;
    const timer = setTimeout(() => this.reset(errorCode.cancel), this.#carrier.answerMsMax).unref();
    await new Promise<void>((resolve) => (this.#onSent = resolve));
    clearTimeout(timer);
    if (this.#isClosed) throw new Error("the stream closed before its end");
  }

  /** That was all. */
  end(trailers?: OutgoingHttpHeaders): void {
    if (this.#isClosed || this.#answer !== "begun") return;
    this.#answer = "given";
    this.#trailers = trailers;
    this.sendMore();
    // By its window a client may take nothing of it, and go on with other requests, while all of this one is kept.
    if (this.#unsent.length > 0) this.#resetIn(this.#carrier.answerMsMax, errorCode.cancel);
  }

  #enqueue(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.byteLength;
  }

  /** Sends what waits, as far as the client takes it. */
  sendMore(): void {
    for (let bytes; (bytes = this.#unsent[0]) !== undefined;) {
      const room = this.#carrier.roomFor(this);
      if (room <= 0) return this.#carrier.wait(this);
      const isAll = bytes.byteLength <= room;
      this.#unsentBytes -= Math.min(bytes.byteLength, room);
      if (isAll) this.#unsent.shift();
      else this.#unsent[0] = bytes.subarray(room);
      const isLast = this.#answer === "given" && this.#trailers === undefined && this.#unsent.length === 0;
      this.#carrier.sendData(this, isAll ? bytes : bytes.subarray(0, room), isLast);
      if (isLast) return this.#endAnswer();
    }
    if (this.#answer === "given") {
      if (this.#trailers === undefined) this.#carrier.sendData(this, noBytes, true);
      else this.#carrier.sendTrailers(this.id, encodeHeaders(undefined, this.#trailers));
      this.#endAnswer();
    } else this.#onSent?.();
  }

  /** Takes no more of the body, and gives no (further) answer. */
  reset(code: ErrorCode): void {
    if (this.#isClosed) return;
    this.#carrier.sendReset(this.id, code);
    this.#close();
  }

  // ------------------------------------------------------------------------------------------------- end

  #endAnswer(): void {
    this.#answer = "sent";
    // What is left of the body is read, and leads to nothing: else the client could not send it to its end.
    while (this.#take() !== undefined);
    this.#closeIfOver();
    // Some clients leave it at that, once they have their answer (section 8.1).
    if (!this.#isClosed) this.#resetIn(restOfBodyMs, errorCode.noError);
  }

  #resetIn(ms: number, code: ErrorCode): void {
    const timer = setTimeout(() => this.reset(code), ms).unref();
    this.onClose(() => clearTimeout(timer));
  }

  #closeIfOver(): void {
    if (this.#isBodyComplete && this.#answer === "sent") this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unread.length = 0;
    this.#unsent.length = 0;
    this.#carrier.forget(this);
    this.#onBody?.();
    this.#onSent?.();
    for (const listener of this.#closeListeners ?? []) listener();
  }
}

/** Of an answer that comes in parts: beyond it, the next part has to wait. */
const unsentBytesMax = 16_384;

/** For how long a client may go on with a body that was answered. */
const restOfBodyMs = 1_000;
