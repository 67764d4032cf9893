import { Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { FrameWriter } from "../../src/http2/frame-writer.ts";
import { errorCode } from "../../src/http2/frames.ts";
import { closeSockets, socketPair } from "../support/http2-connection.ts";

/** In which writes frames leave, over TLS in which order, and how many wait. */

/** A client takes what was written when it is told to. */
class SlowTls extends TLSSocket {
  /** Of each write, its frames. */
  readonly writes: string[][] = [];
  readonly #left: (() => void)[] = [];

  constructor() {
    super(new Duplex({ read() {}, write() {} }), { isServer: true });
  }

  override write(bytes: Buffer, onLeft: unknown): boolean {
    this.writes.push(framesIn(bytes));
    if (typeof onLeft === "function") this.#left.push(() => void onLeft());
    return true;
  }

  override end(): this {
    return this;
  }

  /** The oldest write leaves, and what waited for it is written. */
  async leave(): Promise<void> {
    this.#left.shift()?.();
    await nextTurn();
  }
}

const names = ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY"];
names[9] = "CONTINUATION";

/** Each with its stream, flags and length. */
function framesIn(bytes: Buffer): string[] {
  const frames: string[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const [length, type = 0, flags = 0] = [bytes.readUIntBE(at, 3), bytes[at + 3], bytes[at + 4]];
    frames.push(`${names[type]} ${bytes.readUInt32BE(at + 5)} ${flags} ${length}`);
    at += 9 + length;
  }
  return frames;
}

const block = Buffer.from("block");
const bytes = Buffer.from("of an answer");

let socket: SlowTls;
let writer: FrameWriter;

beforeEach(() => {
  socket = new SlowTls();
  writer = new FrameWriter(socket, () => {});
});

afterEach(() => {
  socket.destroy();
  jest.restoreAllMocks();
  closeSockets();
});

describe("the end of a stream", () => {
  it("leaves when what was written together with it has left", async () => {
    writer.headers(1, block, false);
    writer.data(1, bytes, true);
    writer.headers(3, block, false);
    writer.data(3, bytes, false);
    writer.trailers(3, block);
    await nextTurn();
    const before = ["HEADERS 1 4 5", "DATA 1 0 12", "HEADERS 3 4 5", "DATA 3 0 12"];
    expect(socket.writes).toEqual([before]);
    await socket.leave();
    expect(socket.writes).toEqual([before, ["DATA 1 1 0", "HEADERS 3 5 5"]]);
  });

  it("leaves when what was written before it has left, though nothing is written behind it", async () => {
    writer.headers(1, block, false);
    await nextTurn();
    writer.data(1, Buffer.of(), true);
    await nextTurn();
    expect(socket.writes).toEqual([["HEADERS 1 4 5"]]);
    await socket.leave();
    expect(socket.writes).toEqual([["HEADERS 1 4 5"], ["DATA 1 1 0"]]);
  });

  it("leaves at once where nothing is before it", async () => {
    writer.data(1, bytes, true);
    await nextTurn();
    expect(socket.writes).toEqual([["DATA 1 1 12"]]);
  });

  it("comes before the reset of the stream", async () => {
    writer.headers(1, block, false);
    writer.trailers(1, block);
    writer.reset(1, errorCode.noError);
    await nextTurn();
    await socket.leave();
    expect(socket.writes.flat()).toEqual(["HEADERS 1 4 5", "HEADERS 1 5 5", "RST_STREAM 1 0 4"]);
  });
});

it("what waits leaves with the end of the connection, in its order, and nothing behind it", async () => {
  writer.headers(1, block, false);
  writer.trailers(1, block);
  await nextTurn();
  writer.headers(3, block, false);
  writer.trailers(3, block);
  writer.reset(1, errorCode.noError);
  writer.end(() => {});
  writer.headers(5, block, true);
  await socket.leave();
  await socket.leave();
  expect(socket.writes).toEqual([
    ["HEADERS 1 4 5"],
    ["HEADERS 3 4 5", "HEADERS 1 5 5", "HEADERS 3 5 5", "RST_STREAM 1 0 4"],
  ]);
});

it("a header block that is too long for a frame is cut into several", async () => {
  writer.headers(1, Buffer.alloc(40_000), true);
  await nextTurn();
  expect(socket.writes).toEqual([["HEADERS 1 1 16384", "CONTINUATION 1 0 16384", "CONTINUATION 1 4 7232"]]);
});

it("does not collect the answers to PINGs for a whole turn", async () => {
  const { served } = await socketPair();
  const write = jest.spyOn(served, "write");
  const cleartext = new FrameWriter(served, () => {});
  for (let pings = 0; pings < 10_000; pings++) cleartext.pingTaken(Buffer.alloc(8));
  expect(write).toHaveBeenCalled();
});

it("does not collect answers over TLS for a client that takes none", () => {
  const silent = new TLSSocket(new Duplex({ read() {}, write() {} }), { isServer: true });
  const toSilent = new FrameWriter(silent, () => {});
  let answers = 0;
  for (; !toSilent.isBackedUp && answers < 1_000; answers++) {
    toSilent.headers(2 * answers + 1, block, false);
    toSilent.data(2 * answers + 1, Buffer.alloc(10_000), true);
  }
  expect(answers).toBeLessThan(10);
  silent.destroy();
});
