import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { HealthCheckRequestSchema } from "../../gen/grpc/health/v1/health_pb.js";
import { SetRolesRequestSchema } from "../../gen/ringback/role/v1/role_service_pb.js";
import { PreviewTextRequestSchema, TextType } from "../../gen/ringback/text/v1/text_service_pb.js";
import { ListUsersRequestSchema, SetPhoneRequestSchema } from "../../gen/zitadel/user/v2/user_service_pb.js";
import { adminToken, ServerProcess } from "../support/crash-server.ts";
import { Http2Frames } from "../support/http2-frames.ts";
import { createStoreFolder } from "../support/store-folder.ts";

/** Bytes that no client of ours would send, each answered in the words of its protocol. */

const setPhone = "/zitadel.user.v2.UserService/SetPhone";
const mebibyte = 1024 * 1024;
const user = { id: "ada", number: "+41791234567", code: "" };

let server: ServerProcess;
let url = "";
let before = "";
let folder: Awaited<ReturnType<typeof createStoreFolder>>;

beforeAll(async () => {
  folder = await createStoreFolder();
  server = new ServerProcess({ file: join(folder.path, "ringback.db") });
  url = await server.url();
  const added = await post(
    "/v2/users/human",
    "application/json",
    JSON.stringify({
      userId: user.id,
      profile: { givenName: "Ada", familyName: "Lovelace" },
      email: { email: "ada@example.com" },
      phone: { phone: user.number, returnCode: {} },
    }),
  );
  user.code = JSON.parse(added.body).phoneCode;
  before = await stateOfUser();
});

afterAll(async () => {
  await server.signal("SIGTERM");
  await folder.remove();
});

// Whatever came in: nothing was written, and the server still answers.
afterEach(async () => expect(await stateOfUser()).toBe(before));

async function stateOfUser(): Promise<string> {
  const answer = await post(
    "/zitadel.user.v2.UserService/GetUserByID",
    "application/json",
    `{"userId":"${user.id}"}`,
  );
  expect(answer.status).toBe(200);
  return answer.body;
}

type Headers = Readonly<Record<string, string>>;

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: globalThis.Headers;
}

async function post(
  path: string,
  type: string,
  body: string | Uint8Array,
  headers: Headers = {},
): Promise<Reply> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": type, authorization: `Bearer ${adminToken}`, ...headers },
    body: typeof body === "string" ? body : Uint8Array.from(body),
  });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

/** A gRPC call, byte by byte. */
async function grpc(body: Uint8Array, headers: Headers = {}, path = setPhone): Promise<Headers> {
  const session = connectHttp2(url);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      authorization: `Bearer ${adminToken}`,
      ...headers,
    });
    const answer: Record<string, string> = {};
    const remember = (received: object): void => {
      for (const [name, value] of Object.entries(received)) answer[name] = String(value);
    };
    stream.on("response", remember).on("trailers", remember).resume();
    stream.end(body);
    await once(stream, "close");
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) answer["rst"] = String(stream.rstCode);
    return answer;
  } finally {
    session.close();
  }
}

function frame(payload: Uint8Array, flag = 0, length = payload.length): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, payload]);
}

const encoded = <D extends DescMessage>(schema: D, init: MessageInitShape<D>): Uint8Array =>
  toBinary(schema, create(schema, init));

const message = (phone: string): Uint8Array => encoded(SetPhoneRequestSchema, { userId: user.id, phone });

const json = (phone: string): string => JSON.stringify({ userId: user.id, phone });

const rest = (): string => `/v2/users/${user.id}/phone`;

/** Field 2, a string, of two bytes that are no UTF-8. */
const badUtf8 = Uint8Array.of(0x12, 0x02, 0xc3, 0x28);

/** JSON in the place of a message. */
const halfCharacter = Buffer.from(String.raw`"\ud83d"`);

describe("gRPC", () => {
  it.each([
    ["a message over the limit", () => frame(new Uint8Array(2 * mebibyte)), {}, "8", "1048576"],
    ["a frame that claims too much", () => frame(new Uint8Array(8), 0, 0xffff_ffff), {}, "8", "1048576"],
    ["a frame that ends too early", () => frame(message("+41791234567"), 0, 900), {}, "3", "protocol error"],
    ["no frame at all", () => new Uint8Array(), {}, "12", "missing"],
    ["garbage in the frame", () => frame(Buffer.from("garbage")), {}, "13", "parse binary"],
    ["bad UTF-8", () => frame(badUtf8), {}, "13", "utf-8"],
    [
      "a bomb",
      () => frame(gzipSync(Buffer.alloc(100 * mebibyte)), 1),
      { "grpc-encoding": "gzip" },
      "8",
      "1048576",
    ],
    [
      "a compression that is none",
      () => frame(message("+1"), 1),
      { "grpc-encoding": "snappy" },
      "12",
      "snappy",
    ],
    ["a compressed frame without compression", () => frame(message("+1"), 1), {}, "13", "compress"],
    ["a number that cannot be", () => frame(message("+4179")), {}, "3", "PHONE-so0wa"],
  ])("%s", async (_name, body, headers, status, says) => {
    const answer = await grpc(body(), headers);
    expect(answer).toMatchObject({ ":status": "200", "grpc-status": status });
    expect(decodeURIComponent(answer["grpc-message"] ?? "")).toContain(says);
  });

  it.each([
    [
      "thousands of items that are all wrong",
      "/zitadel.user.v2.UserService/ListUsers",
      () => encoded(ListUsersRequestSchema, { queries: Array.from({ length: 100_000 }, () => ({})) }),
    ],
    [
      "a name that is far too long, and is told",
      "/ringback.role.v1.RoleService/SetRoles",
      () => encoded(SetRolesRequestSchema, { userId: user.id, roles: ["X".repeat(100_000)] }),
    ],
    [
      "a name that is cut where a letter has two code units",
      "/ringback.role.v1.RoleService/SetRoles",
      () => encoded(SetRolesRequestSchema, { userId: user.id, roles: [`${"X".repeat(199)}😀`] }),
    ],
    [
      "a name of letters that take nine bytes each",
      "/grpc.health.v1.Health/Check",
      () => encoded(HealthCheckRequestSchema, { service: "中".repeat(2_000) }),
    ],
    [
      "a path that is far too long, and is told",
      `/no.such.Service/${"x".repeat(12_000)}`,
      () => message("+1"),
    ],
  ])("%s: the trailers are no longer than clients take", async (_name, path, bytes) => {
    const answer = await grpc(frame(bytes()), {}, path);
    expect(answer).toMatchObject({ ":status": "200", "grpc-status": expect.stringMatching(/^(3|5|12)$/) });
    expect(JSON.stringify(answer).length).toBeLessThan(8 * 1024);
  });

  it.each([" ", "  x"])(
    "a sentence that begins with what was sent, and so with a space: %j",
    async (language) => {
      const bytes = encoded(PreviewTextRequestSchema, { textType: TextType.VERIFY_PHONE, language });
      const answer = await grpc(frame(bytes), {}, "/ringback.text.v1.TextService/PreviewText");
      expect(decodeURIComponent(answer["grpc-message"] ?? "")).toBe(
        `${language} is not a language tag. Write it like en or de-CH. (TEXT-l4Ngu)`,
      );
    },
  );

  it.each([setPhone, "/ringback.inbox.v1.InboxService/WatchMessages", "/v2/users/ada/phone"])(
    "half of a character in JSON, which a sentence would tell: %s",
    async (path) => {
      const answer = await grpc(frame(halfCharacter), { "content-type": "application/grpc+json" }, path);
      expect(answer).toMatchObject({ ":status": "200", "grpc-status": "3" });
      expect(decodeURIComponent(answer["grpc-message"] ?? "")).toContain("half of a character");
    },
  );

  it("an unknown method, an unknown service", async () => {
    const body = frame(message("+1"));
    for (const path of ["/zitadel.user.v2.UserService/Nothing", "/no.such.Service/Method"]) {
      expect(await grpc(body, {}, path)).toMatchObject({ ":status": "200", "grpc-status": "12" });
    }
  });
});

describe("gRPC-Web", () => {
  const type = "application/grpc-web+proto";

  it.each([
    ["a message over the limit", () => frame(new Uint8Array(2 * mebibyte)), "8"],
    ["garbage in the frame", () => frame(Buffer.from("garbage")), "13"],
    ["bad UTF-8", () => frame(badUtf8), "13"],
    ["a number that cannot be", () => frame(message("+4179")), "3"],
  ])("%s", async (_name, body, status) => {
    const answer = await post(setPhone, type, body());
    expect(answer.status).toBe(200);
    expect(`${answer.headers.get("grpc-status") ?? ""}${answer.body}`).toMatch(
      new RegExp(`^${status}$|grpc-status: ?${status}`, "m"),
    );
  });

  it("half of a character in JSON, which a sentence would tell", async () => {
    const answer = await post(setPhone, "application/grpc-web+json", frame(halfCharacter));
    expect(answer.status).toBe(200);
    expect(`${answer.headers.get("grpc-status") ?? ""}${answer.body}`).toMatch(/^3$|grpc-status: ?3/m);
  });

  it("base64 that is none", async () => {
    const answer = await post(setPhone, "application/grpc-web-text", "*** this is not base64 ***");
    expect(answer.status).toBe(200);
    const told = `${answer.headers.get("grpc-status")} ${Buffer.from(answer.body, "base64").toString()}`;
    expect(told).toMatch(/^3 |grpc-status: ?3/);
  });
});

describe("Connect", () => {
  it.each([
    [
      "a body over the limit",
      "application/json",
      () => json("1".repeat(2 * mebibyte)),
      429,
      "resource_exhausted",
    ],
    ["truncated JSON", "application/json", () => json("+41791234567").slice(0, -3), 400, "invalid_argument"],
    ["a field of another type", "application/json", () => '{"userId": 7}', 400, "invalid_argument"],
    ["garbage", "application/proto", () => Buffer.from("garbage"), 500, "parse binary"],
    ["bad UTF-8", "application/proto", () => badUtf8, 500, "utf-8"],
    ["a number that cannot be", "application/json", () => json("+4179"), 400, "PHONE-so0wa"],
  ])("%s", async (_name, type, body, status, says) => {
    expect(await post(setPhone, type, body())).toMatchObject({ status, body: expect.stringContaining(says) });
  });

  it("a bomb", async () => {
    const bomb = gzipSync(Buffer.alloc(100 * mebibyte, " "));
    const answer = await post(setPhone, "application/json", bomb, { "content-encoding": "gzip" });
    expect(answer).toMatchObject({ status: 429, body: expect.stringContaining("resource_exhausted") });
  });

  it("a wrong content type, an unknown compression, an unknown method", async () => {
    expect((await post(setPhone, "text/plain", "hello")).status).toBe(415);
    const snappy = await post(setPhone, "application/json", json("+1"), { "content-encoding": "snappy" });
    expect(snappy.body).toContain("unimplemented");
    const unknown = await post("/zitadel.user.v2.UserService/Nothing", "application/json", "{}");
    expect(unknown).toMatchObject({ status: 404, body: expect.stringContaining("unimplemented") });
  });
});

describe("REST", () => {
  const send = (body: string | Uint8Array, headers: Headers = {}) =>
    post(rest(), "application/json", body, headers);

  it.each([
    ["a body over the limit", () => JSON.stringify({ phone: "1".repeat(2 * mebibyte) }), 429, 8],
    ["truncated JSON", () => '{"phone": "+4179', 400, 3],
    ["no JSON at all", () => "<phone/>", 400, 3],
    ["bad UTF-8", () => Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]), 400, 3],
    ["a field of another type", () => '{"phone": {"number": 1}}', 400, 3],
    ["a number that cannot be", () => '{"phone": "+4179"}', 400, 3],
    ["a number of 201 characters", () => JSON.stringify({ phone: `+${"1".repeat(200)}` }), 400, 3],
  ])("%s", async (_name, body, status, code) => {
    const answer = await send(body());
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ code, message: expect.stringMatching(/.{5}/) });
  });

  it("a bomb", async () => {
    const answer = await send(gzipSync(Buffer.alloc(100 * mebibyte, " ")), { "content-encoding": "gzip" });
    expect(answer).toMatchObject({ status: 429, body: expect.stringContaining("after decompression") });
  });

  it("an unknown path, a wrong method, a broken escape", async () => {
    expect(await post("/v2/nothing", "application/json", "{}")).toMatchObject({ status: 404 });
    const wrong = await fetch(url + rest(), { method: "PATCH" });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toContain("POST");
    expect(await wrong.json()).toMatchObject({ code: 12 });
    expect(await post("/v2/users/%zz/phone", "application/json", "{}")).toMatchObject({ status: 400 });
  });

  it("two cases of a oneof in the query", async () => {
    const organization = "organization.orgDomain=example.com&organization.orgId=default";
    const body = JSON.stringify({ schemaId: "person", userId: "grace" });
    const answer = await post(`/resources/v3alpha/users?${organization}`, "application/json", body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 3,
      message: expect.stringContaining("organization.orgId"),
    });
  });

  it("a boolean in the query that is none, and others that are odd only", async () => {
    const headers = { authorization: `Bearer ${adminToken}` };
    const ask = (instance: string) =>
      fetch(`${url}/v2/settings/lockout?ctx.instance=${instance}`, { headers });
    for (const odd of ["True", "TRUE", "t", "1"]) expect((await ask(odd)).status).toBe(200);
    for (const none of ["yes", "2", ""]) {
      const answer = await ask(none);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({
        code: 3,
        message: expect.stringContaining("ctx.instance"),
      });
    }
  });

  it("a code of 201 characters", async () => {
    const path = `/v3alpha/users/${user.id}/otp_sms/1/verify`;
    const answer = await post(path, "application/json", JSON.stringify({ code: "1".repeat(201) }));
    expect(answer).toMatchObject({
      status: 400,
      body: expect.stringContaining("VerifyOTPSMSRegistrationRequest.code"),
    });
  });
});

describe("the socket", () => {
  it.each([
    ["garbage", "\u0000\u0001\u0002garbage\r\n\r\n"],
    ["the beginning of HTTP/2, and then none", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\ngarbage"],
    ["a header that is too large", `GET / HTTP/1.1\r\nHost: a\r\nX-Large: ${"x".repeat(100_000)}\r\n\r\n`],
  ])("%s: the connection ends, the server does not", async (_name, bytes) => {
    const socket = connectTcp(Number(new URL(url).port), "127.0.0.1");
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    socket.on("error", () => {}).on("close", () => resolve());
    socket.resume();
    socket.write(bytes);
    await closed;
  });

  it("three requests at once, the last of them half a one: the connection ends, the server does not", async () => {
    const socket = connectTcp(Number(new URL(url).port), "127.0.0.1");
    socket.on("error", () => {}).resume();
    await once(socket, "connect");
    const type = "content-type: application/proto\r\ntransfer-encoding: chunked";
    socket.write("OPTIONS /v2/users/human HTTP/1.1\r\nhost: l\r\nexpect: x\r\ncontent-length: 0\r\n\r\n");
    socket.write(`HEAD ${setPhone} HTTP/1.0\r\nhost: l\r\n${type}\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
    socket.write("POST /nope HTTP/1.1\r\nhost: l\r\ncontent-length: 10\r\n\r\n12345");
    await once(socket, "close");
  });

  it.each(["POST", "HEAD", "OPTIONS"])(
    "a %s that waits to be told to go on, and is taken back at once",
    async (method) => {
      const connection = new Http2Frames(Number(new URL(url).port));
      const head = { ":method": method, ":scheme": "http", ":authority": "localhost", ":path": "/" };
      connection.headers(1, { ...head, expect: "100-continue" });
      connection.reset(1, constants.NGHTTP2_CANCEL);
      connection.headers(3, { ...head, ":path": "/keys", ":method": "GET" });
      connection.data(3, Buffer.of(), true);
      await connection.ended(3);
      connection.end();
      await connection.closed;
    },
  );
});

it("no code, no token and no full number reaches the log", () => {
  expect(user.code).toMatch(/^[0-9]{6}$/);
  for (const secret of [user.code, adminToken, user.number]) expect(server.log).not.toContain(secret);
});
