import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { Patience } from "../../src/http2/patience.ts";
import type { ServerOptions } from "../../src/server/server.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { answerTo, get, setPhone } from "../support/http2-answers.ts";
import { padded } from "../support/http2-body.ts";
import { flags, Http2Frames, preface, settings, types, windowUpdate } from "../support/http2-frames.ts";

/** What a client may make of a connection that leads to nothing (RFC 9113 section 10.5). */

const enhanceYourCalm = 0xb;
/** The preface's SETTINGS are one. */
const timesMax = 1_000 - 1;

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

describe("a client is sent away that goes on and on with", () => {
  const bad = { ...get("/v2/users/7"), te: "gzip" };

  it.each<[string, (time: number) => void]>([
    ["frames that nobody knows", () => connection.unknown(9)],
    ["PRIORITY", () => connection.frame(types.priority, flags.none, 99, Buffer.of(0, 0, 0, 1, 1))],
    ["SETTINGS", () => connection.settings([])],
    ["answers to SETTINGS", () => connection.frame(types.settings, flags.acknowledge, 0)],
    ["DATA of nothing", () => connection.data(1, Buffer.of(), false)],
    ["DATA of padding", () => connection.frame(types.data, flags.padded, 1, padded(Buffer.of(), 9))],
    [
      "requests that it takes back",
      (time) => {
        connection.headers(2 * time + 3, setPhone("7"));
        connection.reset(2 * time + 3, 8);
      },
    ],
    ["requests that are malformed", (time) => connection.headers(2 * time + 3, bad, true)],
    ["requests that are too many", (time) => connection.headers(2 * time + 3, setPhone("7"))],
    [
      "requests that make a window too large",
      (time) => {
        connection.headers(2 * time + 3, setPhone("7"));
        connection.windowUpdate(2 * time + 3, 2 ** 31 - 1);
      },
    ],
  ])("%s", async (name, go) => {
    await start({ limits: { streamsPerConnectionMax: name.endsWith("many") ? 1 : 10 } });
    connection.headers(1, setPhone("7"));
    for (let time = 0; time < timesMax; time++) go(time);
    await connection.roundTrip();
    expect(connection.isToldToGo).toBe(false);
    go(timesMax);
    const { payload } = await connection.next(types.goAway);
    expect(payload.readUInt32BE(4)).toBe(enhanceYourCalm);
    await connection.closed;
  });

  it("CONTINUATION of nothing", async () => {
    await start();
    connection.frame(types.headers, flags.none, 1);
    for (let time = 0; time <= timesMax; time++) connection.frame(types.continuation, flags.none, 1);
    const { payload } = await connection.next(types.goAway);
    expect(payload.readUInt32BE(4)).toBe(enhanceYourCalm);
    await connection.closed;
  });
});

it.each<[string, (time: number) => void]>([
  ["PINGs", () => connection.ping()],
  ["widened windows", () => connection.windowUpdate(0, 1)],
  ["pieces of a body", () => connection.data(1, Buffer.of(0x20), false)],
  ["requests that are answered", (time) => connection.headers(2 * time + 3, get("/v2/users/7"), true)],
  [
    "requests of which it takes back every second one",
    (time) => {
      connection.headers(4 * time + 3, setPhone("7"));
      connection.reset(4 * time + 3, 8);
      connection.headers(4 * time + 5, get("/v2/users/7"), true);
    },
  ],
])("a client may go on and on with %s", async (_name, go) => {
  await start();
  connection.headers(1, setPhone("7"));
  for (let time = 0; time < 2_000; time++) {
    go(time);
    if (time % 100 === 0) await connection.roundTrip();
  }
  await connection.roundTrip();
  expect(connection.isToldToGo).toBe(false);
  expect(connection.frames.filter(({ type }) => type === types.resetStream)).toEqual([]);
});

it("a client may take back answers that are on their way", async () => {
  await start();
  connection.settings([[0x4, 0]]);
  for (let stream = 1; stream < 2_400; stream += 2) {
    connection.headers(stream, get("/v2/users/7"), true);
    await connection.next(types.headers, stream);
    connection.reset(stream, 8);
  }
  await connection.roundTrip();
  expect(connection.isToldToGo).toBe(false);
});

describe("the patience of a connection", () => {
  it("is earned back, and never more of it than there was", () => {
    const patience = new Patience(2);
    patience.earn();
    patience.spend();
    patience.spend();
    patience.earn();
    patience.spend();
    expect(() => patience.spend()).toThrow("too much");
  });

  it("comes back after a while", () => {
    const now = jest.spyOn(performance, "now").mockReturnValue(0);
    try {
      const patience = new Patience(1_000);
      const spendAll = () => {
        for (let time = 0; time < 1_000; time++) patience.spend();
      };
      spendAll();
      now.mockReturnValue(29_999);
      expect(() => patience.spend()).toThrow("too much");
      now.mockReturnValue(30_000);
      spendAll();
      now.mockReturnValue(59_999);
      expect(() => patience.spend()).toThrow("too much");
    } finally {
      now.mockRestore();
    }
  });
});

it("a client that does not read is not listened to any further, and is served again when it reads", async () => {
  const text = "t".repeat(200_000);
  let calls = 0;
  const whole = () => {
    calls += 1;
    return { text };
  };
  server = await startEchoServer({ documents: new Map([["/whole", whole]]) });
  const opening = Buffer.concat([
    Buffer.from(preface),
    settings([[0x4, 2 ** 31 - 1]]),
    windowUpdate(0, 2 ** 30),
  ]);
  connection = new Http2Frames(server.port, false, { opening });
  await connection.roundTrip();
  connection.stopListening();

  const asked: number[] = [];
  const ask = () => {
    const stream = 2 * asked.length + 1;
    asked.push(stream);
    connection.headers(stream, get("/whole"), true);
  };
  /** The server, which is in this process, has had its turns. @returns whether it has carried out all */
  const isHeard = async (): Promise<boolean> => {
    for (let turn = 0; turn < 200; turn++) {
      if (calls === asked.length) return true;
      await setImmediate();
    }
    return false;
  };
  do ask();
  while ((await isHeard()) && asked.length < 1_000);
  expect(asked.length).toBeLessThan(1_000);
  const heard = calls;
  for (let more = 0; more < 50; more++) ask();
  expect(await isHeard()).toBe(false);
  expect(calls).toBe(heard);

  connection.listen();
  for (const stream of asked) await connection.ended(stream);
  expect(calls).toBe(asked.length);
  for (const stream of [1, 2 * heard + 1, 2 * asked.length - 1]) {
    expect((await answerTo(connection, stream)).body).toBe(JSON.stringify({ text }));
  }
});
