import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { atTurnEnd } from "../lib/turn-end.ts";
import { type ErrorCode, flag, frameHeaderBytes, frameType, noBytes, payloadBytesMax } from "./frames.ts";

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Uint8Array;
}

/** Beyond it, what was written has to leave before there is more. */
const unsentBytesMax = 65_536;

/**
 * Writes frames (RFC 9113 section 6). They are put together at the end of a turn of the event loop, and leave in one
 * write.
 *
 * Over TLS, what ends a stream leaves once all before it has left. Node's own client takes a stream for broken off
 * ("Premature close") where it reads the end of an answer together with its beginning, before anybody has begun to
 * read it: so does Connect's client, and with it ZITADEL's.
 */
export class FrameWriter {
  readonly #socket: Socket;
  readonly #frames: Frame[] = [];
  #bytes = 0;
  /** Writes that have not left yet; counted over TLS only. */
  #writes = 0;
  /** Are to leave behind what is on its way; and behind what waits itself. */
  readonly #ends: Frame[] = [];
  readonly #nextEnds: Frame[] = [];
  #isBackedUp = false;
  #isEnded = false;

  /** @param onRoom is called when it is not backed up any more */
  constructor(socket: Socket, onRoom: () => void) {
    this.#socket = socket;
    socket.on("drain", () => {
      if (!this.#isBackedUp) return;
      this.#isBackedUp = false;
      socket.resume();
      onRoom();
    });
  }

  /** Whether what was written has not left yet: nothing is read meanwhile, and no body should be written. */
  get isBackedUp(): boolean {
    return this.#isBackedUp;
  }

  headers(streamId: number, block: Buffer, isLast: boolean): void {
    this.#writeBlock(this.#frames, streamId, block, isLast);
  }

  trailers(streamId: number, block: Buffer): void {
    this.#writeBlock(this.#queueOfEnds, streamId, block, true);
  }

  #writeBlock(queue: Frame[], streamId: number, block: Buffer, isLast: boolean): void {
    let type: number = frameType.headers;
    let flags: number = isLast ? flag.endStream : flag.none;
    let rest = block;
    for (; rest.byteLength > payloadBytesMax; rest = rest.subarray(payloadBytesMax)) {
      this.#write(type, flags, streamId, rest.subarray(0, payloadBytesMax), queue);
      type = frameType.continuation;
      flags = flag.none;
    }
    this.#write(type, flags | flag.endHeaders, streamId, rest, queue);
  }

  data(streamId: number, bytes: Uint8Array, isLast: boolean): void {
    if (!isLast) return this.#write(frameType.data, flag.none, streamId, bytes);
    const queue = this.#queueOfEnds;
    if (queue === this.#frames) return this.#write(frameType.data, flag.endStream, streamId, bytes);
    // What waits in the queue of ends is not counted: it must be small.
    if (bytes.byteLength > 0) this.#write(frameType.data, flag.none, streamId, bytes);
    this.#write(frameType.data, flag.endStream, streamId, noBytes, queue);
  }

  reset(streamId: number, code: ErrorCode): void {
    this.#write(frameType.resetStream, flag.none, streamId, uint32s(code), this.#queueOfEnds);
  }

  /** @param values by id */
  settings(values: readonly (readonly [id: number, value: number])[]): void {
    const payload = Uint8Array.from(values.flatMap(([id, value]) => [0, id, ...uint32s(value)]));
    this.#write(frameType.settings, flag.none, 0, payload);
  }

  settingsTaken(): void {
    this.#write(frameType.settings, flag.acknowledge, 0, noBytes);
  }

  ping(id: number): void {
    this.#write(frameType.ping, flag.none, 0, uint32s(0, id));
  }

  pingTaken(payload: Uint8Array): void {
    this.#write(frameType.ping, flag.acknowledge, 0, payload);
  }

  goAway(lastStreamId: number, code: ErrorCode): void {
    this.#write(frameType.goAway, flag.none, 0, uint32s(lastStreamId, code));
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.#write(frameType.windowUpdate, flag.none, streamId, uint32s(bytes));
  }

  /** Writes what waits, and nothing after it. @param onSent is called when it has left */
  end(onSent: () => void): void {
    this.#frames.push(...this.#ends.splice(0), ...this.#nextEnds.splice(0));
    this.#flush();
    this.#isEnded = true;
    this.#socket.end(onSent);
  }

  get #queueOfEnds(): Frame[] {
    const hasBefore = this.#frames.length > 0 || this.#writes > 0;
    return hasBefore && this.#socket instanceof TLSSocket ? this.#nextEnds : this.#frames;
  }

  #write(type: number, flags: number, streamId: number, payload: Uint8Array, queue = this.#frames): void {
    if (this.#isEnded) return;
    const count = queue.push({ type, flags, streamId, payload });
    if (queue !== this.#frames) return;
    if (count === 1) atTurnEnd(() => this.#flush());
    this.#bytes += frameHeaderBytes + payload.byteLength;
    // A turn reads as much as a client has sent, of many clients: what all of it is answered must not wait for its end.
    if (this.#bytes > unsentBytesMax) this.#flush();
  }

  #flush(): void {
    if (this.#isEnded || this.#frames.length === 0) return;
    this.#bytes = 0;
    const bytes = joined(this.#frames.splice(0));
    if (this.#socket instanceof TLSSocket) {
      this.#ends.push(...this.#nextEnds.splice(0));
      this.#writes += 1;
      this.#socket.write(bytes, () => this.#onLeft());
    } else this.#socket.write(bytes);
    if (this.#isBackedUp || this.#socket.writableLength <= unsentBytesMax) return;
    this.#isBackedUp = true;
    // A client that takes nothing is not listened to: each answer would have to wait here.
    this.#socket.pause();
  }

  #onLeft(): void {
    this.#writes -= 1;
    const isIdle = this.#writes === 0 && this.#frames.length === 0;
    const ends = this.#ends.splice(0);
    if (isIdle) ends.push(...this.#nextEnds.splice(0));
    for (const { type, flags, streamId, payload } of ends) {
      this.#write(type, flags, streamId, payload);
    }
  }
}

function joined(frames: readonly Frame[]): Buffer {
  let byteLength = 0;
  for (const { payload } of frames) byteLength += frameHeaderBytes + payload.byteLength;
  const bytes = Buffer.allocUnsafe(byteLength);
  let at = 0;
  for (const { type, flags, streamId, payload } of frames) {
    const length = payload.byteLength;
    bytes[at] = length >>> 16;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length;
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    bytes[at + 5] = streamId >>> 24;
    bytes[at + 6] = streamId >>> 16;
    bytes[at + 7] = streamId >>> 8;
    bytes[at + 8] = streamId;
    bytes.set(payload, at + frameHeaderBytes);
    at += frameHeaderBytes + length;
  }
  return bytes;
}

function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}
