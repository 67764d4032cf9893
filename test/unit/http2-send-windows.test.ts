import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { answerTo, bodyOf, get, isEnd } from "../support/http2-answers.ts";
import { Http2Frames, preface, settings, types } from "../support/http2-frames.ts";

/** An answer goes out as far as the client's windows let it, and whole in the end (RFC 9113 section 5.2). */

const initialWindowSize = 0x4;
const firstWindowBytes = 65_535;
const windowBytesMax = 2 ** 31 - 1;
const payloadBytesMax = 16_384;

const bytes = randomBytes(100_000).toString("hex");
/** `/whole` is answered by Connect's side; a user of this id by the unary path, in one piece. */
const whole = JSON.stringify({ bytes });
const user = bytes.slice(0, 10_000);
const userPath = `/v2/users/${user}`;
const userAnswer = JSON.stringify({ user: { userId: user } });

let server: EchoServer;
let connection: Http2Frames;

beforeEach(async () => {
  server = await startEchoServer({ documents: new Map([["/whole", () => ({ bytes })]]) });
});

afterEach(async () => {
  connection.end();
  await connection.closed;
  await server.shutdown(0);
  expect(server.errors).toEqual([]);
});

/** @param windowBytes of a stream, to begin with */
function open(windowBytes = firstWindowBytes): Http2Frames {
  connection = new Http2Frames(server.port, false, {
    opening: Buffer.concat([Buffer.from(preface), settings([[initialWindowSize, windowBytes]])]),
  });
  return connection;
}

function bytesOf(stream: number): number {
  return bodyOf(connection.frames, stream).byteLength;
}

/** Resolves when as much of a body has come as that, or all of it. */
async function come(stream: number, byteLength: number): Promise<void> {
  await connection.find(
    (all) =>
      bodyOf(all, stream).byteLength >= byteLength ||
      all.some((each) => each.stream === stream && isEnd(each)) ||
      undefined,
  );
}

describe.each([
  ["in one piece", userPath, userAnswer],
  ["by Connect's side", "/whole", whole],
])("an answer %s", (_name, path, body) => {
  it.each([
    ["the window of the stream", 100, windowBytesMax, 3_999],
    ["a window of nothing", 0, windowBytesMax, 5_000],
    ["windows as they are to begin with", firstWindowBytes, firstWindowBytes, 20_000],
    ["the window of the connection", windowBytesMax, firstWindowBytes, 20_000],
    ["nothing but the length of a frame", windowBytesMax, windowBytesMax, 0],
  ])("is sent as it fits: %s", async (_window, streamBytes, connectionBytes, step) => {
    open(streamBytes);
    if (connectionBytes > firstWindowBytes) connection.windowUpdate(0, connectionBytes - firstWindowBytes);
    connection.headers(1, get(path), true);
    for (let room = Math.min(streamBytes, connectionBytes); ; room += step) {
      await come(1, room);
      await connection.roundTrip();
      expect(bytesOf(1)).toBe(Math.min(room, body.length));
      if (bytesOf(1) === body.length) break;
      if (streamBytes < windowBytesMax) connection.windowUpdate(1, step);
      if (connectionBytes < windowBytesMax) connection.windowUpdate(0, step);
    }
    const answer = await answerTo(connection, 1);
    expect(answer).toMatchObject({ status: "200", reset: undefined });
    expect(answer.body).toBe(body);
    const lengths = connection.frames.map(({ payload }) => payload.byteLength);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(payloadBytesMax);
  });

  it("ends where the window does", async () => {
    open(body.length);
    connection.windowUpdate(0, body.length);
    connection.headers(1, get(path), true);
    expect((await answerTo(connection, 1)).body).toBe(body);
  });

  it("goes out exactly as far as the windows let it, however they change", async () => {
    const small = fc.integer({ min: 1, max: 30_000 });
    const step = fc.oneof(
      fc.record({ what: fc.constant("stream" as const), size: small }),
      fc.record({ what: fc.constant("connection" as const), size: small }),
      fc.record({ what: fc.constant("initial" as const), size: fc.nat(70_000) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(70_000), fc.array(step, { maxLength: 12 }), async (initial, steps) => {
        open(initial);
        let ofStream = initial;
        let ofConnection = firstWindowBytes;
        let ofSettings = initial;
        connection.headers(1, get(path), true);
        await connection.next(types.headers, 1);
        await connection.roundTrip();
        let sent = Math.min(ofStream, ofConnection, body.length);
        expect(bytesOf(1)).toBe(sent);
        for (const { what, size } of steps) {
          if (sent === body.length) break;
          if (what === "stream") {
            ofStream += size;
            connection.windowUpdate(1, size);
          } else if (what === "connection") {
            ofConnection += size;
            connection.windowUpdate(0, size);
          } else {
            // What is open of the stream moves by as much, and may be less than nothing.
            ofStream += size - ofSettings;
            ofSettings = size;
            connection.settings([[initialWindowSize, size]]);
          }
          await connection.roundTrip();
          sent = Math.max(sent, Math.min(ofStream, ofConnection, body.length));
          expect(bytesOf(1)).toBe(sent);
        }
        connection.windowUpdate(0, 2 ** 30);
        if (sent < body.length) connection.windowUpdate(1, 2 ** 30);
        expect((await answerTo(connection, 1)).body).toBe(body);
        connection.end();
        await connection.closed;
      }),
      { numRuns: 25 },
    );
  });
});

it("a window may become less than nothing, and has to be made good for", async () => {
  open(1_000);
  connection.headers(1, get("/whole"), true);
  await come(1, 1_000);
  connection.settings([[initialWindowSize, 0]]);
  connection.windowUpdate(1, 1_000);
  await connection.roundTrip();
  expect(bytesOf(1)).toBe(1_000);
  connection.windowUpdate(1, 1);
  await connection.roundTrip();
  expect(bytesOf(1)).toBe(1_001);
  // The next stream begins with what was said last.
  connection.headers(3, get("/whole"), true);
  await connection.next(types.headers, 3);
  await connection.roundTrip();
  expect(bytesOf(3)).toBe(0);
});

it("streams take turns at what the connection lets go", async () => {
  open(windowBytesMax);
  const streams = [1, 3, 5, 7];
  for (const stream of streams) connection.headers(stream, get("/whole"), true);
  for (const stream of streams) await connection.next(types.headers, stream);
  await connection.roundTrip();
  const before = streams.map(bytesOf);
  expect(before.reduce((sum, each) => sum + each)).toBe(firstWindowBytes);
  for (let turn = 0; turn < 3 * streams.length; turn++) connection.windowUpdate(0, 5_000);
  await connection.roundTrip();
  expect(streams.map((stream, index) => bytesOf(stream) - (before[index] ?? 0))).toEqual([
    15_000, 15_000, 15_000, 15_000,
  ]);
  connection.windowUpdate(0, 2 ** 30);
  for (const stream of streams) expect((await answerTo(connection, stream)).body).toBe(whole);
});

it("a stream keeps its turn when its own window is widened", async () => {
  open(2 ** 20);
  for (const stream of [1, 3]) {
    connection.headers(stream, get("/whole"), true);
    await connection.next(types.headers, stream);
  }
  await connection.roundTrip();
  expect(bytesOf(1)).toBe(firstWindowBytes);
  connection.windowUpdate(1, 1);
  connection.windowUpdate(0, 5_000);
  await connection.roundTrip();
  expect([bytesOf(1), bytesOf(3)]).toEqual([firstWindowBytes + 5_000, 0]);
});

it("a stream whose own window is shut does not stand in the way of others", async () => {
  open(0);
  connection.headers(1, get("/whole"), true);
  connection.headers(3, get("/whole"), true);
  connection.windowUpdate(0, 2 ** 30);
  connection.windowUpdate(3, 2 ** 30);
  expect((await answerTo(connection, 3)).body).toBe(whole);
  expect(bytesOf(1)).toBe(0);
});

it("what was taken back takes nothing of the connection's window any more", async () => {
  open(windowBytesMax);
  connection.headers(1, get("/whole"), true);
  await come(1, firstWindowBytes);
  connection.headers(3, get("/whole"), true);
  connection.reset(1, 8);
  connection.windowUpdate(0, whole.length);
  expect((await answerTo(connection, 3)).body).toBe(whole);
  expect(bytesOf(1)).toBe(firstWindowBytes);
});

it("messages of a stream wait for the window, and come in their order", async () => {
  open(0);
  const path = "/ringback.inbox.v1.InboxService/WatchMessages";
  const headers = { ...get(path), ":method": "POST", "content-type": "application/connect+json" };
  const question = Buffer.from('{"phoneNumber":"20"}');
  connection.headers(1, headers);
  connection.data(1, Buffer.of(0, 0, 0, 0, question.byteLength, ...question), true);
  await connection.next(types.headers, 1);
  connection.windowUpdate(0, 2 ** 20);
  for (let step = 0; step < 30; step++) {
    connection.windowUpdate(1, 7_777);
    await come(1, 7_777 * (step + 1));
  }
  const { body, reset } = await answerTo(connection, 1);
  expect(reset).toBeUndefined();
  const ids = [...body.matchAll(/"id":"(\d+)"/g)].map(([, id]) => Number(id));
  expect(ids).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});
