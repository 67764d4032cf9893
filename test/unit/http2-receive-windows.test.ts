import { randomBytes } from "node:crypto";
import { afterEach, expect, it } from "@jest/globals";
import type { ServerOptions } from "../../src/server/server.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { answerTo, get, phone, setPhone } from "../support/http2-answers.ts";
import { BodySender, padded, toldBytes } from "../support/http2-body.ts";
import { flags, Http2Frames, preface, settings, types, windowUpdate } from "../support/http2-frames.ts";

/** Bodies of requests, and what a client is told of the windows for them (RFC 9113 section 5.2). */

const flowControlError = 0x3;
const firstWindowBytes = 65_535;

const reflectionPath = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/** A question to it, `list_services`, as gRPC frames it. */
const whatIsServed = Buffer.of(0, 0, 0, 0, 2, 0x3a, 0);

let server: EchoServer;
let connection: Http2Frames;
let sender: BodySender;

async function start(options: Partial<ServerOptions> = {}): Promise<void> {
  server = await startEchoServer(options);
  // Of the answers nothing waits.
  const opening = Buffer.concat([
    Buffer.from(preface),
    settings([[0x4, 2 ** 31 - 1]]),
    windowUpdate(0, 2 ** 30),
  ]);
  connection = new Http2Frames(server.port, false, { opening });
  sender = new BodySender(connection);
}

afterEach(async () => {
  connection.end();
  await connection.closed;
  await server.shutdown(0);
  expect(server.errors).toEqual([]);
});

function begin(stream: number, more: Readonly<Record<string, string>> = {}): void {
  connection.headers(stream, setPhone("7", more));
}

const large = randomBytes(400_000).toString("hex");

it("a body of many windows is taken, whole", async () => {
  await start();
  begin(1);
  await sender.send(1, phone(large));
  const { status, body } = await answerTo(connection, 1);
  expect(status).toBe("200");
  expect(JSON.parse(body)).toMatchObject({ verificationCode: `7 ${large}` });
});

it("the window of a stream is not widened once its body is complete", async () => {
  const gate = Promise.withResolvers<void>();
  await start({ requestGate: () => gate.promise });
  begin(1);
  await sender.send(1, phone("1".repeat(50_000)));
  // It is not read before all of it is there.
  await connection.roundTrip();
  gate.resolve();
  await answerTo(connection, 1);
  await connection.roundTrip();
  // The connection's is, for others.
  expect(toldBytes(connection.frames, 0)).toBeGreaterThan(firstWindowBytes / 2);
  expect(toldBytes(connection.frames, 1)).toBe(0);
});

it.each([
  ["small pieces", { chunkBytes: 1, padding: 255 }, 2_000],
  ["large pieces", { padding: 100 }, 300_000],
])("padding is counted: %s", async (_name, manner, length) => {
  await start();
  begin(1);
  const value = "9".repeat(length);
  await sender.send(1, phone(value), manner);
  expect(JSON.parse((await answerTo(connection, 1)).body)).toMatchObject({ verificationCode: `7 ${value}` });
});

it.each<[string, Readonly<Record<string, string>>, string]>([
  ["the gate refuses", setPhone("7", { authorization: "no" }), "401"],
  ["has no route", setPhone("7", { ":path": "/nowhere" }), "404"],
  ["is too large by its own word", setPhone("7", { "content-length": "9999999" }), "429"],
  ["needs no body", get("/keys"), "200"],
])("the body of a request that %s takes nothing from others", async (_name, headers, status) => {
  await start();
  for (const stream of [1, 3, 5, 7]) {
    connection.headers(stream, headers);
    await sender.send(stream, Buffer.alloc(60_000), { isLast: false });
    await connection.next(types.headers, stream);
  }
  begin(9);
  await sender.send(9, phone("1".repeat(200_000)));
  expect((await answerTo(connection, 9)).status).toBe("200");
  expect((await answerTo(connection, 1)).status).toBe(status);
  if ("content-length" in headers) return;
  // Its body may still come to its end.
  await sender.send(1, Buffer.alloc(10));
  await connection.roundTrip();
  expect(connection.frames.filter(({ type }) => type === types.resetStream)).toEqual([]);
});

it("what was on its way for a stream that the client took back takes nothing from others", async () => {
  await start({
    requestGate: ({ requestHeader }) =>
      requestHeader.has("x-hold") ? new Promise(() => {}) : Promise.resolve(),
  });
  // Half a window is told at a time: with less, the rest would wait for what is held.
  for (const stream of [1, 3, 5, 7]) {
    begin(stream, { "x-hold": "1" });
    await sender.send(stream, Buffer.alloc(30_000), { isLast: false });
    connection.reset(stream, 8);
  }
  begin(9);
  await sender.send(9, phone("1".repeat(200_000)));
  expect((await answerTo(connection, 9)).status).toBe("200");
});

it("what comes for a stream that we reset takes nothing from others", async () => {
  await start();
  for (const stream of [1, 3, 5]) {
    begin(stream, { "content-length": "10" });
    await sender.send(stream, Buffer.alloc(50_000), { isLast: false });
    expect((await answerTo(connection, stream)).reset).toBe(1);
  }
  begin(7);
  await sender.send(7, phone("1".repeat(200_000)));
  expect((await answerTo(connection, 7)).status).toBe("200");
});

it("the window of the connection is widened by no more than came, whatever the length of a body was to be", async () => {
  await start();
  const [times, bytes] = [20, 16_000];
  for (let stream = 1; stream < 2 * times; stream += 2) {
    begin(stream, { "content-length": String(2 * bytes) });
    await sender.send(stream, Buffer.alloc(bytes));
    expect((await answerTo(connection, stream)).reset).toBe(1);
  }
  await connection.roundTrip();
  expect(toldBytes(connection.frames, 0)).toBeLessThanOrEqual(times * bytes);
});

it("what nobody reads of a stream of messages takes nothing from others", async () => {
  await start();
  connection.settings([[0x4, 0]]);
  const questions = { ...get(reflectionPath), ":method": "POST", "content-type": "application/grpc" };
  connection.headers(1, questions);
  // The answers are not taken: so the next questions wait.
  await sender.send(1, Buffer.concat(Array.from({ length: 9_000 }, () => whatIsServed)), { isLast: false });
  await connection.roundTrip();
  begin(3);
  connection.windowUpdate(3, 2 ** 20);
  await sender.send(3, phone("1".repeat(200_000)));
  expect((await answerTo(connection, 3)).status).toBe("200");
});

it.each([
  ["data", firstWindowBytes, Buffer.alloc(1), flags.none],
  ["padding", firstWindowBytes - 1, padded(Buffer.of(), 1), flags.padded],
])("more %s than its window is an error of a stream", async (_name, before, tooMuch, flag) => {
  // Nobody reads a body before the gate has said its word.
  await start({ requestGate: () => new Promise(() => {}) });
  begin(1);
  await sender.send(1, Buffer.alloc(before), { isLast: false });
  await connection.roundTrip();
  expect(connection.frames.some(({ type }) => type === types.resetStream)).toBe(false);
  connection.frame(types.data, flag, 1, tooMuch);
  expect((await answerTo(connection, 1)).reset).toBe(flowControlError);
  await connection.roundTrip();
});
