import {
  ConnectionError,
  errorCode,
  flag,
  frameHeaderBytes,
  frameType,
  payloadBytesMax,
  preface,
  streamIdMax,
} from "./frames.ts";

/** What frames say. Each may throw a ConnectionError. */
export interface FrameListener {
  /** @param flowBytes what the frame takes of the windows: its padding, too */
  onData(streamId: number, chunk: Buffer, flowBytes: number, isLast: boolean): void;
  /** A whole header block, of one frame or several. */
  onHeaders(streamId: number, block: Buffer, isLast: boolean): void;
  onReset(streamId: number): void;
  onSettings(values: readonly (readonly [id: number, value: number])[]): void;
  onPing(payload: Buffer): void;
  /** The answer to a PING. */
  onPong(id: number): void;
  onGoAway(): void;
  onWindowUpdate(streamId: number, bytes: number): void;
  /** A frame that says nothing. */
  onIdle(): void;
}

/** A header block that is not complete yet. */
interface OpenBlock {
  readonly streamId: number;
  readonly isLast: boolean;
  block: Buffer;
}

/** Cuts what a client sends into frames, and looks whether each is one (RFC 9113 sections 3.4, 4 and 6). */
export class FrameReader {
  readonly #listener: FrameListener;
  readonly #blockBytesMax: number;
  #rest: Buffer | undefined;
  #isPrefaceRead = false;
  #isSettingsRead = false;
  #openBlock: OpenBlock | undefined;

  /** @param blockBytesMax of a header block */
  constructor(listener: FrameListener, blockBytesMax: number) {
    this.#listener = listener;
    this.#blockBytesMax = blockBytesMax;
  }

  /** @throws ConnectionError */
  read(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = this.#isPrefaceRead ? 0 : this.#readPreface(bytes);
    while (this.#isPrefaceRead && bytes.byteLength - at >= frameHeaderBytes) {
      const length = bytes.readUIntBE(at, 3);
      if (length > payloadBytesMax)
        throw new ConnectionError(errorCode.frameSizeError, "a frame is too long");
      const start = at + frameHeaderBytes;
      const end = start + length;
      if (end > bytes.byteLength) break;
      const streamId = bytes.readUInt32BE(at + 5) & streamIdMax;
      this.#take(bytes.readUInt8(at + 3), bytes.readUInt8(at + 4), streamId, bytes.subarray(start, end));
      at = end;
    }
    this.#rest = at === bytes.byteLength ? undefined : bytes.subarray(at);
  }

  /** @returns where it ends */
  #readPreface(bytes: Buffer): number {
    const length = Math.min(bytes.byteLength, preface.byteLength);
    if (preface.compare(bytes, 0, length, 0, length) !== 0) throw protocolError("this is not HTTP/2");
    if (length < preface.byteLength) return 0;
    this.#isPrefaceRead = true;
    return length;
  }

  #take(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.#openBlock !== undefined && type !== frameType.continuation) {
      throw protocolError("a frame in the middle of a header block");
    }
    if (!this.#isSettingsRead && (type !== frameType.settings || isSet(flags, flag.acknowledge))) {
      throw protocolError("the first frame is not SETTINGS");
    }
    switch (type) {
      case frameType.data:
        return this.#takeData(flags, streamId, payload);
      case frameType.headers:
        return this.#takeHeaders(flags, streamId, payload);
      case frameType.priority:
        return this.#takePriority(streamId, payload);
      case frameType.resetStream:
        mustBeOf("a stream", streamId);
        mustHave(4, payload);
        return this.#listener.onReset(streamId);
      case frameType.settings:
        return this.#takeSettings(flags, streamId, payload);
      case frameType.pushPromise:
        throw protocolError("a client pushes nothing");
      case frameType.ping:
        mustBeOf("the connection", streamId);
        mustHave(8, payload);
        if (isSet(flags, flag.acknowledge)) return this.#listener.onPong(payload.readUInt32BE(4));
        return this.#listener.onPing(payload);
      case frameType.goAway:
        mustBeOf("the connection", streamId);
        if (payload.byteLength < 8) mustHave(8, payload);
        return this.#listener.onGoAway();
      case frameType.windowUpdate:
        mustHave(4, payload);
        return this.#listener.onWindowUpdate(streamId, payload.readUInt32BE() & streamIdMax);
      case frameType.continuation:
        return this.#takeContinuation(flags, streamId, payload);
      default:
        // Section 5.5: what we do not know says nothing.
        this.#listener.onIdle();
    }
  }

  #takeData(flags: number, streamId: number, payload: Buffer): void {
    mustBeOf("a stream", streamId);
    const chunk = withoutPadding(flags, payload);
    const isLast = isSet(flags, flag.endStream);
    if (chunk.byteLength === 0 && !isLast) this.#listener.onIdle();
    this.#listener.onData(streamId, chunk, payload.byteLength, isLast);
  }

  #takeHeaders(flags: number, streamId: number, payload: Buffer): void {
    mustBeOf("a stream", streamId);
    let block = withoutPadding(flags, payload);
    if (isSet(flags, flag.priority)) {
      if (block.byteLength < priorityBytes) mustHave(priorityBytes, block);
      mustNotDependOnItself(streamId, block);
      block = block.subarray(priorityBytes);
    }
    const isLast = isSet(flags, flag.endStream);
    if (isSet(flags, flag.endHeaders)) this.#listener.onHeaders(streamId, block, isLast);
    else this.#openBlock = { streamId, isLast, block };
  }

  #takeContinuation(flags: number, streamId: number, payload: Buffer): void {
    const open = this.#openBlock;
    if (open === undefined || open.streamId !== streamId) throw protocolError("CONTINUATION of nothing");
    this.#listener.onIdle();
    // What is more cannot be left out: the header table would not be the client's any more.
    if (open.block.byteLength + payload.byteLength > this.#blockBytesMax) {
      throw new ConnectionError(errorCode.enhanceYourCalm, "a header block is too long");
    }
    open.block = Buffer.concat([open.block, payload]);
    if (!isSet(flags, flag.endHeaders)) return;
    this.#openBlock = undefined;
    this.#listener.onHeaders(streamId, open.block, open.isLast);
  }

  /** Deprecated (section 5.3.2): all streams are alike. */
  #takePriority(streamId: number, payload: Buffer): void {
    mustBeOf("a stream", streamId);
    mustHave(priorityBytes, payload);
    mustNotDependOnItself(streamId, payload);
    this.#listener.onIdle();
  }

  #takeSettings(flags: number, streamId: number, payload: Buffer): void {
    mustBeOf("the connection", streamId);
    const isAnswer = isSet(flags, flag.acknowledge);
    if (isAnswer) mustHave(0, payload);
    const count = Math.ceil(payload.byteLength / settingBytes);
    mustHave(count * settingBytes, payload);
    if (count > settingsMax) throw new ConnectionError(errorCode.enhanceYourCalm, "too many settings");
    this.#isSettingsRead = true;
    if (isAnswer) return this.#listener.onIdle();
    const values = Array.from({ length: count }, (_, index) => {
      const at = index * settingBytes;
      return [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)] as const;
    });
    this.#listener.onSettings(values);
  }
}

const priorityBytes = 5;
const settingBytes = 6;
/** In a frame. There are eight; each may have something to do for every stream. */
const settingsMax = 32;

function isSet(flags: number, one: number): boolean {
  return (flags & one) !== 0;
}

function protocolError(message: string): ConnectionError {
  return new ConnectionError(errorCode.protocolError, message);
}

function mustBeOf(whom: "a stream" | "the connection", streamId: number): void {
  if ((streamId === 0) !== (whom === "the connection")) throw protocolError(`a frame that is not of ${whom}`);
}

function mustHave(byteLength: number, payload: Buffer): void {
  if (payload.byteLength === byteLength) return;
  throw new ConnectionError(
    errorCode.frameSizeError,
    `a frame of ${payload.byteLength} bytes, not ${byteLength}`,
  );
}

/** Section 6.1. */
function withoutPadding(flags: number, payload: Buffer): Buffer {
  if (!isSet(flags, flag.padded)) return payload;
  const [padding] = payload;
  if (padding === undefined || padding >= payload.byteLength) throw protocolError("more padding than frame");
  return payload.subarray(1, payload.byteLength - padding);
}

/** RFC 7540 section 5.3.1. */
function mustNotDependOnItself(streamId: number, priority: Buffer): void {
  if ((priority.readUInt32BE() & streamIdMax) === streamId) throw protocolError("a stream depends on itself");
}
