import { constants } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "@jest/globals";
import { SetPhoneRequestSchema } from "../../gen/zitadel/user/v2/user_service_pb.js";
import type { ServerOptions } from "../../src/server/server.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { Http2Frames } from "../support/http2-frames.ts";

/** A body that broke off over HTTP/2 is no message, even where what came of it could be one. */

const rpcPath = "/zitadel.user.v2.UserService/SetPhone";
const restPath = "/v2/users/7/phone";
const message = toBinary(SetPhoneRequestSchema, create(SetPhoneRequestSchema, { userId: "7", phone: "+41" }));
const frame = Buffer.of(0, 0, 0, 0, message.byteLength, ...message);
const json = Buffer.from('{"phone":"+41"}');

interface Request {
  readonly path: string;
  readonly type: string;
  readonly body: Uint8Array;
}

const rest: Request = { path: restPath, type: "application/json", body: json };
const base64 = Buffer.from(frame.toString("base64"));

const requests: readonly [string, Request][] = [
  ["REST", rest],
  ["Connect with JSON", { path: rpcPath, type: "application/json", body: json }],
  ["Connect", { path: rpcPath, type: "application/proto", body: message }],
  ["gRPC", { path: rpcPath, type: "application/grpc", body: frame }],
  ["gRPC-Web", { path: rpcPath, type: "application/grpc-web+proto", body: frame }],
  ["gRPC at a REST path", { path: restPath, type: "application/grpc", body: frame }],
  ["gRPC-Web in base64 at a REST path", { path: restPath, type: "application/grpc-web-text", body: base64 }],
];

const endConnection = (connection: Http2Frames): void => connection.end();

const endings: readonly [string, (connection: Http2Frames) => void][] = [
  ["a reset", (connection) => connection.reset(1, constants.NGHTTP2_CANCEL)],
  ["a reset that tells of no error", (connection) => connection.reset(1, constants.NGHTTP2_NO_ERROR)],
  ["the end of the connection", endConnection],
];

const rows = requests.flatMap(([name, request]) =>
  endings.flatMap(([ending, end]) => [
    [name, "before its first byte", ending, { ...request, part: request.body.subarray(0, 0) }, end] as const,
    [name, "behind its last byte", ending, { ...request, part: request.body }, end] as const,
  ]),
);

let server: EchoServer;
const connections: Http2Frames[] = [];
/** How many calls were carried out. */
let calls: number;

async function start(options: Partial<ServerOptions> = {}): Promise<Http2Frames> {
  calls = 0;
  const count: Interceptor = (next) => (request) => {
    calls += 1;
    return next(request);
  };
  server = await startEchoServer({ ...options, interceptors: [count] });
  return open();
}

function open(): Http2Frames {
  const connection = new Http2Frames(server.port);
  connections.push(connection);
  return connection;
}

afterEach(async () => {
  // None answers the PING at the end, for which the server would wait.
  for (const connection of connections.splice(0)) {
    connection.end();
    await connection.closed;
  }
  await server.shutdown(0);
  expect(server.errors).toEqual([]);
});

/** @param part of the body, which may be all of it, but is not said to be */
function begin(connection: Http2Frames, stream: number, { path, type }: Request, part: Uint8Array): void {
  const pseudo = { ":method": "POST", ":scheme": "http", ":authority": "localhost", ":path": path };
  connection.headers(stream, { ...pseudo, "content-type": type });
  if (part.byteLength > 0) connection.data(stream, part, false);
}

/** A whole call. When it is answered, one that went the same way before it has come to its end as well. */
async function call(connection: Http2Frames, stream: number, request: Request): Promise<void> {
  begin(connection, stream, request, request.body);
  connection.data(stream, Buffer.of(), true);
  await connection.ended(stream);
}

describe.each(requests.filter(([name]) => !name.includes("at a REST path")))("%s", (_name, request) => {
  it("that is taken back as soon as it was sent is not carried out", async () => {
    const connection = await start({ requestGate: () => {} });
    connection.together(() => {
      for (let stream = 1; stream < 20; stream += 2) {
        begin(connection, stream, request, request.body);
        connection.data(stream, Buffer.of(), true);
        connection.reset(stream, constants.NGHTTP2_CANCEL);
      }
    });
    await call(connection, 21, request);
    expect(calls).toBe(1);
  });
});

describe.each([true, false])("over HTTP/2 (unary path: %s)", (unaryPath) => {
  describe.each(rows)("%s that breaks off %s, by %s", (_name, _place, _ending, request, end) => {
    it.each(["at once", "after a while"])("is not carried out: %s", async (when) => {
      const connection = await start({ unaryPath });
      begin(connection, 1, request, request.part);
      if (when === "after a while") await call(connection, 3, request);
      const before = calls;
      end(connection);
      let next = connection;
      if (end === endConnection) {
        await connection.closed;
        next = open();
      }
      await call(next, 5, request);
      expect(calls - before).toBe(1);
    });
  });

  it.each(requests)("%s whose body does not come in time is not carried out", async (_name, request) => {
    const connection = await start({ unaryPath, limits: { requestTimeoutMs: 50 } });
    begin(connection, 1, request, request.body);
    await connection.ended(1);
    await call(connection, 3, request);
    expect(calls).toBe(1);
  });

  it.each(requests)("%s that the end of the server breaks off is not carried out", async (_name, request) => {
    const connection = await start({ unaryPath });
    begin(connection, 1, request, request.body);
    await call(connection, 3, request);
    await server.shutdown(0);
    expect(calls).toBe(1);
  });
});
