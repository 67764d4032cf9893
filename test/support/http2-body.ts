import { flags, type Frame, type Http2Frames, types } from "./http2-frames.ts";

const firstWindowBytes = 65_535;
const payloadBytesMax = 16_384;

/** Sends bodies on a connection as fast as the server's windows let it, and not faster (RFC 9113 section 5.2). */
export class BodySender {
  readonly #connection: Http2Frames;
  #sentBytes = 0;

  constructor(connection: Http2Frames) {
    this.#connection = connection;
  }

  /** @param padding of each frame; 0 for none */
  async send(
    stream: number,
    body: Uint8Array,
    { isLast = true, padding = 0, chunkBytes = payloadBytesMax } = {},
  ): Promise<void> {
    const overhead = padding === 0 ? 0 : 1 + padding;
    let streamBytes = 0;
    for (let at = 0; at < body.byteLength;) {
      const needed = overhead + Math.min(chunkBytes, body.byteLength - at, payloadBytesMax - overhead);
      const room = await this.#connection.find((frames) => {
        const ofStream = firstWindowBytes + toldBytes(frames, stream) - streamBytes;
        const ofConnection = firstWindowBytes + toldBytes(frames, 0) - this.#sentBytes;
        const bytes = Math.min(ofStream, ofConnection, needed);
        return bytes > overhead ? bytes : undefined;
      });
      const part = body.subarray(at, at + room - overhead);
      at += part.byteLength;
      streamBytes += room;
      this.#sentBytes += room;
      const isEnd = isLast && at === body.byteLength;
      this.#write(stream, part, isEnd, padding);
    }
  }

  #write(stream: number, part: Uint8Array, isLast: boolean, padding: number): void {
    if (padding === 0) this.#connection.data(stream, part, isLast);
    else {
      const flag = flags.padded | (isLast ? flags.endStream : flags.none);
      this.#connection.frame(types.data, flag, stream, padded(part, padding));
    }
  }
}

/** The payload of a frame with padding (section 6.1). */
export function padded(payload: Uint8Array, padding: number): Buffer {
  return Buffer.concat([Buffer.of(padding), payload, Buffer.alloc(padding)]);
}

/** By how much the server has widened a window. */
export function toldBytes(frames: readonly Frame[], stream: number): number {
  return frames
    .filter((each) => each.type === types.windowUpdate && each.stream === stream)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
}
