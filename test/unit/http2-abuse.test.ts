import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import type { IncomingHttpHeaders } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
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
import { serveHttp2 } from "../../src/server/http2-connections.ts";
import { Http2Exchange } from "../../src/server/http2-exchange.ts";
import { defaultLimits } from "../../src/server/limits.ts";
import { ReadWatch } from "../../src/server/read-watch.ts";
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
  jest.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Both ends of a connection. @param allowHalfOpen whether the client's stays open when the server's is closed */
async function socketPair(allowHalfOpen = false): Promise<{ client: Socket; served: Socket }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const client = connect({ port: address.port, host: "127.0.0.1", allowHalfOpen });
  const served = await new Promise<Socket>((resolve) => server.once("connection", resolve));
  served.setNoDelay();
  server.close();
  sockets.push(client, served);
  return { client, served };
}

interface Served {
  readonly client: Socket;
  /** The other end of it. */
  readonly served: Socket;
  readonly connection: Http2Connection;
  readonly streams: readonly Http2Stream[];
  readonly errors: readonly ConnectionError[];
  /** Resolves when the server has sent these bytes. */
  said(bytes: Buffer): Promise<void>;
}

async function serve(
  firstSettings: readonly (readonly [id: number, value: number])[] = [],
  allowHalfOpen = false,
): Promise<Served> {
  const { client, served } = await socketPair(allowHalfOpen);
  const streams: Http2Stream[] = [];
  const errors: ConnectionError[] = [];
  const connection = new Http2Connection(served, {
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
    served,
    connection,
    streams,
    errors,
    async said(bytes) {
      while (!heard.includes(bytes)) await once(client, "data");
    },
  };
}

interface LoneStream {
  readonly stream: Http2Stream;
  freedBytes(): number;
  /** What was sent. */
  readonly said: readonly string[];
  /** Takes so much more of the answer. */
  take(bytes: number): void;
}

const holdsBodyBack = { expect: "100-Continue" };

/** A stream with a connection that only counts. */
function loneStream(contentLength?: number, fields: IncomingHttpHeaders = {}): LoneStream {
  let freed = 0;
  let room = 0;
  const said: string[] = [];
  const carrier: StreamCarrier = {
    sendHeaders: () => void said.push("headers"),
    sendTrailers: () => void said.push("trailers"),
    roomFor: () => room,
    sendData(_stream, { byteLength }) {
      room -= byteLength;
      said.push(`${byteLength} bytes`);
    },
    wait() {},
    sendReset: () => void said.push("reset"),
    sendWindowUpdate() {},
    free: (bytes) => void (freed += bytes),
    forget() {},
  };
  const head = { method: "POST", target: "/", headers: fields, contentLength };
  const stream = new Http2Stream(carrier, 1, head, 65_535);
  return {
    stream,
    freedBytes: () => freed,
    said,
    take(bytes) {
      room += bytes;
      stream.sendMore();
    },
  };
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

  it("is copied a few times at most, to memory of its own", () => {
    const copy = jest.spyOn(Object.getPrototypeOf(Uint8Array.prototype), "set");
    const chunks: Uint8Array[] = [];
    for (let sent = 0; sent < 30_000; sent++) addChunk(chunks, Buffer.of(sent));
    const copied = copy.mock.calls.reduce((sum, [bytes]) => sum + Number(Object(bytes).length), 0);
    expect(copied).toBeLessThan(20 * 30_000);
    const large = chunks.filter(({ byteLength }) => byteLength >= 4_096);
    expect(large.length).toBeGreaterThan(1);
    for (const { buffer, byteLength } of large) expect(buffer.byteLength).toBe(byteLength);
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

it("writes of a large answer only what the client takes", async () => {
  const { client, served, streams, said } = await serve([[setting.initialWindowSize, windowBytesMax]]);
  client.write(Buffer.concat([windowUpdate(0, 2 ** 30), headers(1), ping]));
  await said(pong);
  client.pause();
  // More than the system takes for a client that does not.
  streams[0]?.answer(200, {}, Buffer.alloc(30_000_000));
  while (!served.isPaused()) await nextTurn();
  expect(served.writableLength).toBeLessThan(200_000);
});

it("does not keep an answer that was taken back", async () => {
  const { client, streams, said } = await serve([[setting.initialWindowSize, windowBytesMax]]);
  client.write(Buffer.concat([headers(1), headers(3), ping]));
  await said(pong);
  streams[0]?.answer(200, {}, Buffer.alloc(65_535 + 1));
  streams[1]?.answer(200, {}, Buffer.from("yyy"));
  const sendMore = jest.spyOn(Http2Stream.prototype, "sendMore");
  const reset = frame(frameType.resetStream, flag.none, 1, uint32(errorCode.cancel));
  client.write(Buffer.concat([reset, windowUpdate(0, 100)]));
  await said(frame(frameType.data, flag.endStream, 3, Buffer.from("yyy")));
  expect(sendMore.mock.contexts).toEqual([streams[1]]);
});

describe("an answer that comes in parts", () => {
  /** With a part that waits behind another. */
  async function waiting(): Promise<LoneStream & { written: Promise<void>; isWritten: () => boolean }> {
    const lone = loneStream();
    let isWritten = false;
    lone.stream.begin(200, {});
    await lone.stream.write(Buffer.alloc(16_384));
    const written = lone.stream.write(Buffer.alloc(1)).then(() => void (isWritten = true));
    return { ...lone, written, isWritten: () => isWritten };
  }

  it("comes as fast as it is taken", async () => {
    const { take, written, isWritten, said } = await waiting();
    take(16_384);
    await nextTurn();
    expect(isWritten()).toBe(false);
    take(1);
    await written;
    expect(said).toEqual(["headers", "16384 bytes", "1 bytes"]);
  });

  it("is given up when the stream closes", async () => {
    const { stream, written } = await waiting();
    stream.breakOff();
    await expect(written).rejects.toThrow("closed before its end");
  });
});

it("says nothing on a stream that is closed", async () => {
  const { stream, said } = loneStream(undefined, holdsBodyBack);
  stream.breakOff();
  stream.readWhole(1, () => {});
  stream.begin(200, {});
  await expect(stream.write(Buffer.alloc(1))).rejects.toThrow("takes no more");
  stream.end();
  stream.answer(200, {}, Buffer.alloc(1), {});
  stream.reset(errorCode.cancel);
  expect(said).toEqual([]);
});

it("waits for the rest of a body that was answered, until it is there", () => {
  jest.useFakeTimers();
  const [late, never] = [loneStream(), loneStream()];
  for (const { stream } of [late, never]) stream.answer(200, {}, undefined);
  late.stream.receiveEnd();
  expect(jest.getTimerCount()).toBe(1);
  jest.runAllTimers();
  expect([late.said, never.said]).toEqual([["headers"], ["headers", "reset"]]);
});

it("has its time for a body, also behind a while without any", () => {
  jest.useFakeTimers();
  const watch = new ReadWatch(5_000);
  for (let time = 0; time < 2; time++) {
    const [late, inTime] = [loneStream(), loneStream()];
    for (const { stream } of [late, inTime]) watch.begin(new Http2Exchange(stream));
    jest.advanceTimersByTime(4_500);
    inTime.stream.receiveEnd();
    expect(late.said).toEqual([]);
    jest.advanceTimersByTime(1_500);
    expect([late.said, inTime.said]).toEqual([["reset"], []]);
    expect(jest.getTimerCount()).toBe(0);
  }
});

it("tells of its end whoever still listens", () => {
  const { stream } = loneStream();
  const [gone, there] = [jest.fn(), jest.fn()];
  stream.onClose(gone);
  stream.onClose(there);
  stream.offClose(gone);
  stream.breakOff();
  stream.reset(errorCode.cancel);
  expect([gone.mock.calls.length, there.mock.calls.length]).toEqual([0, 1]);
});

it("asks for a body that is held back once somebody reads it", async () => {
  const { stream, said } = loneStream(undefined, holdsBodyBack);
  expect(said).toEqual([]);
  const read = jest.fn();
  stream.readWhole(1, read);
  expect(said).toEqual(["headers"]);
  stream.receiveData(Buffer.alloc(2), 2, false);
  expect(read).toHaveBeenCalledWith([Buffer.alloc(2)], false);
  stream.receiveData(Buffer.alloc(1), 1, true);
  expect(await Array.fromAsync(stream.body())).toEqual([Buffer.alloc(1)]);
  expect(said).toEqual(["headers"]);
});

it.each<[string, (stream: Http2Stream) => void]>([
  ["is there", (stream) => stream.receiveEnd()],
  ["is on its way", (stream) => stream.receiveData(Buffer.alloc(1), 1, false)],
  ["is answered already", (stream) => stream.begin(200, {})],
])("does not ask for a body that %s", (_what, happen) => {
  const { stream, said } = loneStream(undefined, holdsBodyBack);
  happen(stream);
  const before = [...said];
  stream.readWhole(10, () => {});
  expect(said).toEqual(before);
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

it("remembers of the streams that it reset only the last thousand", async () => {
  const { client, streams, said } = await serve();
  const idOf = (index: number): number => 2 * index + 1;
  for (let index = 0; index <= 1_000; index++) {
    const sent = frame(frameType.ping, flag.none, 0, Buffer.from(String(index).padStart(8)));
    client.write(Buffer.concat([headers(idOf(index)), sent]));
    await said(frame(frameType.ping, flag.acknowledge, 0, sent.subarray(9)));
    streams[index]?.reset(errorCode.cancel);
  }
  const data = (streamId: number): Buffer => frame(frameType.data, flag.none, streamId, Buffer.of(0));
  const resetOf = (streamId: number): Buffer =>
    frame(frameType.resetStream, flag.none, streamId, uint32(errorCode.streamClosed));
  client.write(Buffer.concat([data(idOf(1)), data(idOf(1_000)), data(idOf(0))]));
  const next = await Promise.race([1, 1_000, 0].map((index) => said(resetOf(idOf(index))).then(() => index)));
  expect(next).toBe(0);
});

it("forgets a connection that is closed", async () => {
  const { client, served } = await socketPair();
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const http2 = serveHttp2(
    defaultLimits,
    () => true,
    () => {},
    silent,
  );
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate"] });
  http2.take(served);
  expect(jest.getTimerCount()).toBeGreaterThan(0);
  client.destroy();
  await once(served, "close");
  const close = jest.spyOn(Http2Connection.prototype, "close");
  http2.drain();
  expect(close).not.toHaveBeenCalled();
  expect(jest.getTimerCount()).toBe(0);
});

it("hears the answer to a PING once", async () => {
  const { client, connection, said } = await serve();
  const onAnswer = jest.fn();
  connection.ping(onAnswer);
  const answer = Buffer.of(0, 0, 0, 0, 0, 0, 0, 1);
  await said(frame(frameType.ping, flag.none, 0, answer));
  const again = frame(frameType.ping, flag.acknowledge, 0, answer);
  client.write(Buffer.concat([again, again, ping]));
  await said(pong);
  expect(onAnswer).toHaveBeenCalledTimes(1);
});

describe("a connection that ends", () => {
  it("hears nothing any more", async () => {
    const { client, served, connection, errors } = await serve();
    connection.close();
    const wrong = frame(frameType.ping, flag.none, 1, Buffer.alloc(8));
    served.emit("data", Buffer.concat([preface, settings([]), wrong]));
    expect(errors).toEqual([]);
    await once(client, "close");
  });

  it("waits for the end of a client that took nothing before", async () => {
    const { client, served, connection, streams } = await serve([
      [setting.initialWindowSize, windowBytesMax],
    ]);
    client.write(windowUpdate(0, 2 ** 30));
    client.pause();
    for (let id = 1; !served.isPaused(); id += 2) {
      client.write(frame(frameType.headers, flag.endHeaders | flag.endStream, id, block));
      while (streams.length * 2 < id) await nextTurn();
      streams.at(-1)?.answer(200, {}, Buffer.alloc(16_000));
      await nextTurn();
    }
    const ended = Promise.race([
      once(served, "end").then(() => "its end"),
      once(served, "close").then(() => "no end"),
    ]);
    // However long that takes.
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate"] });
    // Nobody reads it before the end, which is behind it.
    client.write(ping);
    connection.close();
    client.resume();
    expect(await ended).toBe("its end");
  });

  it("closes its streams at once where the client broke a rule", async () => {
    const { client, streams, errors } = await serve([], true);
    client.write(Buffer.concat([headers(1), frame(frameType.ping, flag.none, 1, Buffer.alloc(8))]));
    while (errors.length === 0) await nextTurn();
    expect(streams.map(({ isClosed }) => isClosed)).toEqual([true]);
  });

  it("waits no longer than a moment for the client's", async () => {
    const { served, connection, errors } = await serve([], true);
    connection.close();
    await once(served, "close");
    expect(errors).toEqual([]);
  });
});

it("carries out nothing that stands behind the GOAWAY of the client that ended the connection", async () => {
  const { client, streams } = await serve();
  client.write(Buffer.concat([frame(frameType.goAway, flag.none, 0, Buffer.alloc(8)), headers(1)]));
  await once(client, "end");
  expect(streams).toEqual([]);
});
