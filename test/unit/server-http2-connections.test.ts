import { once } from "node:events";
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { Http2Connection } from "../../src/http2/connection.ts";
import { silentLog } from "../../src/lib/log.ts";
import { serveHttp2 } from "../../src/server/http2-connections.ts";
import { defaultLimits, type Limits } from "../../src/server/limits.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { echoTls } from "../support/echo-tls.ts";
import { answerTo, get as request } from "../support/http2-answers.ts";
import { closeSockets, socketPair } from "../support/http2-connection.ts";
import { Http2Frames, pingBytes } from "../support/http2-frames.ts";

/** Which connections of HTTP/2 the server keeps, and which it lets go. */

const watchPath = "/grpc.health.v1.Health/Watch";
/** What TLS carries in one record (RFC 8446 section 5.1). */
const recordBytes = 2 ** 14;

let server: EchoServer | undefined;

async function start(limits: Partial<Limits>, isTls = false): Promise<EchoServer> {
  server = await startEchoServer({ limits, ...(isTls ? { tls: echoTls } : {}) });
  return server;
}

afterEach(async () => {
  jest.restoreAllMocks();
  jest.useRealTimers();
  closeSockets();
  await server?.shutdown(0);
  server = undefined;
});

function open(url: string): ClientHttp2Session {
  return connect(url, { ca: echoTls.cert });
}

async function get(session: ClientHttp2Session): Promise<unknown> {
  return JSON.parse(await text(session.request({ ":path": "/keys" })));
}

/** A stream that says that the server is ready, and then nothing. */
async function watch(session: ClientHttp2Session): Promise<ClientHttp2Stream> {
  const stream = session.request({
    ":method": "POST",
    ":path": watchPath,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.end(Buffer.alloc(5));
  await once(stream, "data");
  return stream;
}

describe.each([
  ["cleartext", false],
  ["TLS", true],
])("over %s", (_name, isTls) => {
  it("lets a client go that does not answer a PING, and tells it", async () => {
    const { port } = await start({ http2KeepAliveMs: 50 }, isTls);
    const connection = new Http2Frames(port, isTls);
    await connection.closed;
    expect(connection.isToldToGo).toBe(true);
  });

  it("keeps a client that does", async () => {
    const { url } = await start({ http2KeepAliveMs: 20 }, isTls);
    const session = open(url);
    for (let pings = 0; pings < 5; pings++) await once(session, "ping");
    expect(await get(session)).toEqual({ keys: [] });
    session.close();
  });

  it("lets a client go that said it would, and does not", async () => {
    const { port } = await start({ http2KeepAliveMs: 50 }, isTls);
    const connection = new Http2Frames(port, isTls);
    const pseudo = { ":method": "POST", ":scheme": "http", ":authority": "localhost", ":path": watchPath };
    connection.headers(1, { ...pseudo, "content-type": "application/grpc" });
    connection.data(1, Buffer.alloc(5), true);
    connection.goAway();
    await connection.closed;
  });

  it("lets a client go that broke off with answers on the way", async () => {
    const { port, url } = await start({ http2KeepAliveMs: 50, connectionsMax: 1 }, isTls);
    const broken = new Http2Frames(port, isTls);
    const stream = 1;
    const pseudo = { ":method": "GET", ":scheme": "http", ":authority": "localhost", ":path": "/keys" };
    broken.headers(stream, pseudo);
    broken.data(stream, Buffer.of(), true);
    await broken.ended(stream);
    // The answer to the first cannot be written any more, while the others are read already.
    broken.together(() => {
      for (let record = 1; record <= 3; record++) {
        broken.ping();
        broken.unknown(recordBytes - pingBytes);
      }
    });
    broken.breakOff();
    await broken.closed;
    // There is one place: whoever comes while it is taken is turned away.
    let answer: unknown;
    for (let tries = 0; answer === undefined && tries < 1_000; tries++) answer = await getOnce(url);
    expect(answer).toEqual({ keys: [] });
  });
});

/** @returns undefined where the connection is turned away */
async function getOnce(url: string): Promise<unknown> {
  const session = open(url);
  const closed = new Promise<void>((resolve) => session.once("close", resolve));
  session.on("error", () => {});
  const stream = session.request({ ":path": "/keys" });
  stream.on("error", () => {});
  const answer = await text(stream).catch(() => "");
  session.destroy();
  await closed;
  return answer === "" ? undefined : JSON.parse(answer);
}

it.each(["/v2/users/7", "/keys"])("lets a client go that does not take its answer: %s", async (path) => {
  const { url } = await start({ http2IdleTimeoutMs: 50, http2KeepAliveMs: 50 });
  const session = connect(url, { settings: { initialWindowSize: 0 } });
  session.request({ ":path": path }).on("error", () => {});
  await once(session, "close");
});

it("breaks off a call whose answer the client does not take, and no other", async () => {
  const { port } = await start({ http2AnswerTimeoutMs: 50 });
  const connection = new Http2Frames(port);
  connection.settings([[0x4, 0]]);
  for (const stream of [1, 3]) connection.headers(stream, request("/v2/users/7"), true);
  connection.windowUpdate(3, 1_000);
  expect((await answerTo(connection, 3)).status).toBe("200");
  expect((await answerTo(connection, 1)).reset).toBe(constants.NGHTTP2_CANCEL);
  connection.end();
});

/** A connection with a stream of messages, once one that had less to do, and later, was taken for idle. */
async function watchBesideIdle(): Promise<{ session: ClientHttp2Session; stream: ClientHttp2Stream }> {
  const { url } = await start({ http2IdleTimeoutMs: 50 });
  const session = open(url);
  const stream = await watch(session);
  const idle = open(url);
  await get(idle);
  await once(idle, "close");
  return { session, stream };
}

it("does not take a connection for idle on which a stream of messages is open", async () => {
  const { session, stream } = await watchBesideIdle();
  expect(await get(session)).toEqual({ keys: [] });
  stream.close();
  await once(session, "close");
});

it("takes a connection for idle when its last stream of messages has ended", async () => {
  const { session, stream } = await watchBesideIdle();
  expect(session.closed).toBe(false);
  stream.close();
  await once(session, "close");
});

it("does not take a connection for idle that is used", async () => {
  const { url } = await start({ http2IdleTimeoutMs: 500 });
  const [used, idle] = [open(url), open(url)];
  const use = () => text(used.request({ ":path": "/v2/users/7" }));
  await use();
  await get(idle);
  while (!idle.closed) await use();
  expect(used.closed).toBe(false);
  used.close();
});

it("forgets a connection that is closed", async () => {
  const { client, served } = await socketPair();
  const http2 = serveHttp2(
    defaultLimits,
    () => true,
    () => {},
    silentLog,
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
