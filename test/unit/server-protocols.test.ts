import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import * as grpc from "@grpc/grpc-js";
import { InboxService } from "../../gen/ringback/inbox/v1/inbox_service_pb.js";
import {
  SetPhoneRequestSchema,
  SetPhoneResponseSchema,
  UserService,
} from "../../gen/zitadel/user/v2/user_service_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/v1/error_pb.js";
import { startEchoServer, type EchoServer } from "../support/echo-server.ts";

let server: EchoServer;
beforeAll(async () => {
  server = await startEchoServer();
});
afterAll(() => server.shutdown(0));

const transports: [string, string, (baseUrl: string) => Transport][] = [
  ["gRPC", "grpc", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web, HTTP/1.1", "grpc-web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["gRPC-Web, HTTP/2", "grpc-web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" })],
  ["Connect, HTTP/1.1", "connect", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect, HTTP/2", "connect", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })],
  [
    "Connect with JSON",
    "connect",
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  ],
];

describe.each(transports)("%s", (_name, protocol, transport) => {
  const users = () => createClient(UserService, transport(server.url));

  it("calls a method", async () => {
    let headers = new Headers();
    const response = await users().setPhone(
      { userId: "7", phone: "+41", verification: { case: "returnCode", value: {} } },
      { onHeader: (header) => (headers = header) },
    );
    expect(response.verificationCode).toBe("7 +41 returnCode");
    expect(headers.get("x-protocol")).toBe(protocol);
  });

  it("gets an error with its detail", async () => {
    const error = await users().setPhone({ phone: "fail" }).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "as you wish" });
    expect(error instanceof ConnectError && error.findDetails(ErrorDetailSchema)).toMatchObject([
      { id: "ECHO-1" },
    ]);
  });

  it("does not get to know an unexpected error, which is logged once", async () => {
    const before = server.errors.length;
    await expect(users().setPhone({ phone: "crash" })).rejects.toMatchObject({
      code: Code.Internal,
      rawMessage: "internal error",
    });
    expect(server.errors.length - before).toBe(1);
  });

  it("is refused by the gate", async () => {
    await expect(users().setPhone({}, { headers: { authorization: "no" } })).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });

  it("is refused with a message that is too large", async () => {
    await expect(users().setPhone({ phone: "x".repeat(2 ** 20) })).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    });
  });

  it("calls a method that is not implemented", async () => {
    await expect(users().verifyPhone({})).rejects.toMatchObject({ code: Code.Unimplemented });
  });

  it("ends a call at its deadline", async () => {
    await expect(users().setPhone({ phone: "wait" }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
  });

  it("is refused with a deadline that no timer can hold", async () => {
    const headers: Record<string, string> =
      protocol === "connect" ? { "connect-timeout-ms": "2147483648" } : { "grpc-timeout": "2147484S" };
    await expect(users().setPhone({ phone: "+41" }, { headers })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringMatching(/^timeout 214748\d+ms must be <= 2147483647$/),
    });
    headers["authorization"] = "no";
    await expect(users().setPhone({ phone: "+41" }, { headers })).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });

  it("is not ended by the deadline of another protocol", async () => {
    const headers: Record<string, string> =
      protocol === "connect" ? { "grpc-timeout": "0m" } : { "connect-timeout-ms": "0" };
    expect(await users().setPhone({ userId: "7", phone: "+41" }, { headers })).toMatchObject({
      verificationCode: "7 +41",
    });
  });

  it("receives a stream", async () => {
    const ids: string[] = [];
    for await (const { message } of createClient(InboxService, transport(server.url)).watchMessages({
      phoneNumber: "20",
    })) {
      ids.push(message?.id ?? "");
    }
    expect(ids).toEqual(Array.from({ length: 20 }, (_, index) => String(index + 1)));
  });

  it("ends the handler of a stream that the client leaves", async () => {
    const own = await startEchoServer();
    const client = createClient(InboxService, transport(own.url));
    const leaving = new AbortController();
    const received = (async () => {
      for await (const { message } of client.watchMessages({}, { signal: leaving.signal })) {
        if (message?.id === "3") leaving.abort();
      }
    })();
    await expect(received).rejects.toMatchObject({ code: Code.Canceled });
    expect(await own.watchEnded).toBe(true);
    await own.shutdown(1_000);
    expect(own.errors).toEqual([]);
  });
});

describe("grpc-js", () => {
  let client: grpc.Client;
  beforeAll(() => {
    client = new grpc.Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  });
  afterAll(() => client.close());

  function setPhone(
    phone: string,
    path = "/zitadel.user.v2.UserService/SetPhone",
    options: grpc.CallOptions = {},
  ) {
    return new Promise<string | undefined>((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        (message: ReturnType<typeof request>) => Buffer.from(toBinary(SetPhoneRequestSchema, message)),
        (bytes) => fromBinary(SetPhoneResponseSchema, bytes),
        request(phone),
        new grpc.Metadata(),
        options,
        (error, response) => (error === null ? resolve(response?.verificationCode) : reject(error)),
      );
    });
  }
  const request = (phone: string) => create(SetPhoneRequestSchema, { userId: "7", phone });

  it("calls a method", async () => {
    expect(await setPhone("+41")).toBe("7 +41");
  });

  it("gets errors as status", async () => {
    await expect(setPhone("fail")).rejects.toMatchObject({
      code: grpc.status.FAILED_PRECONDITION,
      details: "as you wish",
    });
    await expect(setPhone("wait", undefined, { deadline: Date.now() + 50 })).rejects.toMatchObject({
      code: grpc.status.DEADLINE_EXCEEDED,
    });
  });

  it("learns that a method or a service is unknown", async () => {
    for (const path of ["/zitadel.user.v2.UserService/None", "/none.Service/None", "/none"]) {
      await expect(setPhone("", path)).rejects.toMatchObject({ code: grpc.status.UNIMPLEMENTED });
    }
  });
});

/** A gRPC frame. */
function frame(bytes: Uint8Array, flags = 0): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(flags);
  header.writeUInt32BE(bytes.byteLength, 1);
  return Buffer.concat([header, bytes]);
}

const setPhoneFrame = (phone: string) =>
  frame(toBinary(SetPhoneRequestSchema, create(SetPhoneRequestSchema, { userId: "8", phone })));

/** What a gRPC-Web answer in binary says. */
function readAnswer(bytes: Buffer): { code: string | undefined; trailer: string } {
  const length = bytes.readUInt32BE(1);
  const isTrailer = bytes.readUInt8(0) === 0x80;
  const rest = isTrailer ? bytes : bytes.subarray(5 + length);
  return {
    code: isTrailer
      ? undefined
      : fromBinary(SetPhoneResponseSchema, bytes.subarray(5, 5 + length)).verificationCode,
    trailer: rest.subarray(5).toString(),
  };
}

/** Base64 of which every part ends with its padding. */
function decodeParts(text: string): Buffer {
  return Buffer.concat((text.match(/[^=]+={0,2}/g) ?? []).map((part) => Buffer.from(part, "base64")));
}

const post = (
  path: string,
  contentType: string,
  body: RequestInit["body"],
  headers: Record<string, string> = {},
) =>
  fetch(server.url + path, {
    method: "POST",
    body: body ?? null,
    headers: { "content-type": contentType, ...headers },
    duplex: "half",
  });

const rpcPath = "/zitadel.user.v2.UserService/SetPhone";
const restPath = "/v2/users/7/phone";

describe("gRPC-Web in base64", () => {
  it.each(["application/grpc-web-text", "application/grpc-web-text+proto"])(
    "calls a method: %s",
    async (type) => {
      const response = await post(rpcPath, type, setPhoneFrame("+41").toString("base64"));
      expect(response.headers.get("content-type")).toBe("application/grpc-web-text+proto");
      expect(readAnswer(decodeParts(await response.text()))).toEqual({
        code: "8 +41",
        trailer: expect.stringContaining("grpc-status: 0\r\n"),
      });
    },
  );

  it("takes several padded parts, cut anywhere", async () => {
    const bytes = setPhoneFrame("+41");
    const text = bytes.subarray(0, 4).toString("base64") + bytes.subarray(4).toString("base64");
    expect(text.indexOf("=")).toBeLessThan(text.length - 3);
    const chunks = ReadableStream.from(Array.from(text, (character) => Buffer.from(character)));
    const response = await post(rpcPath, "application/grpc-web-text", chunks);
    expect(readAnswer(decodeParts(await response.text())).code).toBe("8 +41");
  });

  it.each(["AAAA*AAA", "AAAAA", "AA=A", "AAAA\nAAA"])("refuses %j", async (body) => {
    const response = await post(rpcPath, "application/grpc-web-text", body);
    expect(readAnswer(decodeParts(await response.text()))).toEqual({
      code: undefined,
      trailer: expect.stringMatching(/^grpc-message: .*must%20be%20base64.*\r\ngrpc-status: 3\r\n$/),
    });
  });
});

describe("a REST path", () => {
  it("answers gRPC-Web, binary and text; its own fields win", async () => {
    const binary = await post(restPath, "application/grpc-web+proto", setPhoneFrame("+41"));
    expect(binary.headers.get("content-type")).toBe("application/grpc-web+proto");
    expect(readAnswer(Buffer.from(await binary.arrayBuffer())).code).toBe("7 +41");
    const text = await post(restPath, "application/grpc-web-text", setPhoneFrame("+41").toString("base64"));
    expect(text.headers.get("content-type")).toBe("application/grpc-web-text+proto");
    expect(readAnswer(decodeParts(await text.text())).code).toBe("7 +41");
  });

  it("takes no body for the empty message", async () => {
    const response = await post(restPath, "application/grpc-web+proto", "");
    expect(readAnswer(Buffer.from(await response.arrayBuffer())).code).toBe("7 ");
  });

  it("answers gRPC-Web to a GET that accepts it", async () => {
    const response = await fetch(`${server.url}/v2/users/7`, {
      headers: { accept: "text/html;q=0.5, application/grpc-web+proto" },
    });
    expect(response.headers.get("content-type")).toBe("application/grpc-web+proto");
    expect(await response.text()).toContain("grpc-status: 0");
  });

  it("answers gRPC", async () => {
    const client = connectHttp2(server.url);
    const stream = client.request({
      ":method": "POST",
      ":path": restPath,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.end(setPhoneFrame("+41"));
    const trailers = once(stream, "trailers");
    const chunks: Buffer[] = await stream.toArray();
    expect(readAnswer(Buffer.concat([...chunks, frame(Buffer.alloc(0), 0x80)])).code).toBe("7 +41");
    expect((await trailers)[0]).toMatchObject({ "grpc-status": "0" });
    client.close();
  });

  it("passes the gate also then", async () => {
    const response = await post(restPath, "application/grpc-web", setPhoneFrame("1"), {
      authorization: "no",
    });
    expect(readAnswer(Buffer.from(await response.arrayBuffer())).trailer).toContain("grpc-status: 16");
  });
});

describe("what does not fit", () => {
  it.each([
    ["application/grpc-web+proto", "application/grpc-web+proto"],
    ["application/grpc-web-text", "application/grpc-web-text"],
  ])("is told to %s as a status without a body", async (type, answerType) => {
    for (const path of ["/zitadel.user.v2.UserService/None", "/nothing", "/keys"]) {
      const response = await post(path, type, "");
      expect([
        response.status,
        response.headers.get("content-type"),
        response.headers.get("grpc-status"),
      ]).toEqual([200, answerType, "12"]);
    }
    expect((await post("/v2/users/%zz/phone", type, "")).headers.get("grpc-status")).toBe("3");
  });

  it("is told to Connect as its error", async () => {
    const response = await post("/zitadel.user.v2.UserService/None", "application/json", "{}");
    expect([response.status, await response.json()]).toEqual([
      404,
      { code: "unimplemented", message: "there is nothing at /zitadel.user.v2.UserService/None" },
    ]);
  });

  it("is 415 and 405 at the path of a method", async () => {
    const text = await post(rpcPath, "text/plain", "");
    expect([text.status, await text.text()]).toEqual([
      415,
      expect.stringMatching(/^the content-type must be application\/json, .*\n$/),
    ]);
    const get = await fetch(server.url + rpcPath);
    expect([get.status, get.headers.get("allow"), await get.text()]).toEqual([
      405,
      "POST",
      `${rpcPath} answers POST\n`,
    ]);
  });

  it.each([
    ["a frame that is cut off", setPhoneFrame("1").subarray(0, 8), {}, 3],
    ["a frame that promises too much", Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), {}, 8],
    ["no frame", Buffer.alloc(0), {}, 12],
    ["two frames", Buffer.concat([setPhoneFrame("1"), setPhoneFrame("2")]), {}, 12],
    ["bytes that are no message", frame(Buffer.from([0xff, 0xff])), {}, 13],
    ["a frame compressed without a name", frame(gzipSync("x"), 1), {}, 13],
    ["an unknown compression", frame(Buffer.alloc(0)), { "grpc-encoding": "zstd" }, 12],
    ["a bomb", frame(gzipSync(Buffer.alloc(2 ** 21)), 1), { "grpc-encoding": "gzip" }, undefined],
  ])("is told by Connect: %s", async (_name, body, headers, code) => {
    const response = await post(rpcPath, "application/grpc-web", body, headers);
    const { trailer } = readAnswer(Buffer.from(await response.arrayBuffer()));
    expect(trailer).toMatch(code === undefined ? /grpc-status: [1-9]/ : `grpc-status: ${code}\r\n`);
  });
});
