import { afterEach, describe, expect, it } from "@jest/globals";
import type { Interceptor } from "@connectrpc/connect";
import type { ServerOptions } from "../../src/server/server.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { answerTo, get, phone, setPhone } from "../support/http2-answers.ts";
import { flags, type Frame, Http2Frames, types } from "../support/http2-frames.ts";

/** How a connection comes to its end (RFC 9113 section 6.8). */

const minute = 60_000;
const streamIdMax = 2 ** 31 - 1;
const protocolError = 0x1;

let server: EchoServer;
let connection: Http2Frames;
/** How many calls were carried out. */
let calls: number;

async function start(options: Partial<ServerOptions> = {}): Promise<void> {
  calls = 0;
  const count: Interceptor = (next) => (request) => {
    calls += 1;
    return next(request);
  };
  server = await startEchoServer({ ...options, interceptors: [count] });
  connection = new Http2Frames(server.port);
}

afterEach(async () => {
  connection.end();
  await connection.closed;
  await server.shutdown(0);
  expect(server.errors).toEqual([]);
});

function call(stream: number, value = "+41"): void {
  connection.headers(stream, setPhone("7"));
  connection.data(stream, phone(value), true);
}

/** What was said of the end: the last stream and the code, in their order. */
function goodbyes(frames: readonly Frame[]): number[][] {
  return frames
    .filter(({ type }) => type === types.goAway)
    .map(({ payload }) => [payload.readUInt32BE(0), payload.readUInt32BE(4)]);
}

function goodbye(): Promise<true> {
  return connection.find((all) => goodbyes(all).length > 0 || undefined);
}

describe("a connection that the server ends", () => {
  it("carries out what is on its way, and ends with its last answer", async () => {
    await start();
    call(1, "wait");
    await server.nextWait();
    const stopped = server.shutdown(minute);
    await goodbye();
    call(3);
    expect((await answerTo(connection, 3)).status).toBe("200");
    server.release();
    expect((await answerTo(connection, 1)).status).toBe("200");
    await connection.closed;
    await stopped;
    expect(goodbyes(connection.frames)).toEqual([[streamIdMax, 0]]);
    expect(calls).toBe(2);
  });

  it("ends at once where nothing is open, and says that no more is carried out", async () => {
    await start();
    call(1);
    await answerTo(connection, 1);
    const stopped = server.shutdown(minute);
    await goodbye();
    call(3);
    await connection.closed;
    await stopped;
    expect(goodbyes(connection.frames)).toEqual([[1, 0]]);
    expect(calls).toBe(1);
  });

  it("takes the body of a request that had begun", async () => {
    await start();
    connection.headers(1, setPhone("7"));
    await connection.roundTrip();
    const stopped = server.shutdown(minute);
    await goodbye();
    connection.data(1, phone("+41"), true);
    expect((await answerTo(connection, 1)).status).toBe("200");
    await connection.closed;
    await stopped;
  });

  it("says which request was the last where the client breaks a rule then", async () => {
    await start();
    call(1, "wait");
    await server.nextWait();
    const stopped = server.shutdown(minute);
    await goodbye();
    connection.frame(types.ping, flags.none, 1, Buffer.alloc(8));
    await connection.closed;
    await stopped;
    expect(goodbyes(connection.frames)).toEqual([
      [streamIdMax, 0],
      [1, protocolError],
    ]);
  });
});

describe("a connection that the client ends", () => {
  it("answers what was asked before", async () => {
    await start();
    call(1, "wait");
    await server.nextWait();
    connection.goAway();
    await connection.roundTrip();
    server.release();
    expect((await answerTo(connection, 1)).status).toBe("200");
    await connection.closed;
  });

  it("is closed at once where nothing is open", async () => {
    await start();
    call(1);
    await answerTo(connection, 1);
    connection.goAway();
    await connection.closed;
  });

  it("carries nothing out any more that it cannot answer", async () => {
    await start();
    connection.together(() => {
      connection.goAway();
      connection.headers(1, get("/v2/users/7"), true);
    });
    await connection.closed;
    const next = new Http2Frames(server.port);
    next.headers(1, get("/v2/users/7"), true);
    await answerTo(next, 1);
    next.end();
    await next.closed;
    expect(calls).toBe(1);
  });

  it.each(["the end", "a reset"])("aborts what was asked, by %s", async (how) => {
    await start();
    call(1, "wait");
    const { signal } = await server.nextWait();
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    if (how === "the end") connection.end();
    else connection.reset(1, 8);
    await aborted;
  });

  it("by breaking a rule aborts what was asked, too, and hears which the last was", async () => {
    await start();
    call(1, "wait");
    const { signal } = await server.nextWait();
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    connection.headers(3, get("/v2/users/7"), true);
    connection.frame(types.ping, flags.none, 1, Buffer.alloc(8));
    call(5);
    await aborted;
    await connection.closed;
    expect(goodbyes(connection.frames)).toEqual([[3, protocolError]]);
    expect(calls).toBeLessThan(3);
  });
});
