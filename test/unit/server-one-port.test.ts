import { once } from "node:events";
import {
  connect as connectHttp2,
  constants,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { IncomingMessage } from "node:http";
import { connect as connectTcp, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "@jest/globals";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { defaultLimits } from "../../src/server/limits.ts";
import type { ServerOptions } from "../../src/server/server.ts";
import { startEchoServer, type EchoServer } from "../support/echo-server.ts";
import { echoTls } from "../support/echo-tls.ts";

const running: EchoServer[] = [];
async function start(options: Partial<ServerOptions> = {}): Promise<EchoServer> {
  const server = await startEchoServer(options);
  running.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.shutdown(0)));
});

async function openSocket(server: EchoServer): Promise<Socket> {
  const socket = connectTcp(server.port, "127.0.0.1").setNoDelay();
  await once(socket, "connect");
  return socket;
}

/** Writes byte by byte, each in a packet of its own as far as that can be had. */
async function trickle(socket: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
    await new Promise(setImmediate);
  }
}

async function get(session: ClientHttp2Session, path: string): Promise<unknown> {
  return JSON.parse(await text(session.request({ ":path": path })));
}

describe("one port", () => {
  it("takes HTTP/1.1 from a client that sends byte by byte", async () => {
    const socket = await openSocket(await start());
    // The first two letters are those of the HTTP/2 preface.
    await trickle(socket, Buffer.from("PROPFIND /keys HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 405 /);
  });

  it("takes HTTP/2 from a client that sends byte by byte", async () => {
    const socket = await openSocket(await start());
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    await trickle(socket, Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings]));
    const [frame] = (await once(socket, "data")) as [Buffer];
    expect(frame.readUInt8(3)).toBe(4);
    socket.destroy();
  });

  it.each([
    ["/zitadel.user.v2.UserService/SetPhone", true],
    ["/zitadel.user.v2.UserService/SetPhone", false],
    ["/v2/users/7/phone", true],
  ])(
    "tells a client over HTTP/2 to go on that waits for it: %s (unary path: %s)",
    async (path, unaryPath) => {
      const session = connectHttp2((await start({ unaryPath })).url);
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/json",
        expect: "100-continue",
      });
      stream.once("continue", () => stream.end('{"userId":"7","phone":"+41"}'));
      expect(JSON.parse(await text(stream))).toEqual({ verificationCode: "7 +41" });
      session.close();
    },
  );

  it.each<[string, () => void | Promise<void>]>([
    ["at once", () => refuse()],
    ["later", async () => refuse()],
  ])("does not tell a client over HTTP/2 to go on that is refused %s", async (_when, requestGate) => {
    const session = connectHttp2((await start({ requestGate })).url);
    const head = { ":method": "POST", ":path": "/v2/users/7/phone", expect: "100-continue" };
    const stream = session.request(head);
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    expect(headers[":status"]).toBe(401);
    session.destroy();
  });

  it.each([
    "/readyz",
    "/keys",
    "/nothing",
    "/zitadel.user.v2.UserService/SetPhone",
    "/v2/users/7/phone",
    "/v2/users/7",
  ])("answers a HEAD of %s over HTTP/2, and has nothing to complain of", async (path) => {
    const server = await start();
    const session = connectHttp2(server.url);
    const stream = session.request({ ":method": "HEAD", ":path": path });
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    expect(await text(stream)).toBe("");
    expect(headers[":status"]).toBe((await fetch(server.url + path)).status);
    session.close();
    expect(server.errors).toEqual([]);
  });

  it("serves both at the same time", async () => {
    const server = await start();
    const session = connectHttp2(server.url);
    const answers = await Promise.all([
      get(session, "/keys"),
      fetch(`${server.url}/keys`).then((response) => response.json()),
      get(session, "/keys"),
    ]);
    expect(answers).toEqual([{ keys: [] }, { keys: [] }, { keys: [] }]);
    session.close();
  });

  it("takes the whole URL for a target, as proxies send it", async () => {
    const socket = await openSocket(await start());
    socket.write("GET http://x/keys HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 [^]*\{"keys":\[\]\}$/);
  });

  it.each([true, false])("tells calls the host of such a target (unary path: %s)", async (unaryPath) => {
    const urls: string[] = [];
    const note: Interceptor = (next) => (request) => {
      urls.push(request.url);
      return next(request);
    };
    const socket = await openSocket(await start({ unaryPath, interceptors: [note] }));
    const target = "http://login.example.com/zitadel.user.v2.UserService/RemovePhone";
    const head = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close";
    socket.write(`POST ${target} HTTP/1.1\r\n${head}\r\n\r\n{}`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
    expect(urls).toEqual([target]);
  });

  it("refuses such a target that is no URL", async () => {
    const socket = await openSocket(await start());
    socket.write("DELETE http://[/v2/users/7/phone HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 [^]*malformed/);
  });

  it.each([
    ["GET /keys", true],
    ["DELETE /v2/users/7/phone", true],
    ["DELETE /v2/users/7/phone", false],
  ])("refuses a host that is none: %s (unary path: %s)", async (request, unaryPath) => {
    const socket = await openSocket(await start({ unaryPath }));
    socket.write(`${request} HTTP/1.1\r\nHost: a^b\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 [^]*malformed/);
  });

  it.each(["HTTP/1.0", "HTTP/1.1\r\nHost:\r\nConnection: close"])(
    "takes requests that name no host: %j",
    async (rest) => {
      const server = await start();
      for (const request of ["GET /keys", "DELETE /v2/users/7/phone"]) {
        const socket = await openSocket(server);
        socket.write(`${request} ${rest}\r\n\r\n`);
        expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
      }
    },
  );

  it("says why it cannot start", async () => {
    const { port } = await start();
    await expect(startEchoServer({ port })).rejects.toThrow("address already in use");
  });

  it("survives whatever comes", async () => {
    const server = await start();
    for (const bytes of [
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense",
      "\u0000\u0001",
      "GET / HTTP/1.1\r\n: x\r\n\r\n",
    ]) {
      const socket = await openSocket(server);
      socket.end(bytes, "latin1");
      socket.resume();
      await once(socket, "close");
    }
    const reset = await openSocket(server);
    reset.write("POST /v2/users/7/phone HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
    reset.resetAndDestroy();
    expect((await fetch(`${server.url}/keys`)).status).toBe(200);
    expect(server.errors).toEqual([]);
  });
});

describe("TLS", () => {
  const secure = { rejectUnauthorized: false };

  it("serves HTTP/2 and HTTP/1.1 on the same port", async () => {
    const server = await start({ tls: echoTls });
    expect(server.url).toMatch(/^https:/);
    const client = createClient(
      UserService,
      createGrpcTransport({ baseUrl: server.url, nodeOptions: secure }),
    );
    expect((await client.setPhone({ userId: "7", phone: "+41" })).verificationCode).toBe("7 +41");

    const options: RequestOptions = { ...secure, agent: false };
    const [response] = (await once(httpsRequest(`${server.url}/keys`, options).end(), "response")) as [
      IncomingMessage,
    ];
    expect([response.httpVersion, await text(response)]).toEqual(["1.1", '{"keys":[]}']);
  });

  it("takes HTTP/2 for a client that speaks both", async () => {
    const { port } = await start({ tls: echoTls });
    const socket = connectTls({ ...secure, port, ALPNProtocols: ["http/1.1", "h2"] });
    await once(socket, "secureConnect");
    expect(socket.alpnProtocol).toBe("h2");
    socket.destroy();
  });

  it("survives clients that do not speak it, or break off", async () => {
    const server = await start({ tls: echoTls });
    const plain = await openSocket(server);
    plain.write("GET / HTTP/1.1\r\n\r\n");
    plain.resume();
    await once(plain, "close");
    const broken = connectTls({ ...secure, port: server.port, ALPNProtocols: ["h2"] });
    await once(broken, "secureConnect");
    broken.destroy();
    const session = connectHttp2(server.url, secure);
    expect(await get(session, "/keys")).toEqual({ keys: [] });
    session.close();
  });
});

function callWaitByHttp2(head: OutgoingHttpHeaders): (server: EchoServer) => Promise<string> {
  return async ({ url }) => {
    const session = connectHttp2(url);
    const stream = session.request({ ":method": "POST", ...head });
    return text(stream.end('{"userId":"7","phone":"wait"}')).finally(() => session.close());
  };
}

describe("limits", () => {
  const closed = async (socket: Socket): Promise<string> => {
    const received = text(socket).catch(() => "");
    await once(socket, "close");
    return received;
  };

  it("close a connection that says nothing", async () => {
    const server = await start({ limits: { handshakeTimeoutMs: 50 } });
    const silent = await openSocket(server);
    expect(await closed(silent)).toBe("");
    const halfPreface = await openSocket(server);
    halfPreface.write("PRI * HT");
    expect(await closed(halfPreface)).toBe("");
  });

  it("close a connection whose headers do not end", async () => {
    const server = await start({ limits: { headersTimeoutMs: 50 } });
    const socket = await openSocket(server);
    socket.write("GET / HTTP/1.1\r\nHost: x\r\nX: ");
    expect(await closed(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("close an idle connection", async () => {
    const server = await start({ limits: { http1IdleTimeoutMs: 50, http2IdleTimeoutMs: 50 } });
    const socket = await openSocket(server);
    socket.write("GET /keys HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await closed(socket)).toMatch(/^HTTP\/1\.1 200 /);
    const session = connectHttp2(server.url);
    await get(session, "/keys");
    await once(session, "close");
  });

  it("tell a client over HTTP/1.1 how long it may be idle", async () => {
    const { headers } = await fetch(`${(await start()).url}/keys`);
    expect(headers.get("keep-alive")).toBe(`timeout=${defaultLimits.http1IdleTimeoutMs / 1_000}`);
  });

  it("end a call whose body does not end", async () => {
    const server = await start({ limits: { requestTimeoutMs: 100, headersTimeoutMs: 50 } });
    const socket = await openSocket(server);
    socket.write("POST /v2/users/7/phone HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
    expect(await closed(socket)).toMatch(/^HTTP\/1\.1 408 /);

    const session = connectHttp2(server.url);
    const stream = session.request({ ":method": "POST", ":path": "/v2/users/7/phone" });
    stream.on("error", () => {});
    stream.write("{");
    await once(stream, "close");
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    session.close();
  });

  it.each([
    ["that is refused before it is read", "no", Buffer.alloc(1), true],
    ["that is refused before it is read", "no", Buffer.alloc(1), false],
    ["that is too large already", "yes", Buffer.alloc(64 * 1024), true],
    ["that is too large already", "yes", Buffer.alloc(64 * 1024), false],
  ])("end a gRPC call whose body does not end, and %s", async (_name, authorization, body, unaryPath) => {
    const limits = { requestTimeoutMs: 100, headersTimeoutMs: 50, messageBytesMax: 1024 };
    const session = connectHttp2((await start({ limits, unaryPath })).url);
    const path = "/zitadel.user.v2.UserService/SetPhone";
    const contentType = { "content-type": "application/grpc", te: "trailers" };
    const stream = session.request({ ":method": "POST", ":path": path, ...contentType, authorization });
    stream.on("error", () => {});
    stream.resume();
    // The length of a frame that would be allowed, and a second one that never comes to its end.
    stream.write(Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 4, 0]), body]));
    await once(stream, "close");
    session.close();
  });

  it.each([
    [
      "HTTP/1.1",
      async ({ url }: EchoServer) => {
        const response = await fetch(`${url}/v2/users/7/phone`, { method: "POST", body: '{"phone":"wait"}' });
        return response.text();
      },
    ],
    ["HTTP/2", callWaitByHttp2({ ":path": "/v2/users/7/phone" })],
    [
      "HTTP/2, by Connect's own router",
      callWaitByHttp2({
        ":path": "/zitadel.user.v2.UserService/SetPhone",
        "content-type": "application/json;charset=UTF-8",
      }),
    ],
  ])("do not end a call that merely takes long: %s", async (_name, callWait) => {
    const server = await start({
      limits: { requestTimeoutMs: 50, headersTimeoutMs: 20, http1IdleTimeoutMs: 20, http2IdleTimeoutMs: 20 },
    });
    const answer = callWait(server);
    await server.nextWait();
    // When a later connection is ended because it does break the limits, the earlier one was spared.
    const broken = await openSocket(server);
    broken.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
    await closed(broken);
    server.release();
    expect(await answer).toBe('{"verificationCode":"7 wait"}');
  });

  it("bound the headers", async () => {
    const server = await start();
    const headers = { "x-large": "x".repeat(17 * 1024) };
    expect((await fetch(`${server.url}/keys`, { headers })).status).toBe(431);
    const session = connectHttp2(server.url);
    // The server may hold a client to its settings only once they are acknowledged.
    await get(session, "/keys");
    expect(session.remoteSettings.maxHeaderListSize).toBe(16 * 1024);
    const stream = session.request({ ":path": "/keys", ...headers });
    stream.on("error", () => {});
    stream.resume();
    await new Promise((resolve) => stream.once("close", resolve));
    expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.destroy();
  });

  it("bound the headers of a client that was not told yet, however few bytes they are on the wire", async () => {
    const session = connectHttp2((await start()).url, { maxSendHeaderBlockLength: 2 ** 20 });
    const stream = session.request({ ":path": "/keys", "x-large": Array(100).fill("x".repeat(2_000)) });
    stream.on("error", () => {});
    stream.resume();
    await new Promise((resolve) => stream.once("close", resolve));
    expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.destroy();
  });

  it("bound the connections and the streams", async () => {
    const server = await start({ limits: { connectionsMax: 1, streamsPerConnectionMax: 3 } });
    const session = connectHttp2(server.url);
    await get(session, "/keys");
    expect(session.remoteSettings.maxConcurrentStreams).toBe(3);
    const second = connectTcp(server.port, "127.0.0.1");
    second.on("error", () => {});
    second.resume();
    await once(second, "close");
    expect(await get(session, "/keys")).toEqual({ keys: [] });
    session.close();
  });
});

function refuse(): never {
  throw new ConnectError("no token", Code.Unauthenticated);
}
