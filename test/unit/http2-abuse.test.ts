import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { addChunk } from "../../src/http2/chunks.ts";
import { Http2Connection } from "../../src/http2/connection.ts";
import { FrameWriter } from "../../src/http2/frame-writer.ts";
import {
  type ConnectionError,
  errorCode,
  flag,
  frameType,
  preface,
  setting,
  windowBytesMax,
} from "../../src/http2/frames.ts";
import { encodeHeaders } from "../../src/http2/header-encoder.ts";
import { HeaderDecoder } from "../../src/http2/header-decoder.ts";
import { Http2Stream, type StreamCarrier } from "../../src/http2/stream.ts";
import { plainBlock, text } from "../support/hpack-writer.ts";

/** What a client sends to cost more than it pays, or that others pay for. */

function frame(type: number, flags: number, streamId: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.byteLength, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function settings(values: readonly (readonly [id: number, value: number])[]): Buffer {
  return frame(
    frameType.settings,
    flag.none,
    0,
    Buffer.concat(values.map(([id, value]) => Buffer.concat([Buffer.of(0, id), uint32(value)]))),
  );
}

const block = encodeHeaders(undefined, {
  ":method": "POST",
  ":scheme": "http",
  ":authority": "a",
  ":path": "/",
});
const headers = (streamId: number): Buffer => frame(frameType.headers, flag.endHeaders, streamId, block);
const windowUpdate = (streamId: number, bytes: number): Buffer =>
  frame(frameType.windowUpdate, flag.none, streamId, uint32(bytes));
const ping = frame(frameType.ping, flag.none, 0, Buffer.alloc(8));
const pong = frame(frameType.ping, flag.acknowledge, 0, Buffer.alloc(8));

const sockets: Socket[] = [];

afterEach(() => {
  jest.restoreAllMocks();
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Both ends of a connection. */
async function socketPair(): Promise<{ client: Socket; served: Socket }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const client = connect(address.port, "127.0.0.1");
  const served = await new Promise<Socket>((resolve) => server.once("connection", resolve));
  server.close();
  sockets.push(client, served);
  return { client, served };
}

interface Served {
  readonly client: Socket;
  readonly streams: readonly Http2Stream[];
  readonly errors: readonly ConnectionError[];
  /** Resolves when the server has sent these bytes. */
  said(bytes: Buffer): Promise<void>;
}

async function serve(firstSettings: readonly (readonly [id: number, value: number])[] = []): Promise<Served> {
  const { client, served } = await socketPair();
  const streams: Http2Stream[] = [];
  const errors: ConnectionError[] = [];
  void new Http2Connection(served, {
    streamsMax: 100,
    headerBytesMax: 16_384,
    inVainMax: 1_000,
    onStream: (stream) => streams.push(stream),
    onError: (error) => errors.push(error),
  });
  let heard = Buffer.alloc(0);
  client.on("data", (chunk) => (heard = Buffer.concat([heard, chunk])));
  client.write(Buffer.concat([preface, settings(firstSettings)]));
  return {
    client,
    streams,
    errors,
    async said(bytes) {
      while (!heard.includes(bytes)) await once(client, "data");
    },
  };
}

/** A stream with a connection that only counts. */
function loneStream(contentLength?: number): { stream: Http2Stream; freedBytes: () => number } {
  let freed = 0;
  const carrier: StreamCarrier = {
    sendHeaders() {},
    sendTrailers() {},
    roomFor: () => 0,
    sendData() {},
    wait() {},
    sendReset() {},
    sendWindowUpdate() {},
    free: (bytes) => void (freed += bytes),
    forget() {},
  };
  const head = { method: "POST", target: "/", headers: {}, contentLength };
  return { stream: new Http2Stream(carrier, 1, head, 65_535), freedBytes: () => freed };
}

describe("a body", () => {
  it("is not kept in as many chunks as frames", () => {
    const { stream } = loneStream();
    for (let sent = 0; sent < 60_000; sent++) stream.receiveData(Buffer.of(sent), 1, sent === 59_999);
    let chunks: readonly Uint8Array[] | undefined;
    stream.readWhole(100_000, (all) => (chunks = all));
    expect(chunks?.length).toBeLessThan(40);
    expect(Buffer.concat(chunks ?? [])).toEqual(Buffer.from(Array.from({ length: 60_000 }, (_, at) => at)));
  });

  it("is not kept in as many chunks as frames by who reads it as it comes, either", () => {
    const { stream } = loneStream();
    let chunks: readonly Uint8Array[] | undefined;
    stream.readWhole(100_000, (all) => (chunks = all));
    for (let sent = 0; sent < 60_000; sent++) stream.receiveData(Buffer.of(sent), 1, sent === 59_999);
    expect(chunks?.length).toBeLessThan(40);
    expect(Buffer.concat(chunks ?? []).byteLength).toBe(60_000);
  });

  it("is not copied where its chunks are large", () => {
    const large = [Buffer.alloc(16_384), Buffer.alloc(16_384), Buffer.alloc(10)];
    const chunks: Uint8Array[] = [];
    for (const chunk of large) addChunk(chunks, chunk);
    expect(chunks).toEqual(large);
    expect(chunks.every((chunk, at) => chunk === large[at])).toBe(true);
  });

  it("is not whole once it was cut", async () => {
    const { stream } = loneStream();
    stream.receiveData(Buffer.from("all of it"), 9, true);
    stream.breakOff();
    await expect(Array.fromAsync(stream.body())).rejects.toThrow("closed before its end");
  });

  it.each([
    ["shorter", 10],
    ["longer", 8],
  ])("that is %s than was said frees the window once", (_name, contentLength) => {
    const { stream, freedBytes } = loneStream(contentLength);
    const error = stream.receiveData(Buffer.from("nine byte"), 9, true);
    expect(error).toBe(errorCode.protocolError);
    stream.reset(errorCode.protocolError);
    expect(freedBytes()).toBe(9);
  });
});

describe("an answer that the client does not take", () => {
  const body = Buffer.from("what was asked for");

  it("is not tried again for what the connection is told of", async () => {
    const { client, streams, said } = await serve([[setting.initialWindowSize, 0]]);
    client.write(Buffer.concat([headers(1), ping]));
    await said(pong);
    streams[0]?.answer(200, {}, body);
    const sendMore = jest.spyOn(Http2Stream.prototype, "sendMore");
    const second = frame(frameType.ping, flag.none, 0, Buffer.from("and then"));
    client.write(Buffer.concat([...Array.from({ length: 100 }, () => windowUpdate(0, 1)), second]));
    await said(frame(frameType.ping, flag.acknowledge, 0, Buffer.from("and then")));
    expect(sendMore).not.toHaveBeenCalled();
  });

  it.each([
    ["its stream is told of more", windowUpdate(1, 100)],
    ["all streams are", settings([[setting.initialWindowSize, 100]])],
  ])("is sent when %s", async (_name, more) => {
    const { client, streams, said } = await serve([[setting.initialWindowSize, 0]]);
    client.write(Buffer.concat([headers(1), ping]));
    await said(pong);
    streams[0]?.answer(200, {}, body);
    client.write(more);
    await said(frame(frameType.data, flag.endStream, 1, body));
  });

  it("is sent when the connection is told of more", async () => {
    const { client, streams, said } = await serve([[setting.initialWindowSize, windowBytesMax]]);
    client.write(Buffer.concat([headers(1), ping]));
    await said(pong);
    streams[0]?.answer(200, {}, Buffer.alloc(65_535 + 3, "x"));
    await said(Buffer.alloc(15_000, "x"));
    client.write(windowUpdate(0, 100));
    await said(frame(frameType.data, flag.endStream, 1, Buffer.from("xxx")));
  });
});

it("sends a client away that changes its settings again and again in one frame", async () => {
  const { client, errors } = await serve();
  client.write(settings(Array.from({ length: 33 }, () => [setting.initialWindowSize, 1])));
  await once(client, "end");
  expect(errors.map(({ code }) => code)).toEqual([errorCode.enhanceYourCalm]);
});

describe("a header block costs no more than its length", () => {
  it("however many spaces a value has inside", () => {
    const value = `a${" ".repeat(100_000)}a`;
    const begun = performance.now();
    const [field] = new HeaderDecoder(2 ** 20).decode(plainBlock([["x", value]])) ?? [];
    // A thousandth of that; ten seconds where each space is looked at for each one before it.
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(field?.content).toBe(value);
  });

  it("however many fields have the long name of another one", () => {
    const name = "n".repeat(4_000);
    const first = Buffer.concat([Buffer.of(0x40), text(name), text("")]);
    const others = Buffer.from("7e00".repeat(1_000), "hex");
    const test = jest.spyOn(RegExp.prototype, "test");
    const fields = new HeaderDecoder(2 ** 23).decode(Buffer.concat([first, others]));
    const looked = test.mock.calls.reduce((sum, [octets]) => sum + octets.length, 0);
    expect(looked).toBeLessThan(first.byteLength + others.byteLength);
    expect(fields?.filter((field) => field.name === name && field.isWellFormed)).toHaveLength(1_001);
  });
});

it("does not collect the answers to PINGs for a whole turn", async () => {
  const { served } = await socketPair();
  const write = jest.spyOn(served, "write");
  const writer = new FrameWriter(served, () => {});
  for (let pings = 0; pings < 10_000; pings++) writer.pingTaken(Buffer.alloc(8));
  expect(write).toHaveBeenCalled();
});

it("does not collect answers over TLS for a client that takes none", () => {
  const silent = new TLSSocket(new Duplex({ read() {}, write() {} }), { isServer: true });
  const writer = new FrameWriter(silent, () => {});
  let answers = 0;
  for (; !writer.isBackedUp && answers < 1_000; answers++) {
    writer.headers(2 * answers + 1, block, false);
    writer.data(2 * answers + 1, Buffer.alloc(10_000), true);
  }
  expect(answers).toBeLessThan(10);
  silent.destroy();
});

it("carries out nothing that stands behind the GOAWAY of the client that ended the connection", async () => {
  const { client, streams } = await serve();
  client.write(Buffer.concat([frame(frameType.goAway, flag.none, 0, Buffer.alloc(8)), headers(1)]));
  await once(client, "end");
  expect(streams).toEqual([]);
});
