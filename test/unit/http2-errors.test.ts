import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { echoTls } from "../support/echo-tls.ts";
import { answerTo, get, phone, setPhone } from "../support/http2-answers.ts";
import { padded } from "../support/http2-body.ts";
import { plainBlock } from "../support/hpack-writer.ts";
import {
  flags,
  frame,
  Http2Frames,
  preface,
  settingsPayload,
  types,
  uint32,
} from "../support/http2-frames.ts";

/** What frames may say (RFC 9113 section 6), and with which code a connection ends that breaks a rule. */

const codes = { protocol: 0x1, flowControl: 0x3, streamClosed: 0x5, frameSize: 0x6, compression: 0x9 };
const { none, endStream, acknowledge, endHeaders } = flags;

let server: EchoServer;
let connection: Http2Frames;

beforeEach(async () => {
  server = await startEchoServer();
});

afterEach(async () => {
  connection.end();
  await connection.closed;
  await server.shutdown(0);
  expect(server.errors).toEqual([]);
});

async function expectEnd(code: number, lastStream: number): Promise<void> {
  const { payload } = await connection.next(types.goAway);
  expect([payload.readUInt32BE(0), payload.readUInt32BE(4)]).toEqual([lastStream, code]);
  await connection.closed;
}

it.each<[string, Buffer, number]>([
  [
    "PING first",
    Buffer.concat([Buffer.from(preface), frame(types.ping, none, 0, Buffer.alloc(8))]),
    codes.protocol,
  ],
  [
    "an answer to SETTINGS first",
    Buffer.concat([Buffer.from(preface), frame(types.settings, acknowledge)]),
    codes.protocol,
  ],
  [
    "a frame that is too long first",
    Buffer.concat([Buffer.from(preface), Buffer.from("004001040000000000", "hex")]),
    codes.frameSize,
  ],
])("%s", async (_name, opening, code) => {
  connection = new Http2Frames(server.port, false, { opening });
  await expectEnd(code, 0);
});

it("another protocol than was agreed upon", async () => {
  const secure = await startEchoServer({ tls: echoTls });
  connection = new Http2Frames(secure.port, true, { opening: Buffer.from("GET / HTTP/1.1\r\n\r\n") });
  await expectEnd(codes.protocol, 0);
  await secure.shutdown(0);
});

const request = plainBlock(get("/v2/users/7"));
const dependsOn = (stream: number) => Buffer.concat([uint32(stream), Buffer.of(0)]);

/** Stream 1 is open, 3 was answered, 5 was taken back, and no other has begun. */
it.each<[string, number, readonly [type: number, flags: number, stream: number, payload?: Uint8Array][]]>([
  ["DATA of the connection", codes.protocol, [[types.data, none, 0, Buffer.alloc(1)]]],
  ["DATA of a stream that has not begun", codes.protocol, [[types.data, none, 7, Buffer.alloc(1)]]],
  ["DATA of a stream of the server", codes.protocol, [[types.data, none, 8, Buffer.alloc(1)]]],
  ["DATA of an early stream of the server", codes.protocol, [[types.data, none, 2, Buffer.alloc(1)]]],
  [
    "DATA with nothing but padding that is too long",
    codes.protocol,
    [[types.data, flags.padded, 1, Buffer.of(1)]],
  ],
  [
    "DATA with more padding than frame",
    codes.protocol,
    [[types.data, flags.padded, 1, Buffer.of(4, 0, 0, 0)]],
  ],
  ["DATA without the padding that it tells of", codes.protocol, [[types.data, flags.padded, 1]]],
  ["HEADERS of the connection", codes.protocol, [[types.headers, endHeaders, 0, request]]],
  ["HEADERS of a stream of the server", codes.protocol, [[types.headers, endHeaders, 8, request]]],
  ["HEADERS of an early stream of the server", codes.protocol, [[types.headers, endHeaders, 2, request]]],
  ["HEADERS of a stream that was answered", codes.streamClosed, [[types.headers, endHeaders, 3, request]]],
  ["HEADERS of a stream that was taken back", codes.streamClosed, [[types.headers, endHeaders, 5, request]]],
  [
    "HEADERS with more padding than frame",
    codes.protocol,
    [[types.headers, endHeaders | flags.padded, 7, Buffer.of(2, 0x82)]],
  ],
  [
    "HEADERS with a priority that is cut off",
    codes.frameSize,
    [[types.headers, endHeaders | flags.priority, 7, Buffer.alloc(4)]],
  ],
  [
    "HEADERS of a stream that depends on itself",
    codes.protocol,
    [[types.headers, endHeaders | flags.priority, 7, dependsOn(7)]],
  ],
  ["HEADERS with a block that is none", codes.compression, [[types.headers, endHeaders, 7, Buffer.of(0x80)]]],
  [
    "trailers with a block that is none",
    codes.compression,
    [[types.headers, endHeaders | endStream, 1, Buffer.of(0x80)]],
  ],
  [
    "a block that is none for a stream that is over",
    codes.compression,
    [[types.headers, endHeaders, 5, Buffer.of(0x80)]],
  ],
  ["PRIORITY of the connection", codes.protocol, [[types.priority, none, 0, dependsOn(1)]]],
  ["PRIORITY that is too short", codes.frameSize, [[types.priority, none, 1, Buffer.alloc(4)]]],
  ["PRIORITY that is too long", codes.frameSize, [[types.priority, none, 1, Buffer.alloc(6)]]],
  ["PRIORITY of a stream that depends on itself", codes.protocol, [[types.priority, none, 1, dependsOn(1)]]],
  ["RST_STREAM of the connection", codes.protocol, [[types.resetStream, none, 0, uint32(8)]]],
  ["RST_STREAM of a stream that has not begun", codes.protocol, [[types.resetStream, none, 7, uint32(8)]]],
  ["RST_STREAM of a stream of the server", codes.protocol, [[types.resetStream, none, 2, uint32(8)]]],
  ["RST_STREAM that is too short", codes.frameSize, [[types.resetStream, none, 1, Buffer.alloc(3)]]],
  ["RST_STREAM that is too long", codes.frameSize, [[types.resetStream, none, 1, Buffer.alloc(5)]]],
  ["SETTINGS of a stream", codes.protocol, [[types.settings, none, 1]]],
  ["SETTINGS that are cut off", codes.frameSize, [[types.settings, none, 0, Buffer.alloc(5)]]],
  [
    "an answer to SETTINGS that says more",
    codes.frameSize,
    [[types.settings, acknowledge, 0, Buffer.alloc(6)]],
  ],
  ["ENABLE_PUSH of 2", codes.protocol, [[types.settings, none, 0, settingsPayload([[0x2, 2]])]]],
  [
    "INITIAL_WINDOW_SIZE of 2^31",
    codes.flowControl,
    [[types.settings, none, 0, settingsPayload([[0x4, 2 ** 31]])]],
  ],
  [
    "MAX_FRAME_SIZE of 2^14 - 1",
    codes.protocol,
    [[types.settings, none, 0, settingsPayload([[0x5, 2 ** 14 - 1]])]],
  ],
  ["MAX_FRAME_SIZE of 2^24", codes.protocol, [[types.settings, none, 0, settingsPayload([[0x5, 2 ** 24]])]]],
  [
    "SETTINGS of which the last is wrong",
    codes.protocol,
    [
      [
        types.settings,
        none,
        0,
        settingsPayload([
          [0x3, 1],
          [0x2, 2],
        ]),
      ],
    ],
  ],
  ["PUSH_PROMISE", codes.protocol, [[types.pushPromise, endHeaders, 1, Buffer.concat([uint32(8), request])]]],
  ["PING of a stream", codes.protocol, [[types.ping, none, 1, Buffer.alloc(8)]]],
  ["PING that is too short", codes.frameSize, [[types.ping, none, 0, Buffer.alloc(7)]]],
  ["an answer to a PING that is too long", codes.frameSize, [[types.ping, acknowledge, 0, Buffer.alloc(9)]]],
  ["GOAWAY of a stream", codes.protocol, [[types.goAway, none, 1, Buffer.alloc(8)]]],
  ["GOAWAY that is too short", codes.frameSize, [[types.goAway, none, 0, Buffer.alloc(7)]]],
  ["WINDOW_UPDATE that is too short", codes.frameSize, [[types.windowUpdate, none, 1, Buffer.alloc(3)]]],
  ["WINDOW_UPDATE that is too long", codes.frameSize, [[types.windowUpdate, none, 0, Buffer.alloc(5)]]],
  ["WINDOW_UPDATE of nothing for the connection", codes.protocol, [[types.windowUpdate, none, 0, uint32(0)]]],
  [
    "WINDOW_UPDATE of a stream that has not begun",
    codes.protocol,
    [[types.windowUpdate, none, 7, uint32(1)]],
  ],
  ["WINDOW_UPDATE of a stream of the server", codes.protocol, [[types.windowUpdate, none, 2, uint32(1)]]],
  [
    "a window of the connection that is too large",
    codes.flowControl,
    [[types.windowUpdate, none, 0, uint32(2 ** 31 - 1)]],
  ],
  [
    "a window of a stream that is too large by SETTINGS",
    codes.flowControl,
    [
      [types.windowUpdate, none, 1, uint32(1)],
      [types.settings, none, 0, settingsPayload([[0x4, 2 ** 31 - 1]])],
    ],
  ],
  ["CONTINUATION of nothing", codes.protocol, [[types.continuation, endHeaders, 1, request]]],
  [
    "CONTINUATION of a block that is complete",
    codes.protocol,
    [
      [types.headers, endHeaders | endStream, 7, request],
      [types.continuation, endHeaders, 7],
    ],
  ],
  [
    "CONTINUATION of another stream",
    codes.protocol,
    [
      [types.headers, none, 7, request],
      [types.continuation, endHeaders, 9],
    ],
  ],
  [
    "a frame in the middle of a block",
    codes.protocol,
    [
      [types.headers, none, 7, request],
      [types.windowUpdate, none, 0, uint32(1)],
    ],
  ],
  [
    "a frame that nobody knows in the middle of a block",
    codes.protocol,
    [
      [types.headers, none, 7, request],
      [types.unknown, none, 7],
    ],
  ],
  ["a frame that is too long", codes.frameSize, [[types.data, none, 1, Buffer.alloc(16_385)]]],
])("%s ends the connection: %d", async (name, code, frames) => {
  connection = new Http2Frames(server.port);
  connection.headers(1, setPhone("7"));
  connection.headers(3, get("/v2/users/7"), true);
  connection.headers(5, setPhone("7"));
  connection.reset(5, 8);
  await answerTo(connection, 3);
  for (const one of frames) connection.frame(...one);
  const begun = name.includes("that is complete") ? 7 : 5;
  await expectEnd(code, name === "HEADERS of a stream of the server" ? 5 : begun);
  expect(connection.frames.some(({ stream }) => stream === 1)).toBe(false);
});

it.each<[string, number, readonly [type: number, flags: number, stream: number, payload?: Uint8Array][]]>([
  ["WINDOW_UPDATE of nothing", codes.protocol, [[types.windowUpdate, none, 1, uint32(0)]]],
  [
    "a window that is too large",
    codes.flowControl,
    [[types.windowUpdate, none, 1, uint32(2 ** 31 - 65_535)]],
  ],
])("%s ends the stream", async (_name, code, frames) => {
  connection = new Http2Frames(server.port);
  connection.headers(1, setPhone("7"));
  for (const one of frames) connection.frame(...one);
  expect((await answerTo(connection, 1)).reset).toBe(code);
  connection.headers(3, get("/v2/users/7"), true);
  expect((await answerTo(connection, 3)).status).toBe("200");
});

it.each<[string, readonly [type: number, flags: number, stream: number, payload?: Uint8Array][]]>([
  ["a frame that nobody knows", [[types.unknown, 0xff, 99, Buffer.alloc(100)]]],
  ["a setting that nobody knows", [[types.settings, none, 0, settingsPayload([[0xfafa, 2 ** 32 - 1]])]]],
  ["all flags that are none", [[types.ping, 0xfe, 0, Buffer.alloc(8)]]],
  ["the reserved bit of a stream", [[types.windowUpdate, none, 2 ** 31 + 1, uint32(1)]]],
  ["the reserved bit of a window", [[types.windowUpdate, none, 1, uint32(2 ** 31 + 1)]]],
  ["an answer to a PING that nobody sent", [[types.ping, acknowledge, 0, Buffer.alloc(8)]]],
  ["PRIORITY of a stream that has not begun", [[types.priority, none, 99, dependsOn(1)]]],
  ["WINDOW_UPDATE of a stream that was answered", [[types.windowUpdate, none, 3, uint32(1)]]],
  ["RST_STREAM of a stream that was answered", [[types.resetStream, none, 3, uint32(8)]]],
  ["RST_STREAM of a stream that was taken back", [[types.resetStream, none, 5, uint32(8)]]],
  ["padding of the whole frame", [[types.data, flags.padded, 1, padded(Buffer.of(), 200)]]],
  ["the largest window", [[types.windowUpdate, none, 1, uint32(2 ** 31 - 1 - 65_535)]]],
])("%s is none of our business", async (_name, frames) => {
  connection = new Http2Frames(server.port);
  connection.headers(1, setPhone("7"));
  connection.headers(3, get("/v2/users/7"), true);
  connection.headers(5, setPhone("7"));
  connection.reset(5, 8);
  await answerTo(connection, 3);
  for (const one of frames) connection.frame(...one);
  connection.data(1, phone("+41"), true);
  expect((await answerTo(connection, 1)).status).toBe("200");
  expect(connection.isToldToGo).toBe(false);
});

it("DATA of a stream that is over is an error of that stream, once", async () => {
  connection = new Http2Frames(server.port);
  connection.headers(1, get("/v2/users/7"), true);
  await answerTo(connection, 1);
  for (let times = 0; times < 3; times++) connection.data(1, Buffer.alloc(1), false);
  await connection.roundTrip();
  const resets = connection.frames.filter(({ type }) => type === types.resetStream);
  expect(resets.map(({ stream, payload }) => [stream, payload.readUInt32BE()])).toEqual([
    [1, codes.streamClosed],
  ]);
  connection.headers(3, get("/v2/users/7"), true);
  expect((await answerTo(connection, 3)).status).toBe("200");
});
