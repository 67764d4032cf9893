import { once } from "node:events";
import { Agent } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "@jest/globals";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { drainSignalKey } from "../../src/server/drain.ts";
import { startEchoServer } from "../support/echo-server.ts";
import { echoTls } from "../support/echo-tls.ts";

const shuttingDown = { code: Code.Unavailable, rawMessage: "the server is shutting down" };
const minute = 60_000;
/** Nobody is cut off by these. */
const patient = { handshakeTimeoutMs: minute, headersTimeoutMs: minute, requestTimeoutMs: minute };

describe("a shutdown", () => {
  it.each([
    ["gRPC", (baseUrl: string) => createGrpcTransport({ baseUrl })],
    ["Connect", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  ])("lets a call in flight finish, without aborting its signal: %s", async (_name, transport) => {
    const server = await startEchoServer();
    const call = createClient(UserService, transport(server.url)).setPhone({ userId: "7", phone: "wait" });
    const context = await server.nextWait();
    const stopped = server.shutdown(minute);
    expect(context.values.get(drainSignalKey).reason).toMatchObject(shuttingDown);
    expect(context.signal.aborted).toBe(false);
    await expect(fetch(`${server.url}/keys`)).rejects.toThrow();
    server.release();
    expect((await call).verificationCode).toBe("7 wait");
    await stopped;
  });

  it("tells those who wait, who end at once", async () => {
    const server = await startEchoServer();
    const call = createClient(InboxService, createGrpcTransport({ baseUrl: server.url })).waitForMessage({});
    const refused = expect(call).rejects.toMatchObject(shuttingDown);
    await server.nextWait();
    await server.shutdown(minute);
    await refused;
  });

  it.each([true, false])(
    "aborts what overruns the grace, which is then still answered (unary path: %s)",
    async (unaryPath) => {
      for (const transport of [createGrpcTransport, createConnectTransport]) {
        const server = await startEchoServer({ unaryPath });
        const client = createClient(UserService, transport({ baseUrl: server.url, httpVersion: "1.1" }));
        const call = client.setPhone({ phone: "wait" }).catch(ConnectError.from);
        await server.nextWait();
        await server.shutdown(50);
        expect(await call).toMatchObject(shuttingDown);
      }
    },
  );

  it("aborts REST calls likewise", async () => {
    const server = await startEchoServer();
    const call = fetch(`${server.url}/v2/users/7/phone`, { method: "POST", body: '{"phone":"wait"}' });
    await server.nextWait();
    await server.shutdown(50);
    expect((await call).status).toBe(503);
  });

  it("ends endless streams with the grace", async () => {
    const server = await startEchoServer();
    const stream = createClient(InboxService, createGrpcTransport({ baseUrl: server.url })).watchMessages({});
    const first = await stream[Symbol.asyncIterator]().next();
    expect(first.value?.message?.id).toBe("1");
    await server.shutdown(50);
    expect(await server.watchEnded).toBe(true);
  });

  it("answers the request that was on its way on an idle HTTP/1.1 connection", async () => {
    const server = await startEchoServer({ limits: { http1LastRequestMs: minute } });
    const socket = connectTcp(server.port, "127.0.0.1");
    const request = "GET /keys HTTP/1.1\r\nHost: x\r\n\r\n";
    socket.write(request);
    await once(socket, "data");
    const stopped = server.shutdown(minute);
    socket.write(request);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 [^]*connection: close/i);
    await stopped;
  });

  it("closes idle connections soon, HTTP/2 with GOAWAY, and those that never spoke", async () => {
    const server = await startEchoServer();
    const session = connectHttp2(server.url);
    await text(session.request({ ":path": "/keys" }));
    const goaway = once(session, "goaway");
    const keptAlive = connectTcp(server.port, "127.0.0.1");
    keptAlive.write("GET /keys HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(keptAlive, "data");
    const silent = connectTcp(server.port, "127.0.0.1");
    await once(silent, "connect");
    await server.shutdown(minute);
    expect((await goaway)[0]).toBe(0);
  });

  it("closes at once a connection that begins no TLS", async () => {
    const server = await startEchoServer({ tls: echoTls, limits: patient });
    const silent = connectTcp(server.port, "127.0.0.1");
    await once(silent, "connect");
    const session = connectHttp2(server.url, { rejectUnauthorized: false });
    await text(session.request({ ":path": "/keys" })); // the server has taken the one before, too
    await server.shutdown(minute);
  });

  it.each(["h2", "http/1.1"])("closes a connection that TLS is ready on only then: %s", async (protocol) => {
    const server = await startEchoServer({ tls: echoTls, limits: patient });
    const socket = connectTcp(server.port, "127.0.0.1");
    const { promise: lastStep, resolve: holdBack } = Promise.withResolvers<() => void>();
    const steps = new Duplex({
      read() {},
      write(bytes: Buffer, _encoding, done) {
        const send = (): void => void socket.write(bytes, done);
        if (socket.bytesWritten === 0) send();
        else holdBack(send);
      },
    });
    socket.on("data", (bytes) => steps.push(bytes));
    const secure = connectTls({ socket: steps, rejectUnauthorized: false, ALPNProtocols: [protocol] });
    const finishHandshake = await lastStep;
    const stopped = server.shutdown(minute);
    finishHandshake();
    await stopped;
    secure.destroy();
  });

  it("says on HTTP/1.1 that the connection closes, and closes it, once its calls are answered", async () => {
    const server = await startEchoServer();
    const socket = connectTcp(server.port, "127.0.0.1");
    const body = '{"phone":"wait"}';
    socket.write(
      `POST /v2/users/7/phone HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await server.nextWait();
    const stopped = server.shutdown(minute);
    server.release();
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 [^]*connection: close[^]*7 wait/i);
    await stopped;
  });

  it("closes an HTTP/1.1 connection also after an answer that had begun before", async () => {
    const server = await startEchoServer({ limits: { http1LastRequestMs: 0 } });
    const nodeOptions = { agent: new Agent({ keepAlive: true }) };
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", nodeOptions });
    let stopped: Promise<void> | undefined;
    let last: string | undefined;
    for await (const { message } of createClient(InboxService, transport).watchMessages({
      phoneNumber: "2000",
    })) {
      stopped ??= server.shutdown(minute);
      last = message?.id;
    }
    expect(last).toBe("2000");
    await stopped;
  });

  it("can be hurried by a second one", async () => {
    const server = await startEchoServer();
    const client = createClient(UserService, createGrpcTransport({ baseUrl: server.url }));
    const refused = expect(client.setPhone({ phone: "wait" })).rejects.toMatchObject(shuttingDown);
    await server.nextWait();
    await Promise.all([server.shutdown(minute), server.shutdown(0)]);
    await refused;
    await server.shutdown(minute);
  });
});
