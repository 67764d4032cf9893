import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { echoTls } from "./echo-tls.ts";
import { type Fields, plainBlock } from "./hpack-writer.ts";

/** RFC 9113 section 6; and one that nobody knows, and whoever gets it ignores (section 5.5). */
export const types = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  resetStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
  unknown: 0xfa,
} as const;
export const flags = {
  none: 0x0,
  endStream: 0x1,
  acknowledge: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;
export const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const frameHeaderBytes = 9;

/** Of PING. */
export const pingBytes = frameHeaderBytes + 8;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

interface Http2FramesOptions {
  /** What is written to begin with; preface and SETTINGS if left out. */
  readonly opening?: Uint8Array;
  /** Whether PINGs are answered. */
  readonly answersPings?: boolean;
}

/** A connection of HTTP/2 that writes frames as it is told, which no client library would, and answers none. */
export class Http2Frames {
  /** Resolves when the connection is closed. */
  readonly closed: Promise<unknown>;
  /** Whether the server has said that it takes no further request. */
  isToldToGo = false;
  /** What the server has sent. */
  readonly frames: Frame[] = [];
  readonly #tcp: Socket;
  /** The same, or TLS over it. */
  readonly #socket: Socket;
  /** The streams that the server has ended, and who waits for one. */
  readonly #ended = new Map<number, PromiseWithResolvers<void>>();
  readonly #answersPings: boolean;
  /** Is told of each frame, and of the end. */
  #onFrames = Promise.withResolvers<void>();
  #isClosed = false;
  /** Which read brought a frame: over TLS each record is one. */
  readonly readOf = new Map<Frame, number>();
  #reads = 0;
  #unread = Buffer.alloc(0);
  #trips = 0;

  /** @param isTls whether the server has the certificate of `echoTls` */
  constructor(port: number, isTls = false, { opening, answersPings = false }: Http2FramesOptions = {}) {
    this.#answersPings = answersPings;
    this.#tcp = connect(port, "127.0.0.1").setNoDelay();
    this.#socket = isTls
      ? connectTls({ socket: this.#tcp, ca: echoTls.cert, ALPNProtocols: ["h2"] })
      : this.#tcp;
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.closed = once(this.#socket, "close");
    this.#socket.once("close", () => {
      this.#isClosed = true;
      this.#onFrames.resolve();
    });
    this.raw(opening ?? Buffer.concat([Buffer.from(preface), frame(types.settings)]));
  }

  /** Begins a request. What is written at once with the first one leaves in one packet. */
  headers(stream: number, fields: Fields, isLast = false): void {
    this.frame(types.headers, flags.endHeaders | (isLast ? flags.endStream : 0), stream, plainBlock(fields));
  }

  data(stream: number, bytes: Uint8Array, isLast: boolean): void {
    this.frame(types.data, isLast ? flags.endStream : flags.none, stream, bytes);
  }

  reset(stream: number, code: number): void {
    this.frame(types.resetStream, flags.none, stream, Uint8Array.of(0, 0, 0, code));
  }

  /** @param values by id */
  settings(values: readonly (readonly [id: number, value: number])[]): void {
    this.raw(settings(values));
  }

  windowUpdate(stream: number, bytes: number): void {
    this.raw(windowUpdate(stream, bytes));
  }

  ping(): void {
    this.raw(ping());
  }

  /** Says that no further request comes. */
  goAway(): void {
    this.frame(types.goAway, flags.none, 0, Buffer.alloc(8));
  }

  /** @param byteLength of the whole frame */
  unknown(byteLength: number): void {
    this.frame(types.unknown, flags.none, 0, Buffer.alloc(byteLength - frameHeaderBytes));
  }

  frame(type: number, flag: number, stream: number, payload?: Uint8Array): void {
    this.raw(frame(type, flag, stream, payload));
  }

  raw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** What is written meanwhile leaves at once. */
  together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  /** Resolves when all that was written was handed to the system. */
  async written(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.write("", () => resolve()));
  }

  /** Resolves when the server has answered or reset a stream. */
  ended(stream: number): Promise<void> {
    return this.#endOf(stream).promise;
  }

  /** Resolves with what is found in the frames of the server, once it is there. */
  async find<T>(inFrames: (frames: readonly Frame[]) => T | undefined): Promise<T> {
    for (;;) {
      const found = inFrames(this.frames);
      if (found !== undefined) return found;
      if (this.#isClosed) throw new Error("the connection is closed");
      await this.#onFrames.promise;
    }
  }

  /** Resolves with the first frame of a type that there is. */
  next(type: number, stream = 0): Promise<Frame> {
    return this.find((all) => all.find((each) => each.type === type && each.stream === stream));
  }

  /** Resolves when the server has read, and said its word to, all that was written before. It may be called again. */
  async roundTrip(): Promise<void> {
    this.#trips += 1;
    const payload = Buffer.from(`trip ${String(this.#trips % 1_000).padStart(3, "0")}`);
    this.raw(ping(payload));
    await this.find((all) =>
      all.find(
        ({ type, flags: flag, payload: back }) => type === types.ping && flag === 1 && back.equals(payload),
      ),
    );
  }

  /** Reads nothing until `listen`. */
  stopListening(): void {
    this.#socket.pause();
  }

  listen(): void {
    this.#socket.resume();
  }

  /** Lets the connection go. */
  end(): void {
    this.#socket.end();
  }

  /** Breaks off (RST of TCP). */
  breakOff(): void {
    this.#tcp.resetAndDestroy();
  }

  #endOf(stream: number): PromiseWithResolvers<void> {
    const known = this.#ended.get(stream) ?? Promise.withResolvers<void>();
    this.#ended.set(stream, known);
    return known;
  }

  #read(chunk: Buffer): void {
    this.#reads += 1;
    let bytes = Buffer.concat([this.#unread, chunk]);
    while (bytes.length >= frameHeaderBytes) {
      const end = frameHeaderBytes + bytes.readUIntBE(0, 3);
      if (bytes.length < end) break;
      const [type, flag, stream] = [bytes.readUInt8(3), bytes.readUInt8(4), bytes.readUInt32BE(5)];
      this.#take({ type, flags: flag, stream, payload: Buffer.from(bytes.subarray(frameHeaderBytes, end)) });
      bytes = bytes.subarray(end);
    }
    this.#unread = bytes;
    this.#onFrames.resolve();
    this.#onFrames = Promise.withResolvers();
  }

  #take(one: Frame): void {
    const { type, flags: flag, stream, payload } = one;
    this.frames.push(one);
    this.readOf.set(one, this.#reads);
    const isAnswer = type === types.data || type === types.headers;
    if (type === types.resetStream || (isAnswer && (flag & flags.endStream) !== 0))
      this.#endOf(stream).resolve();
    if (type === types.goAway) this.isToldToGo = true;
    if (this.#answersPings && type === types.ping && flag === flags.none) this.raw(pong(payload));
  }
}

/** A frame as it is written. */
export function frame(type: number, flag: number = flags.none, stream = 0, payload?: Uint8Array): Buffer {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUIntBE(payload?.byteLength ?? 0, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flag, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload ?? Buffer.of()]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @param values by id */
export function settingsPayload(values: readonly (readonly [id: number, value: number])[]): Buffer {
  return Buffer.concat(values.flatMap(([id, value]) => [Buffer.of(id >>> 8, id & 0xff), uint32(value)]));
}

/** @param values by id */
export function settings(values: readonly (readonly [id: number, value: number])[]): Buffer {
  return frame(types.settings, flags.none, 0, settingsPayload(values));
}

export function windowUpdate(stream: number, bytes: number): Buffer {
  return frame(types.windowUpdate, flags.none, stream, uint32(bytes));
}

export function ping(payload: Uint8Array = Buffer.alloc(8)): Buffer {
  return frame(types.ping, flags.none, 0, payload);
}

/** The answer to a PING. */
export function pong(payload: Uint8Array = Buffer.alloc(8)): Buffer {
  return frame(types.ping, flags.acknowledge, 0, payload);
}
