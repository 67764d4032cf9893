import { once } from "node:events";
import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import type { FrameListener } from "../../src/http2/frame-reader.ts";
import { FrameReader } from "../../src/http2/frame-reader.ts";
import type { ServerOptions } from "../../src/server/server.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { echoTls } from "../support/echo-tls.ts";
import { answerTo, get, phone, setPhone } from "../support/http2-answers.ts";
import { padded } from "../support/http2-body.ts";
import { HpackWriter, integer, plainBlock } from "../support/hpack-writer.ts";
import { flags, frame, Http2Frames, preface, types, uint32 } from "../support/http2-frames.ts";

/** The life of streams (RFC 9113 section 5), and of what is said of them in pieces. */

const refusedStream = 0x7;
const enhanceYourCalm = 0xb;

let server: EchoServer;
let connection: Http2Frames;

async function start(options: Partial<ServerOptions> = {}): Promise<void> {
  server = await startEchoServer(options);
  connection = new Http2Frames(server.port);
}

afterEach(async () => {
  connection.end();
  await connection.closed;
  await server.shutdown(0);
  expect(server.errors).toEqual([]);
});

it.each([
  ["one read", false],
  ["another read, where Node's own client would else take it for broken off", true],
])("the end of an answer comes with %s", async (_name, isTls) => {
  server = await startEchoServer(isTls ? { tls: echoTls } : {});
  connection = new Http2Frames(server.port, isTls);
  for (const stream of [1, 3, 5]) connection.headers(stream, get("/v2/users/7"), true);
  for (const stream of [1, 3, 5]) {
    await answerTo(connection, stream);
    const all = connection.frames.filter((each) => each.stream === stream);
    const [head, end] = [all[0], all.at(-1)].map((one) => one && connection.readOf.get(one));
    expect([all.length, head === end]).toEqual(isTls ? [3, false] : [2, true]);
  }
});

describe("more streams than there may be", () => {
  it("are refused, and served when there is room", async () => {
    await start({ limits: { streamsPerConnectionMax: 2 } });
    for (const stream of [1, 3, 5]) connection.headers(stream, setPhone(String(stream)));
    expect(await answerTo(connection, 5)).toMatchObject({ status: undefined, reset: refusedStream });
    // What was on its way for it leads to nothing.
    connection.data(5, phone("+41"), true);
    connection.data(1, phone("+41"), true);
    expect((await answerTo(connection, 1)).body).toContain("1 +41");
    connection.headers(7, setPhone("7"));
    connection.headers(9, setPhone("9"));
    expect((await answerTo(connection, 9)).reset).toBe(refusedStream);
    for (const stream of [7, 3]) {
      connection.data(stream, phone("+41"), true);
      expect((await answerTo(connection, stream)).body).toContain(`${stream} +41`);
    }
  });

  it("may be gone on with by a client that does not know yet", async () => {
    await start({ limits: { streamsPerConnectionMax: 1 } });
    for (const stream of [1, 3]) connection.headers(stream, setPhone(String(stream)));
    connection.data(3, phone("+41"), false);
    connection.windowUpdate(3, 1);
    connection.headers(3, { "x-after": "1" }, true);
    await connection.roundTrip();
    expect(connection.frames.filter(({ stream }) => stream === 3)).toHaveLength(1);
    connection.data(1, phone("+41"), true);
    expect((await answerTo(connection, 1)).status).toBe("200");
  });

  it("are not those that were answered, or taken back", async () => {
    await start({ limits: { streamsPerConnectionMax: 2 } });
    for (let stream = 1; stream < 40; stream += 4) {
      connection.headers(stream, setPhone("7"));
      connection.reset(stream, 8);
      connection.headers(stream + 2, get("/v2/users/7"), true);
      expect((await answerTo(connection, stream + 2)).status).toBe("200");
    }
  });

  it("are not those whose answers ended with trailers, as in gRPC", async () => {
    await start({ limits: { streamsPerConnectionMax: 2 } });
    const path = "/zitadel.user.v2.UserService/SetPhone";
    for (let stream = 1; stream < 20; stream += 2) {
      connection.headers(stream, { ...get(path), ":method": "POST", "content-type": "application/grpc" });
      connection.data(stream, Buffer.alloc(5), true);
      expect((await answerTo(connection, stream)).trailers).toMatchObject({ "grpc-status": "0" });
    }
  });

  it("are told to the client before", async () => {
    await start({ limits: { streamsPerConnectionMax: 2, headerBytesMax: 5_000 } });
    const { payload } = await connection.next(types.settings);
    const pairs = Array.from({ length: payload.byteLength / 6 }, (_, index) => [
      payload.readUInt16BE(6 * index),
      payload.readUInt32BE(6 * index + 2),
    ]);
    expect(new Map(pairs.map(([id = 0, value = 0]) => [id, value]))).toEqual(
      new Map([
        [0x3, 2],
        [0x6, 5_000],
      ]),
    );
  });
});

describe("a header that is too large", () => {
  it("is refused, and the table of the connection stays what the client thinks", async () => {
    await start();
    const writer = new HpackWriter();
    const plain = { form: "not added", namesByIndex: false } as const;
    const head = Object.entries(setPhone("7")).map((field) => writer.field(field, plain));
    const added = (name: string, value: string) =>
      writer.field([name, value], { form: "added", namesByIndex: false });
    const blocks = [
      added("x-echo", "of before"),
      added("x-long", "l".repeat(3_000)),
      added("x-echo", "in it"),
    ];
    for (let times = 0; times < 6; times++)
      blocks.push(writer.field(["x-long", "l".repeat(3_000)], { form: "indexed", namesByIndex: true }));
    connection.frame(types.headers, flags.endHeaders, 1, Buffer.concat([...head, ...blocks]));
    expect(await answerTo(connection, 1)).toMatchObject({ status: undefined, reset: enhanceYourCalm });
    const echo = writer.field(["x-echo", "in it"], { form: "indexed", namesByIndex: true });
    expect(echo.byteLength).toBe(1);
    connection.frame(types.headers, flags.endHeaders, 3, Buffer.concat([...head, echo]));
    connection.data(3, phone("+41"), true);
    expect((await answerTo(connection, 3)).headers["x-echo"]).toBe("in it");
  });

  it("is one with 32 bytes for each field, and one that is as large as it may be is served", async () => {
    await start({ limits: { headerBytesMax: 1_000 } });
    const bytes = Object.entries(get("/v2/users/7")).reduce(
      (sum, field) => sum + field.join("").length + 32,
      0,
    );
    const rest = 1_000 - bytes - "x".length - 32;
    connection.headers(1, get("/v2/users/7", { x: "1".repeat(rest) }), true);
    expect((await answerTo(connection, 1)).status).toBe("200");
    connection.headers(3, get("/v2/users/7", { x: "1".repeat(rest + 1) }), true);
    expect((await answerTo(connection, 3)).reset).toBe(enhanceYourCalm);
  });

  it("takes no other request with it where a proxy passed it on", async () => {
    await start();
    const block = plainBlock(get("/v2/users/7", { cookie: "c".repeat(60 * 1_024) }));
    connection.frame(types.headers, flags.endStream, 1, block.subarray(0, 16_384));
    for (let at = 16_384; at < block.byteLength; at += 16_384) {
      const flag = at + 16_384 < block.byteLength ? flags.none : flags.endHeaders;
      connection.frame(types.continuation, flag, 1, block.subarray(at, at + 16_384));
    }
    expect((await answerTo(connection, 1)).reset).toBe(enhanceYourCalm);
    connection.headers(3, get("/v2/users/7"), true);
    expect((await answerTo(connection, 3)).status).toBe("200");
  });

  it("ends the connection where it goes on and on", async () => {
    await start();
    const piece = integer(2 ** 20, 7, 0);
    connection.frame(types.headers, flags.none, 1, Buffer.concat([Buffer.of(0x00), piece]));
    for (let times = 0; times < 5; times++) {
      connection.frame(types.continuation, flags.none, 1, Buffer.alloc(16_000));
    }
    expect((await connection.next(types.goAway)).payload.readUInt32BE(4)).toBe(enhanceYourCalm);
    await connection.closed;
  });
});

/** RFC 7541 section 4.2: it has to be told that the table, of which nothing is used, is as small. */
it.each([4_095, 100, 0])("a client may have a header table of %d bytes only", async (headerTableSize) => {
  await start();
  const session = connect(server.url, { settings: { headerTableSize } });
  await once(session, "localSettings");
  for (let times = 0; times < 3; times++) {
    expect(await text(session.request({ ":path": "/v2/users/7" }))).toBe('{"user":{"userId":"7"}}');
  }
  session.settings({ headerTableSize: 10 });
  await once(session, "localSettings");
  expect(await text(session.request({ ":path": "/v2/users/7" }))).toBe('{"user":{"userId":"7"}}');
  session.close();
});

/** One of everything that a client may say, and whole requests. */
const block = plainBlock({ ...setPhone("7"), "x-echo": "e".repeat(50) });
const conversation = Buffer.concat([
  Buffer.from(preface),
  frame(types.settings, 0, 0, Buffer.from("000400100000000300000064", "hex")),
  frame(types.windowUpdate, 0, 0, uint32(1_000_000)),
  frame(types.headers, flags.none, 1, block.subarray(0, 30)),
  frame(types.continuation, flags.none, 1, block.subarray(30, 31)),
  frame(types.continuation, flags.endHeaders, 1, block.subarray(31)),
  frame(types.priority, 0, 1, Buffer.of(0, 0, 0, 9, 1)),
  frame(types.headers, flags.endHeaders | flags.endStream, 3, plainBlock(get("/v2/users/3"))),
  frame(types.data, flags.none, 1, phone("+4179").subarray(0, 5)),
  frame(types.settings, flags.acknowledge),
  frame(types.ping, 0, 0, Buffer.from("pingpong")),
  frame(types.headers, flags.endHeaders | flags.padded, 5, padded(plainBlock(setPhone("5")), 4)),
  frame(types.data, flags.padded, 1, padded(phone("+4179").subarray(5), 7)),
  frame(types.unknown, 0xff, 1, Buffer.from("what")),
  frame(types.resetStream, 0, 5, uint32(8)),
  frame(types.headers, flags.endHeaders | flags.endStream, 1, plainBlock({ "x-after": "1" })),
]);

describe("the same is understood however it is cut", () => {
  it("at every byte", () => {
    const whole = told([conversation]);
    expect(whole).toHaveLength(15);
    for (let at = 1; at < conversation.byteLength; at++) {
      expect(told([conversation.subarray(0, at), conversation.subarray(at)])).toEqual(whole);
    }
    expect(told(Array.from(conversation, (octet) => Buffer.of(octet)))).toEqual(whole);
  });

  it("over a connection, byte by byte, and in pieces of any length", async () => {
    await start();
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
    const examples: [number[]][] = [[[1]], [[conversation.byteLength]]];
    await fc.assert(
      fc.asyncProperty(cuts, async (lengths) => {
        const client = new Http2Frames(server.port, false, { opening: Buffer.of() });
        let at = 0;
        for (let piece = 0; at < conversation.byteLength; piece++) {
          const length = lengths[piece % lengths.length] ?? 1;
          client.raw(conversation.subarray(at, at + length));
          at += length;
          // The server, which is in this process, reads it meanwhile.
          await setImmediate();
        }
        expect(await answerTo(client, 3)).toMatchObject({ status: "200", body: '{"user":{"userId":"3"}}' });
        const { status, headers, body } = await answerTo(client, 1);
        expect([status, headers["x-echo"]]).toEqual(["200", "e".repeat(50)]);
        expect(JSON.parse(body)).toMatchObject({ verificationCode: "7 +4179" });
        expect((await client.next(types.ping)).payload.toString()).toBe("pingpong");
        expect(client.frames.filter(({ stream }) => stream === 5)).toEqual([]);
        client.end();
        await client.closed;
      }),
      { examples, numRuns: 25 },
    );
  });
});

/** What a reader tells of it. */
function told(chunks: readonly Buffer[]): unknown[] {
  const events: unknown[] = [];
  const note =
    (name: keyof FrameListener) =>
    (...what: readonly unknown[]): void =>
      void events.push([name, ...what.map((each) => (Buffer.isBuffer(each) ? each.toString("hex") : each))]);
  const reader = new FrameReader(
    {
      onData: note("onData"),
      onHeaders: note("onHeaders"),
      onReset: note("onReset"),
      onSettings: note("onSettings"),
      onPing: note("onPing"),
      onPong: note("onPong"),
      onGoAway: note("onGoAway"),
      onWindowUpdate: note("onWindowUpdate"),
      onIdle: note("onIdle"),
    },
    10_000,
  );
  for (const chunk of chunks) reader.read(chunk);
  return events;
}
