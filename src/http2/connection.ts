import type { Socket } from "node:net";
import { FrameReader, type FrameListener } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import {
  ConnectionError,
  errorCode,
  type ErrorCode,
  initialWindowBytes,
  payloadBytesMax,
  setting,
  streamIdMax,
  windowBytesMax,
} from "./frames.ts";
import { HeaderDecoder } from "./header-decoder.ts";
import type { HeaderField } from "./header-field.ts";
import { Patience } from "./patience.ts";
import { FreedBytes } from "./receive-window.ts";
import { areTrailers, requestHead } from "./request-head.ts";
import { Http2Stream, type StreamCarrier } from "./stream.ts";

export interface Http2ConnectionOptions {
  /** That a client may have open at a time. */
  readonly streamsMax: number;
  /** All header fields of a request, each with 32 bytes (RFC 9113 section 6.5.2). */
  readonly headerBytesMax: number;
  /** What it may ask in vain in half a minute. */
  readonly inVainMax: number;
  /** How long it may take to take an answer. */
  readonly answerMsMax: number;
  readonly onStream: (stream: Http2Stream) => void;
  /** What the client did wrong, where the connection ends for it. */
  readonly onError: (error: ConnectionError) => void;
}

/**
 * Of a header block, which is read to its end also where it is refused. Proxies pass on more than we take, Envoy 60 KiB,
 * and their connection is that of others, too.
 */
const headerBlockBytesMax = 65_536;
/** Streams that we reset: what was on its way for them says nothing. */
const resetStreamsMax = 1_000;
/** For how long a connection whose end was said waits for the client's. */
const lastWordsMs = 1_000;

/**
 * The server's side of a connection of HTTP/2 (RFC 9113), over a socket that brings the preface of the client. It
 * pushes nothing, and takes all priorities for equal.
 */
export class Http2Connection implements StreamCarrier, FrameListener {
  readonly #socket: Socket;
  readonly #options: Http2ConnectionOptions;
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  readonly #decoder: HeaderDecoder;
  readonly #freed = new FreedBytes();
  readonly #patience: Patience;
  readonly #streams = new Map<number, Http2Stream>();
  /** Those that have more to send than the connection takes. */
  readonly #waiting = new Set<Http2Stream>();
  readonly #resetByUs = new Set<number>();
  /** Not answered yet; by id. */
  readonly #pings = new Map<number, () => void>();
  #pingCount = 0;
  #lastStreamId = 0;
  #sendWindowBytes = initialWindowBytes;
  #initialSendWindowBytes = initialWindowBytes;
  /** Whether the client was told that no header block needs a table. */
  #isTableGivenUp = false;
  #isClosing = false;
  /** Whether no request is expected any more: it ends with its last stream. */
  #isLeft = false;
  /** Whether nothing is said or understood any more. */
  #isEnded = false;

  constructor(socket: Socket, options: Http2ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#reader = new FrameReader(this, headerBlockBytesMax);
    this.#writer = new FrameWriter(socket, () => this.#sendMore());
    this.#patience = new Patience(options.inVainMax);
    this.#decoder = new HeaderDecoder(options.headerBytesMax);
    this.#writer.settings([
      [setting.maxConcurrentStreams, options.streamsMax],
      [setting.maxHeaderListSize, options.headerBytesMax],
    ]);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.#breakOff());
  }

  /** Whether it takes its last requests, or none any more. */
  get isClosing(): boolean {
    return this.#isClosing || this.#isEnded;
  }

  /**
   * Ends it once what was asked is answered (RFC 9113 section 6.8). While streams are open, those that are on their way
   * are carried out, too.
   */
  close(): void {
    if (this.isClosing) return;
    this.#isClosing = true;
    // One GOAWAY, and no PING: of a second one, or of an end that comes later where no stream is open, processes die
    // that use Connect's client for Node, and hyper-h2 takes no PING behind it.
    const lastStreamId = this.#streams.size === 0 ? this.#lastStreamId : streamIdMax;
    this.#writer.goAway(lastStreamId, errorCode.noError);
    this.#endOnceDone();
  }

  /** @param onAnswer is called when the client answers */
  ping(onAnswer: () => void): void {
    this.#pingCount += 1;
    this.#pings.set(this.#pingCount, onAnswer);
    this.#writer.ping(this.#pingCount);
  }

  #endOnceDone(): void {
    this.#isLeft = true;
    if (this.#streams.size === 0) this.#end();
  }

  /** Says what is to be said yet, and waits a moment for the client's end. */
  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const socket = this.#socket;
    this.#writer.end(() => {
      const timer = setTimeout(() => socket.destroy(), lastWordsMs).unref();
      socket.once("close", () => clearTimeout(timer));
    });
    socket.resume();
  }

  #breakOff(): void {
    this.#isEnded = true;
    this.#pings.clear();
    for (const stream of this.#streams.values()) stream.breakOff();
  }

  #read(chunk: Buffer): void {
    if (this.#isEnded) return;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.#options.onError(error);
      this.#writer.goAway(this.#lastStreamId, error.code);
      this.#end();
      this.#breakOff();
    }
  }

  // --------------------------------------------------------------------------------- what the client says

  onData(streamId: number, chunk: Buffer, flowBytes: number, isLast: boolean): void {
    this.#mustHaveBegun(streamId);
    this.#widen(flowBytes);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      if (!this.#isIgnored(streamId)) this.#refuse(streamId, errorCode.streamClosed);
      return;
    }
    const error = stream.receiveData(chunk, flowBytes, isLast);
    if (error !== undefined) this.#resetFor(stream, error);
  }

  /**
   * Gives back at once what came of the connection's window: each stream has its own. Else one that nobody reads would
   * take it from all others, which may be those of other people, behind the same proxy.
   */
  #widen(bytes: number): void {
    const told = this.#freed.add(bytes);
    if (told > 0) this.#writer.windowUpdate(0, told);
  }

  onHeaders(streamId: number, block: Buffer, isLast: boolean): void {
    const fields = this.#decoder.decode(block);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#takeTrailers(stream, fields, isLast);
    else if (isOfServer(streamId))
      throw new ConnectionError(errorCode.protocolError, "a stream of the server");
    else if (streamId > this.#lastStreamId) this.#takeRequest(streamId, fields, isLast);
    else if (!this.#isIgnored(streamId)) {
      throw new ConnectionError(errorCode.streamClosed, "HEADERS on a closed stream");
    }
  }

  #takeRequest(streamId: number, fields: readonly HeaderField[] | undefined, isLast: boolean): void {
    this.#lastStreamId = streamId;
    // It may stand behind a GOAWAY that has just ended the connection.
    if (this.#isEnded) return;
    if (this.#streams.size >= this.#options.streamsMax)
      return this.#refuse(streamId, errorCode.refusedStream);
    if (fields === undefined) return this.#refuse(streamId, errorCode.enhanceYourCalm);
    const head = requestHead(fields);
    if (head === undefined) return this.#refuse(streamId, errorCode.protocolError);
    const stream = new Http2Stream(this, streamId, head, this.#initialSendWindowBytes);
    this.#streams.set(streamId, stream);
    const error = isLast ? stream.receiveEnd() : undefined;
    if (error !== undefined) this.#resetFor(stream, error);
    else this.#options.onStream(stream);
  }

  /** What they say is not looked at. */
  #takeTrailers(stream: Http2Stream, fields: readonly HeaderField[] | undefined, isLast: boolean): void {
    const areGood = isLast && fields !== undefined && areTrailers(fields);
    const error = areGood || stream.isBodyComplete ? stream.receiveEnd() : errorCode.protocolError;
    if (error !== undefined) this.#resetFor(stream, error);
  }

  onReset(streamId: number): void {
    this.#mustHaveBegun(streamId);
    const stream = this.#streams.get(streamId);
    // Whoever takes back what is not answered yet may have had it carried out for nothing.
    if (stream?.isAnswerGiven === false) this.#patience.spend();
    stream?.breakOff();
  }

  onSettings(values: readonly (readonly [id: number, value: number])[]): void {
    this.#patience.spend();
    for (const [id, value] of values) this.#takeSetting(id, value);
    this.#writer.settingsTaken();
    // A window may have become larger.
    this.#sendMore();
  }

  #takeSetting(id: number, value: number): void {
    switch (id) {
      case setting.enablePush:
        if (value > 1) throw new ConnectionError(errorCode.protocolError, "ENABLE_PUSH");
        return;
      case setting.maxFrameSize:
        // No frame of ours is longer than what everybody takes.
        if (value < payloadBytesMax || value >= 2 ** 24) {
          throw new ConnectionError(errorCode.protocolError, "MAX_FRAME_SIZE");
        }
        return;
      case setting.initialWindowSize: {
        if (value > windowBytesMax)
          throw new ConnectionError(errorCode.flowControlError, "INITIAL_WINDOW_SIZE");
        const change = value - this.#initialSendWindowBytes;
        this.#initialSendWindowBytes = value;
        for (const stream of this.#streams.values()) {
          stream.sendWindowBytes = widened(stream.sendWindowBytes, change);
          this.wait(stream);
        }
      }
    }
  }

  onPing(payload: Buffer): void {
    this.#writer.pingTaken(payload);
  }

  onPong(id: number): void {
    const onAnswer = this.#pings.get(id);
    this.#pings.delete(id);
    onAnswer?.();
  }

  /** The client asks nothing more. */
  onGoAway(): void {
    this.#endOnceDone();
  }

  onWindowUpdate(streamId: number, bytes: number): void {
    if (streamId === 0) {
      if (bytes === 0) throw new ConnectionError(errorCode.protocolError, "WINDOW_UPDATE of nothing");
      this.#sendWindowBytes = widened(this.#sendWindowBytes, bytes);
      this.#sendMore();
      return;
    }
    this.#mustHaveBegun(streamId);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    if (bytes === 0) return this.#resetFor(stream, errorCode.protocolError);
    if (stream.sendWindowBytes + bytes > windowBytesMax) {
      return this.#resetFor(stream, errorCode.flowControlError);
    }
    stream.sendWindowBytes += bytes;
    stream.sendMore();
  }

  onIdle(): void {
    this.#patience.spend();
  }

  /** Section 5.1: nothing but HEADERS begins a stream; and the server begins none. */
  #mustHaveBegun(streamId: number): void {
    if (streamId <= this.#lastStreamId && !isOfServer(streamId)) return;
    throw new ConnectionError(errorCode.protocolError, "a frame of a stream that has not begun");
  }

  /** Whether what comes for a stream was on its way before the client knew that it is over. */
  #isIgnored(streamId: number): boolean {
    return this.#resetByUs.has(streamId);
  }

  #refuse(streamId: number, code: ErrorCode): void {
    this.#patience.spend();
    this.sendReset(streamId, code);
  }

  #resetFor(stream: Http2Stream, code: ErrorCode): void {
    this.#patience.spend();
    stream.reset(code);
  }

  // ------------------------------------------------------------------------------------ what streams say

  sendHeaders(streamId: number, block: Buffer, isLast: boolean): void {
    this.#writer.headers(streamId, this.#isTableGivenUp ? block : Buffer.concat([noTable, block]), isLast);
    this.#isTableGivenUp = true;
  }

  sendTrailers(streamId: number, block: Buffer): void {
    this.#writer.trailers(streamId, block);
  }

  get answerMsMax(): number {
    return this.#options.answerMsMax;
  }

  roomFor(stream: Http2Stream): number {
    if (this.#writer.isBackedUp) return 0;
    return Math.min(stream.sendWindowBytes, this.#sendWindowBytes, payloadBytesMax);
  }

  sendData(stream: Http2Stream, bytes: Uint8Array, isLast: boolean): void {
    stream.sendWindowBytes -= bytes.byteLength;
    this.#sendWindowBytes -= bytes.byteLength;
    this.#writer.data(stream.id, bytes, isLast);
  }

  wait(stream: Http2Stream): void {
    // One that has no window itself would be asked in vain, for each byte that the connection is told of.
    if (stream.sendWindowBytes > 0) this.#waiting.add(stream);
  }

  #sendMore(): void {
    // One that still waits comes behind the others, and is not asked again now.
    for (let left = this.#waiting.size; left > 0; left--) {
      const [stream] = this.#waiting;
      if (stream === undefined || this.#writer.isBackedUp || this.#sendWindowBytes <= 0) return;
      this.#waiting.delete(stream);
      stream.sendMore();
    }
  }

  sendReset(streamId: number, code: ErrorCode): void {
    this.#resetByUs.add(streamId);
    const [oldest] = this.#resetByUs;
    if (this.#resetByUs.size > resetStreamsMax && oldest !== undefined) this.#resetByUs.delete(oldest);
    this.#writer.reset(streamId, code);
  }

  sendWindowUpdate(streamId: number, bytes: number): void {
    this.#writer.windowUpdate(streamId, bytes);
  }

  forget(stream: Http2Stream): void {
    if (stream.isAnswerGiven) this.#patience.earn();
    this.#streams.delete(stream.id);
    this.#waiting.delete(stream);
    if (this.#isLeft) this.#endOnceDone();
  }
}

/** RFC 7541 section 6.3: of size 0, so that the client may make its own as small as it likes. */
const noTable = Buffer.of(0x20);

/** Section 5.1.1. */
function isOfServer(streamId: number): boolean {
  return streamId % 2 === 0;
}

function widened(windowBytes: number, bytes: number): number {
  const sum = windowBytes + bytes;
  if (sum > windowBytesMax) throw new ConnectionError(errorCode.flowControlError, "a window is too large");
  return sum;
}
