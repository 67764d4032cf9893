import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectHttp2, constants } from "node:http2";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { UserService } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { defaultLimits } from "../../src/server/limits.ts";
import { register } from "../../src/server/registration.ts";
import { startEchoServer, type EchoServer } from "../support/echo-server.ts";

let server: EchoServer;
beforeAll(async () => {
  server = await startEchoServer();
});
afterAll(() => server.shutdown(0));

const setPhone = "/v2/users/7/phone";
const call = (path: string, init?: RequestInit) => fetch(server.url + path, init);
const post = (path: string, body: NonNullable<RequestInit["body"]>, headers: Record<string, string> = {}) =>
  call(path, { method: "POST", body, headers });

describe("a REST call", () => {
  it("takes the message from path and body, and answers protobuf JSON", async () => {
    const response = await post(setPhone, '{"user_id":"8","phone":"+41","returnCode":{},"more":1}');
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe('{"verificationCode":"7 +41 returnCode"}');
  });

  it("takes JSON whatever the content type says", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=x"]) {
      const response = await post(setPhone, '{"phone":"+41"}', { "content-type": type });
      expect(await response.json()).toEqual({ verificationCode: "7 +41" });
    }
  });

  it("decodes the path", async () => {
    expect(await (await post("/v2/users/a%2Fb%20%C3%BC:x/phone?phone=1", "")).json()).toEqual({
      verificationCode: "a/b ü:x ",
    });
  });

  it("takes the body for the one field that is named, and the others from the query", async () => {
    const path = "/resources/v3alpha/users/7/otp_sms";
    const added = await post(
      `${path}?organization.org_id=o1&phone.number=no&id=8`,
      '{"number":"+41","sendCode":{}}',
    );
    expect(await added.json()).toEqual({ otpSmsId: "7 +41 o1", verificationCode: "sendCode" });
    const verified = await post(`${path}/8/_verify`, '"123456"');
    expect(verified.headers.get("x-seen")).toBe("7 8 123456");
    expect(await verified.text()).toBe("{}");
  });

  it("takes everything from the query where there is no body", async () => {
    const response = await call("/ringback/v1/inbox/messages?phoneNumber=%2B41&limit=5&what=1");
    expect(await response.json()).toEqual({ messages: [{ id: "5", phoneNumber: "+41" }] });
  });

  it("needs no body where one may be", async () => {
    expect((await call(setPhone, { method: "DELETE" })).status).toBe(200);
    expect(await (await call(setPhone, { method: "POST" })).json()).toEqual({ verificationCode: "7 " });
  });

  it("is served under each prefix of its service", async () => {
    for (const path of ["/auth/v1/users/me/phone", "/users/me/phone"]) {
      expect(await (await call(path)).json()).toEqual({ phone: { phone: "+41791234567" } });
    }
  });

  it("gives and takes headers; trailers become headers", async () => {
    const { headers } = await post(setPhone, "{}", { "x-echo": "hello" });
    expect(headers.get("x-echo")).toBe("hello");
    expect(headers.get("x-protocol")).toBe("rest");
    expect(headers.get("trailer-x-after")).toBe("done");
  });

  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
  ])("may be sent with Content-Encoding %s", async (encoding, compress) => {
    const response = await post(setPhone, compress('{"phone":"+41"}'), { "content-encoding": encoding });
    expect(await response.json()).toEqual({ verificationCode: "7 +41" });
  });

  it("may be asked for its head only", async () => {
    const response = await call("/ringback/v1/inbox/messages", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });
});

describe("a REST error", () => {
  it("is a google.rpc.Status with details and metadata", async () => {
    const response = await post(setPhone, '{"phone":"fail"}');
    expect(response.status).toBe(400);
    expect(response.headers.get("x-cause")).toBe("echo");
    expect(await response.json()).toEqual({
      code: Code.FailedPrecondition,
      message: "as you wish",
      details: [
        { "@type": "type.googleapis.com/zitadel.v1.ErrorDetail", id: "ECHO-1", message: "as you wish" },
      ],
    });
  });

  it("has the HTTP status of its code", async () => {
    const statuses: [Code, number][] = [
      [Code.Canceled, 499],
      [Code.Unknown, 500],
      [Code.InvalidArgument, 400],
      [Code.DeadlineExceeded, 504],
      [Code.NotFound, 404],
      [Code.AlreadyExists, 409],
      [Code.PermissionDenied, 403],
      [Code.ResourceExhausted, 429],
      [Code.FailedPrecondition, 400],
      [Code.Aborted, 409],
      [Code.OutOfRange, 400],
      [Code.Unimplemented, 501],
      [Code.Internal, 500],
      [Code.Unavailable, 503],
      [Code.DataLoss, 500],
      [Code.Unauthenticated, 401],
    ];
    const failing = await startEchoServer({
      services: [
        register(UserService, {
          getUserByID({ userId }) {
            throw new ConnectError("no", Number(userId));
          },
        }),
      ],
    });
    for (const [code, status] of statuses) {
      const response = await fetch(`${failing.url}/v2/users/${code}`);
      expect([response.status, await response.json()]).toEqual([
        status,
        { code, message: "no", details: [] },
      ]);
    }
    await failing.shutdown(0);
  });

  it.each([
    ["broken JSON", setPhone, '{"phone"', {}, 400, "JSON"],
    ["a broken escape", "/v2/users/%zz/phone", "{}", {}, 400, "percent-escape"],
    [
      "a wrong value in the query",
      "/resources/v3alpha/users/7/otp_sms?instance=x",
      "{}",
      {},
      400,
      "instance",
    ],
    ["an unknown encoding", setPhone, "{}", { "content-encoding": "zstd" }, 501, 'Content-Encoding "zstd"'],
    ["a broken encoding", setPhone, "{}", { "content-encoding": "gzip" }, 400, "not valid gzip"],
    [
      "a truncated encoding",
      setPhone,
      gzipSync("{}").subarray(0, 15),
      { "content-encoding": "gzip" },
      400,
      "gzip",
    ],
    ["a broken deadline", setPhone, "{}", { "grpc-timeout": "soon" }, 400, "timeout"],
    ["no token", setPhone, "{}", { authorization: "no" }, 401, "no token"],
  ])("tells of %s", async (_name, path, body, headers, status, message) => {
    const response = await post(path, body, headers);
    expect([response.status, await response.json()]).toEqual([
      status,
      { code: expect.any(Number), message: expect.stringContaining(message), details: [] },
    ]);
  });

  it("does not tell of what was unexpected, but logs it, once", async () => {
    for (const [body, authorization] of [
      ['{"phone":"crash"}', "yes"],
      ["{}", "broken"],
    ] as const) {
      const before = server.errors.length;
      const response = await post(setPhone, body, { authorization });
      expect([response.status, await response.json()]).toEqual([
        500,
        { code: Code.Internal, message: "internal error", details: [] },
      ]);
      expect(server.errors.slice(before)).toEqual([
        {
          message: "a call failed unexpectedly",
          fields: { method: "rpc zitadel.user.v2.UserService.SetPhone", error: expect.any(Error) },
        },
      ]);
    }
  });

  it("comes before the body is read if the gate refuses", async () => {
    const request = httpRequest(server.url + setPhone, { method: "POST", headers: { authorization: "no" } });
    request.write("{");
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(401);
    request.destroy();
  });
});

describe("a body that is too large", () => {
  const tooLarge = Buffer.alloc(defaultLimits.messageBytesMax + 1, " ");

  it.each([
    ["with its length", tooLarge],
    ["in chunks", ReadableStream.from([tooLarge, tooLarge, tooLarge])],
  ])("is refused: %s", async (_name, body) => {
    const response = await call(setPhone, { method: "POST", body, duplex: "half" });
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ code: Code.ResourceExhausted });
    expect((await post(setPhone, "{}")).status).toBe(200);
  });

  it("is refused before its end, which need not come", async () => {
    const request = httpRequest(server.url + setPhone, { method: "POST" });
    request.on("error", () => {});
    request.write(" ".repeat(2 * defaultLimits.messageBytesMax));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(429);
    request.destroy();
  });

  it("is not too large at the limit", async () => {
    expect((await post(setPhone, tooLarge.subarray(1))).status).toBe(200);
  });
});

describe("a path", () => {
  it("that nobody answers is 404", async () => {
    for (const path of ["/", "/v2", "/v2/users/7/phone/", "/zitadel.user.v2.UserService"]) {
      const response = await call(path);
      expect([path, response.status, await response.json()]).toEqual([
        path,
        404,
        { code: Code.NotFound, message: `there is nothing at ${path}`, details: [] },
      ]);
    }
  });

  it("that answers other methods is 405, with those", async () => {
    // By PROPFIND nothing can be called at all.
    for (const method of ["PUT", "PROPFIND"]) {
      const response = await call(setPhone, { method });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST, DELETE"]);
      expect(await response.json()).toMatchObject({ code: Code.Unimplemented });
    }
    const inbox = await call("/ringback/v1/inbox/messages", { method: "POST" });
    expect(inbox.headers.get("allow")).toBe("GET, DELETE, HEAD");
    for (const path of ["/keys", "/readyz"]) {
      const document = await call(path, { method: "POST" });
      expect([path, document.status, document.headers.get("allow")]).toEqual([path, 405, "GET, HEAD"]);
    }
  });

  it("may be a document, for anybody", async () => {
    const response = await call("/keys", { headers: { authorization: "no" } });
    expect([response.headers.get("content-type"), await response.json()]).toEqual([
      "application/json",
      { keys: [] },
    ]);
  });
});

describe("a REST call that takes long", () => {
  it.each<readonly [Record<string, string>, string]>([
    [{ "grpc-timeout": "50m" }, "wait"],
    [{ "connect-timeout-ms": "50" }, "wait"],
    [{ "grpc-timeout": "50m" }, "sleep"],
  ])("ends at its deadline %o, whether or not its handler sees to it (%s)", async (headers, phone) => {
    const waiting = await startEchoServer();
    const response = await fetch(waiting.url + setPhone, {
      method: "POST",
      body: JSON.stringify({ phone }),
      headers,
    });
    expect(response.status).toBe(504);
    if (phone === "wait") {
      const { signal } = await waiting.nextWait();
      if (!signal.aborted) await once(signal, "abort");
    }
    waiting.release();
    await waiting.shutdown(0);
    expect(waiting.errors).toEqual([]);
  });

  it("is aborted at its deadline also where its handler began late", async () => {
    const hesitate: Interceptor = (next) => async (request) => {
      await Promise.resolve();
      return next(request);
    };
    const waiting = await startEchoServer({ interceptors: [hesitate] });
    const headers = { "connect-timeout-ms": "200" };
    const response = await fetch(waiting.url + setPhone, {
      method: "POST",
      body: '{"phone":"wait"}',
      headers,
    });
    expect(response.status).toBe(504);
    const { signal } = await waiting.nextWait();
    expect(signal.aborted).toBe(true);
    await waiting.shutdown(0);
    expect(waiting.errors).toEqual([]);
  });

  it.each([true, false])("is not begun when its time is over already (unary path: %s)", async (unaryPath) => {
    const busy = await startEchoServer({ unaryPath });
    for (const headers of [
      { "grpc-timeout": "0m" },
      { "grpc-timeout": "1n" },
      { "connect-timeout-ms": "0" },
    ]) {
      const response = await fetch(busy.url + setPhone, { method: "POST", body: '{"phone":"7"}', headers });
      expect(response.status).toBe(504);
    }
    await busy.shutdown(0);
  });

  it.each([{ "grpc-timeout": "2147484S" }, { "connect-timeout-ms": "2147483648" }])(
    "is refused with a deadline that no timer can hold: %o",
    async (headers: Record<string, string>) => {
      expect((await post(setPhone, "{}", headers)).status).toBe(400);
    },
  );

  it("ends at the time limit for calls", async () => {
    const impatient = await startEchoServer({ limits: { callTimeoutMs: 50 } });
    const response = await fetch(impatient.url + setPhone, { method: "POST", body: '{"phone":"wait"}' });
    expect(response.status).toBe(504);
    await impatient.shutdown(0);
  });

  it("is aborted also when the client had gone before its handler began", async () => {
    const begun = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    const hesitate: Interceptor = (next) => async (request) => {
      begun.resolve();
      await late.promise;
      return next(request);
    };
    const waiting = await startEchoServer({ interceptors: [hesitate] });
    const client = new AbortController();
    const { signal } = client;
    const response = fetch(waiting.url + setPhone, { method: "POST", body: '{"phone":"wait"}', signal });
    await begun.promise;
    client.abort();
    await expect(response).rejects.toThrow();
    await fetch(`${waiting.url}/keys`);
    late.resolve();
    const context = await waiting.nextWait();
    if (!context.signal.aborted) await once(context.signal, "abort");
    await waiting.shutdown(1000);
    expect(waiting.errors).toEqual([]);
  });

  it("is not aborted any more once it is answered", async () => {
    const waiting = await startEchoServer();
    const response = fetch(waiting.url + setPhone, { method: "POST", body: '{"phone":"wait"}' });
    const { signal } = await waiting.nextWait();
    waiting.release();
    await (await response).text();
    await waiting.shutdown(0);
    expect(signal.aborted).toBe(false);
  });

  it("is aborted when the client has reset its stream", async () => {
    const waiting = await startEchoServer();
    const session = connectHttp2(waiting.url);
    const stream = session.request({ ":method": "POST", ":path": setPhone });
    stream.on("error", () => {}).end('{"phone":"wait"}');
    const { signal } = await waiting.nextWait();
    stream.close(constants.NGHTTP2_CANCEL);
    if (!signal.aborted) await once(signal, "abort");
    session.close();
    await waiting.shutdown(1000);
    expect(waiting.errors).toEqual([]);
  });

  it("is aborted when the client has gone", async () => {
    const waiting = await startEchoServer();
    const client = new AbortController();
    const response = fetch(waiting.url + setPhone, {
      method: "POST",
      body: '{"phone":"wait"}',
      signal: client.signal,
    });
    const context = await waiting.nextWait();
    const aborted = new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    client.abort();
    await expect(response).rejects.toThrow();
    await aborted;
    await waiting.shutdown(1000);
    expect(waiting.errors).toEqual([]);
  });
});
