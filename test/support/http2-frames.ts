import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { echoTls } from "./echo-tls.ts";

/** RFC 9113 section 6; and one that nobody knows, and whoever gets it ignores (section 5.5). */
const types = {
  data: 0x0,
  headers: 0x1,
  resetStream: 0x3,
  settings: 0x4,
  ping: 0x6,
  goAway: 0x7,
  unknown: 0xfa,
};
const flags = { none: 0x0, endStream: 0x1, endHeaders: 0x4 } as const;
const frameHeaderBytes = 9;

/** Of PING. */
export const pingBytes = frameHeaderBytes + 8;

/** A connection of HTTP/2 that writes frames as it is told, which no client library would, and answers none. */
export class Http2Frames {
  /** Resolves when the connection is closed. */
  readonly closed: Promise<unknown>;
  /** Whether the server has said that it takes no further request. */
  isToldToGo = false;
  readonly #tcp: Socket;
  /** The same, or TLS over it. */
  readonly #socket: Socket;
  /** The streams that the server has ended, and who waits for one. */
  readonly #ended = new Map<number, PromiseWithResolvers<void>>();
  #unread = Buffer.alloc(0);

  /** @param isTls whether the server has the certificate of `echoTls` */
  constructor(port: number, isTls = false) {
    this.#tcp = connect(port, "127.0.0.1").setNoDelay();
    this.#socket = isTls
      ? connectTls({ socket: this.#tcp, ca: echoTls.cert, ALPNProtocols: ["h2"] })
      : this.#tcp;
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.closed = once(this.#socket, "close");
    this.#socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    this.#write(types.settings, flags.none, 0);
  }

  /** Begins a request. What is written at once with the first one leaves in one packet. */
  headers(stream: number, fields: Readonly<Record<string, string>>): void {
    const block = Object.entries(fields).map(([name, value]) => literalField(name, value));
    this.#write(types.headers, flags.endHeaders, stream, Buffer.concat(block));
  }

  data(stream: number, bytes: Uint8Array, isLast: boolean): void {
    this.#write(types.data, isLast ? flags.endStream : flags.none, stream, bytes);
  }

  reset(stream: number, code: number): void {
    this.#write(types.resetStream, flags.none, stream, Uint8Array.of(0, 0, 0, code));
  }

  ping(): void {
    this.#write(types.ping, flags.none, 0, Buffer.alloc(8));
  }

  /** Says that no further request comes. */
  goAway(): void {
    this.#write(types.goAway, flags.none, 0, Buffer.alloc(8));
  }

  /** @param byteLength of the whole frame */
  unknown(byteLength: number): void {
    this.#write(types.unknown, flags.none, 0, Buffer.alloc(byteLength - frameHeaderBytes));
  }

  /** What is written meanwhile leaves at once. */
  together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  /** Resolves when the server has answered or reset a stream. */
  ended(stream: number): Promise<void> {
    return this.#endOf(stream).promise;
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

  #write(type: number, flag: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): void {
    const header = Buffer.alloc(frameHeaderBytes);
    header.writeUIntBE(payload.byteLength, 0, 3);
    header.writeUInt8(type, 3);
    header.writeUInt8(flag, 4);
    header.writeUInt32BE(stream, 5);
    this.#socket.write(Buffer.concat([header, payload]));
  }

  #read(chunk: Buffer): void {
    let bytes = Buffer.concat([this.#unread, chunk]);
    while (bytes.length >= frameHeaderBytes) {
      const end = frameHeaderBytes + bytes.readUIntBE(0, 3);
      if (bytes.length < end) break;
      const [type, flag, stream] = [bytes.readUInt8(3), bytes.readUInt8(4), bytes.readUInt32BE(5)];
      const isAnswer = type === types.data || type === types.headers;
      if (type === types.resetStream || (isAnswer && (flag & flags.endStream) !== 0))
        this.#endOf(stream).resolve();
      if (type === types.goAway) this.isToldToGo = true;
      bytes = bytes.subarray(end);
    }
    this.#unread = bytes;
  }
}

/** RFC 7541 section 6.2.2, with a name and a value of less than 127 bytes each. */
function literalField(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.of(0, name.length),
    Buffer.from(name),
    Buffer.of(value.length),
    Buffer.from(value),
  ]);
}
