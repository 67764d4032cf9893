import type { Socket } from "node:net";
import { flag, frameHeaderBytes, frameType, preface, setting } from "../../src/http2/frames.ts";
import type { Call, Connection, Listener } from "./connection.ts";
import { describeStatus, type HeaderBlocks, isOk } from "./hpack.ts";

/** How a method is called by gRPC. */
export interface GrpcRequests {
  readonly headers: HeaderBlocks;
  /** The message, a byte a character. */
  messageOf(call: Call): string;
}

interface Stream {
  readonly call: Call;
  /** The last bytes of the answer. */
  data: Buffer | undefined;
}

/**
 * gRPC over HTTP/2 with nothing that the measured calls do not need, so that a core of load is enough for more than
 * a core of server. Requests are a few bytes, which the server has read when it answers: its flow control, a
 * window of 64 KiB, can never be in the way.
 */
export class Http2Connection implements Connection {
  readonly #socket: Socket;
  readonly #requests: GrpcRequests;
  readonly #listener: Listener;
  readonly #streamsMax: number;
  readonly #streams = new Map<number, Stream>();
  #lastStream = -1;
  #out = "";
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, requests: GrpcRequests, listener: Listener, streamsMax: number) {
    this.#socket = socket;
    this.#requests = requests;
    this.#listener = listener;
    this.#streamsMax = streamsMax;
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("close", () => listener.onClose());
    socket.write(opening, "latin1");
  }

  get room(): number {
    return this.#streamsMax - this.#streams.size;
  }

  send(call: Call): void {
    this.#lastStream += 2;
    const id = this.#lastStream;
    const { headers, messageOf } = this.#requests;
    const block = headers.blockOf(id === 1, call.token);
    const message = messageOf(call);
    this.#out +=
      frameHeader(block.length, frameType.headers, flag.endHeaders, id) +
      block +
      frameHeader(5 + message.length, frameType.data, flag.endStream, id) +
      `\0${uint32(message.length)}${message}`;
    this.#streams.set(id, { call, data: undefined });
  }

  flush(): void {
    if (this.#out === "") return;
    this.#socket.write(this.#out, "latin1");
    this.#out = "";
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= frameHeaderBytes) {
      const end = at + frameHeaderBytes + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const payload = bytes.subarray(at + frameHeaderBytes, end);
      this.#take(bytes.readUInt8(at + 3), bytes.readUInt8(at + 4), bytes.readUInt32BE(at + 5), payload);
      at = end;
    }
    this.#rest = bytes.subarray(at);
    this.#listener.onRead(this);
  }

  #take(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case frameType.data: {
        const stream = this.#streams.get(id);
        if (stream !== undefined && payload.length > 0) stream.data = payload;
        return;
      }
      case frameType.headers:
        if ((flags & flag.endStream) !== 0) this.#end(id, payload);
        return;
      case frameType.resetStream:
        this.#end(id, undefined);
        return;
      case frameType.settings:
        if ((flags & flag.acknowledge) === 0) {
          this.#out += frameHeader(0, frameType.settings, flag.acknowledge, 0);
          this.flush();
        }
        return;
      case frameType.goAway:
        this.#socket.destroy();
    }
  }

  /** @param trailers undefined if the stream was reset */
  #end(id: number, trailers: Buffer | undefined): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    const { call, data } = stream;
    if (trailers === undefined) this.#listener.onError(call, "the stream was reset");
    else if (!isOk(trailers)) this.#listener.onError(call, describeStatus(trailers));
    else if (data === undefined) this.#listener.onError(call, "an answer without a message");
    else this.#listener.onAnswer(call, codeAtEnd(data));
  }
}

/** In SetPhoneResponse the code is the last field: 2, of 6 characters. */
function codeAtEnd(message: Buffer): string | undefined {
  const tag = message.length - 8;
  if (tag < 0 || message[tag] !== 0x12 || message[tag + 1] !== 6) return undefined;
  return message.toString("latin1", tag + 2);
}

function uint32(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

function frameHeader(length: number, type: number, flags: number, stream: number): string {
  const head = String.fromCharCode((length >>> 16) & 255, (length >>> 8) & 255, length & 255, type, flags);
  return head + uint32(stream);
}

/** So large that no run ever uses it up. */
const windowBytes = 2 ** 30;
/** A setting that our own server need not know. */
const headerTableSize = 0x1;

function settingOf(id: number, value: number): string {
  return `\0${String.fromCharCode(id)}${uint32(value)}`;
}

/** Without a header table, every header block of the server can be read by itself. */
const settings = settingOf(headerTableSize, 0) + settingOf(setting.initialWindowSize, windowBytes);

const opening =
  preface.toString("latin1") +
  frameHeader(settings.length, frameType.settings, 0, 0) +
  settings +
  frameHeader(4, frameType.windowUpdate, 0, 0) +
  uint32(windowBytes);
