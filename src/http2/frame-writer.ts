import type { Socket } from "node:net";
import { atTurnEnd } from "../lib/turn-end.ts";
import { type ErrorCode, flag, frameHeaderBytes, frameType, payloadBytesMax } from "./frames.ts";

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
 */
export class FrameWriter {
  readonly #socket: Socket;
  #frames: Frame[] = [];
  #bytes = 0;
  #isBackedUp = false;
  #isEnded = false;

  /** @param onRoom is called when it is not backed up any more */
  constructor(socket: Socket, onRoom: () => void) {
    this.#socket = socket;
    socket.on("drain", () => {
      if (!this.#isBackedUp) return;
      this.#isBackedUp = false;
      // A client that takes nothing is not listened to: each answer would have to wait here.
      socket.resume();
      onRoom();
    });
  }

  /** Whether what was written has not left yet: nothing is read meanwhile, and no body should be written. */
  get isBackedUp(): boolean {
    return this.#isBackedUp;
  }

  headers(streamId: number, block: Buffer, isLast: boolean): void {
    let type: number = frameType.headers;
    let flags: number = isLast ? flag.endStream : flag.none;
    let rest = block;
    for (; rest.byteLength > payloadBytesMax; rest = rest.subarray(payloadBytesMax)) {
      this.#write(type, flags, streamId, rest.subarray(0, payloadBytesMax));
      type = frameType.continuation;
      flags = flag.none;
    }
    this.#write(type, flags | flag.endHeaders, streamId, rest);
  }

  data(streamId: number, bytes: Uint8Array, isLast: boolean): void {
    this.#write(frameType.data, isLast ? flag.endStream : flag.none, streamId, bytes);
  }

  reset(streamId: number, code: ErrorCode): void {
    this.#write(frameType.resetStream, flag.none, streamId, uint32s(code));
  }

  /** @param values by id */
  settings(values: readonly (readonly [id: number, value: number])[]): void {
    const payload = Uint8Array.from(values.flatMap(([id, value]) => [0, id, ...uint32s(value)]));
    this.#write(frameType.settings, flag.none, 0, payload);
  }

  settingsTaken(): void {
    this.#write(frameType.settings, flag.acknowledge, 0, uint32s());
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
    this.flush();
    this.#isEnded = true;
    this.#socket.end(onSent);
  }

  #write(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    if (this.#isEnded) return;
    if (this.#frames.push({ type, flags, streamId, payload }) === 1) atTurnEnd(() => this.flush());
    this.#bytes += frameHeaderBytes + payload.byteLength;
    // A turn reads as much as a client has sent, of many clients: what all of it is answered must not wait for its end.
    if (this.#bytes > unsentBytesMax) this.flush();
  }

  flush(): void {
    if (this.#isEnded || this.#frames.length === 0) return;
    this.#socket.write(this.#take());
    if (this.#isBackedUp || this.#socket.writableLength <= unsentBytesMax) return;
    this.#isBackedUp = true;
    this.#socket.pause();
  }

  #take(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#bytes);
    let at = 0;
    for (const { type, flags, streamId, payload } of this.#frames) {
      const { byteLength } = payload;
      bytes[at] = byteLength >>> 16;
      bytes[at + 1] = byteLength >>> 8;
      bytes[at + 2] = byteLength;
      bytes[at + 3] = type;
      bytes[at + 4] = flags;
      bytes[at + 5] = streamId >>> 24;
      bytes[at + 6] = streamId >>> 16;
      bytes[at + 7] = streamId >>> 8;
      bytes[at + 8] = streamId;
      bytes.set(payload, at + frameHeaderBytes);
      at += frameHeaderBytes + byteLength;
    }
    this.#frames = [];
    this.#bytes = 0;
    return bytes;
  }
}

function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}
