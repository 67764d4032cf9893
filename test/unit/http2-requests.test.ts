import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Interceptor } from "@connectrpc/connect";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { answerTo, fieldsIn, get, phone, setPhone } from "../support/http2-answers.ts";
import { type Field, type Fields, plainBlock } from "../support/hpack-writer.ts";
import { flags, Http2Frames, types, settingsPayload } from "../support/http2-frames.ts";

/** What a request over HTTP/2 may be (RFC 9113 section 8). */

const protocolError = 0x1;
const streamClosed = 0x5;

let server: EchoServer;
let connection: Http2Frames;
/** Of the calls that were carried out. */
let seen: Headers[];
let urls: string[];

beforeEach(async () => {
  seen = [];
  urls = [];
  const look: Interceptor = (next) => (request) => {
    seen.push(request.header);
    urls.push(request.url);
    return next(request);
  };
  server = await startEchoServer({ interceptors: [look] });
  connection = new Http2Frames(server.port);
});

afterEach(async () => {
  connection.end();
  await connection.closed;
  await server.shutdown(0);
  expect(server.errors).toEqual([]);
});

function begin(stream: number, fields: Fields, isLast = false): void {
  connection.headers(stream, fields, isLast);
}

/** A call that is as it should be, at the end of each test: the connection has to go on. */
async function expectService(stream: number): Promise<void> {
  begin(stream, setPhone("7"));
  connection.data(stream, phone("+41"), true);
  const { status, body } = await answerTo(connection, stream);
  expect([status, JSON.parse(body)]).toEqual(["200", expect.objectContaining({ verificationCode: "7 +41" })]);
}

const good = Object.entries(get("/v2/users/7"));
const without = (name: string): readonly Field[] => good.filter((each) => each[0] !== name);
const withField = (name: string, value: string): readonly Field[] => [...good, [name, value]];
const connectTo: readonly Field[] = [
  [":method", "CONNECT"],
  [":authority", "localhost"],
];

it.each<[string, readonly Field[]]>([
  ["nothing", []],
  ["no method", without(":method")],
  ["no scheme", without(":scheme")],
  ["no path", without(":path")],
  ["an empty path", [...without(":path"), [":path", ""]]],
  ["an empty method", [...without(":method"), [":method", ""]]],
  ["a method that is none", [...without(":method"), [":method", "GET /"]]],
  ["two methods", [[":method", "GET"], ...good]],
  ["two paths, which are the same", [[":path", "/v2/users/7"], ...good]],
  ["two authorities", [[":authority", "localhost"], ...good]],
  ["a pseudo-header field that nobody knows", [...good, [":own", "1"]]],
  ["a protocol (RFC 8441), which was not offered", [...good, [":protocol", "websocket"]]],
  ["the pseudo-header field of an answer", [...good, [":status", "200"]]],
  ["a pseudo-header field behind others", [...without(":path"), ["x-own", "1"], [":path", "/v2/users/7"]]],
  ["a name in upper case", withField("X-Own", "1")],
  ["an empty name", withField("", "1")],
  ["a name with a space", withField("x own", "1")],
  ["a name with a colon", withField("x:own", "1")],
  ["a name with NUL", withField("x\0own", "1")],
  ["a name beyond ASCII", withField("x-ö", "1")],
  ["a value with NUL", withField("x-own", "1\x002")],
  ["a value with a line feed", withField("x-own", "1\n2")],
  ["a value with a carriage return", withField("x-own", "1\r2")],
  ["a path that is none", [...without(":path"), [":path", "v2/users/7"]]],
  ["a whole URL for a path", [...without(":path"), [":path", "http://localhost/v2/users/7"]]],
  ["an asterisk for a path", [...without(":path"), [":path", "*"]]],
  ["an empty scheme", [...without(":scheme"), [":scheme", ""]]],
  ["a scheme with a space", [...without(":scheme"), [":scheme", "x y"]]],
  ["no authority and no host", without(":authority")],
  ["two hosts", [...good, ["host", "localhost"], ["host", "localhost"]]],
  ["a path with a line feed", [...without(":path"), [":path", "/v2/users/7\n"]]],
  ["connection", withField("connection", "close")],
  ["keep-alive", withField("keep-alive", "1")],
  ["proxy-connection", withField("proxy-connection", "keep-alive")],
  ["transfer-encoding", withField("transfer-encoding", "chunked")],
  ["upgrade", withField("upgrade", "h2c")],
  ["te that asks for more than trailers", withField("te", "trailers, gzip")],
  ["a length that is no number", withField("content-length", "1a")],
  ["a length less than nothing", withField("content-length", "-1")],
  ["a length that is empty", withField("content-length", "")],
  ["a list of lengths", withField("content-length", "0, 0")],
  ["a length that is said twice", [...good, ["content-length", "0"], ["content-length", "0"]]],
  ["two lengths", [...good, ["content-length", "0"], ["content-length", "1"]]],
  ["a length, and no body", withField("content-length", "1")],
  ["CONNECT to nowhere", [[":method", "CONNECT"]]],
  ["CONNECT with a path", [...connectTo, [":path", "/"]]],
  ["CONNECT with a scheme", [...connectTo, [":scheme", "http"]]],
])("a request is malformed that has %s", async (_name, fields) => {
  begin(1, fields, true);
  expect(await answerTo(connection, 1)).toMatchObject({ status: undefined, reset: protocolError });
  expect(seen).toEqual([]);
  await expectService(3);
});

it.each<[string, readonly Field[]]>([
  ["te: trailers", withField("te", "trailers")],
  ["an empty value", withField("x-own", "")],
  ["a value with spaces and tabs inside", withField("x-own", "1 \t 2")],
  ["a value beyond ASCII", withField("x-own", "ö")],
  ["a name of all letters that there are", withField("!#$%&'*+-.^_`|~0az", "1")],
  ["a host instead of the authority", [...without(":authority"), ["host", "localhost"]]],
  ["the name of a property of each object", withField("constructor", "1")],
  ["the name of the prototype", withField("__proto__", "1")],
])("a request may have %s", async (_name, fields) => {
  begin(1, fields, true);
  expect(await answerTo(connection, 1)).toMatchObject({ status: "200", reset: undefined });
});

it.each<[string, readonly Field[]]>([
  ["authority", [[":authority", "one.example"]]],
  ["host", [["host", "one.example"]]],
  [
    "authority, whatever the host is",
    [
      [":authority", "one.example"],
      ["host", "other.example"],
    ],
  ],
])("a request is for its %s", async (_name, whom) => {
  begin(1, [...without(":authority"), ...whom], true);
  expect((await answerTo(connection, 1)).status).toBe("200");
  expect(urls).toEqual(["http://one.example/v2/users/7"]);
});

it.each<[string, number, readonly number[], boolean]>([
  ["less than it said", 20, [15], true],
  ["nothing", 20, [], true],
  ["more than it said", 10, [15], false],
  ["more than it said, in parts", 20, [10, 10, 1], false],
])("a body is malformed that is %s", async (_name, length, parts, isLast) => {
  begin(1, setPhone("7", { "content-length": String(length) }));
  for (const bytes of parts) connection.data(1, Buffer.alloc(bytes, " "), false);
  if (isLast) connection.data(1, Buffer.of(), true);
  expect(await answerTo(connection, 1)).toMatchObject({ status: undefined, reset: protocolError });
  expect(seen).toEqual([]);
  await expectService(3);
});

it("a body that is as long as it said is taken", async () => {
  const body = phone("+41");
  begin(1, setPhone("7", { "content-length": String(body.byteLength) }));
  for (const octet of body) connection.data(1, Buffer.of(octet), false);
  connection.data(1, Buffer.of(), true);
  expect((await answerTo(connection, 1)).status).toBe("200");
});

describe("behind a body", () => {
  beforeEach(() => {
    begin(1, setPhone("7"));
    connection.data(1, phone("+42"), false);
  });

  it("trailers are taken, and end it", async () => {
    begin(1, { "x-after": "1", "x-sum": "2" }, true);
    const { status, body } = await answerTo(connection, 1);
    expect([status, JSON.parse(body)]).toMatchObject(["200", { verificationCode: "7 +42" }]);
    expect(seen.map((headers) => headers.get("x-after"))).toEqual([null]);
  });

  it.each<[string, readonly Field[], boolean]>([
    ["a pseudo-header field", [[":path", "/"]], true],
    ["what belongs to connections", [["connection", "close"]], true],
    ["a name in upper case", [["X-After", "1"]], true],
    ["no end", [["x-after", "1"]], false],
  ])("trailers are malformed that have %s", async (_name, fields, isLast) => {
    begin(1, fields, isLast);
    expect(await answerTo(connection, 1)).toMatchObject({ status: undefined, reset: protocolError });
    expect(seen).toEqual([]);
    await expectService(3);
  });

  it("that is over, more of it is an error of the stream", async () => {
    const more: readonly ((stream: number) => void)[] = [
      (stream) => connection.data(stream, phone("+42"), false),
      (stream) => connection.data(stream, phone("+42"), true),
      (stream) => begin(stream, { "x-after": "1" }, true),
      (stream) => begin(stream, { "x-after": "1" }, false),
      (stream) => begin(stream, { ":path": "/" }, true),
    ];
    for (const [index, say] of more.entries()) {
      const stream = 2 * index + 3;
      begin(stream, setPhone("7"));
      connection.data(stream, phone("sleep"), true);
      say(stream);
      expect(await answerTo(connection, stream)).toMatchObject({ status: undefined, reset: streamClosed });
    }
    await expectService(13);
  });
});

it.each<[string, readonly string[], string]>([
  ["content-type", ["application/json", "text/html"], "application/json"],
  ["authorization", ["yes", "no"], "yes"],
  ["user-agent", ["one", "two"], "one"],
  ["expect", ["one", "two"], "one"],
  ["constructor", ["one", "two"], "one, two"],
  ["__proto__", ["one", "two"], "one, two"],
  ["cookie", ["a=1", "b=2", "c=3"], "a=1; b=2; c=3"],
  ["x-own", ["1", "2", "3"], "1, 2, 3"],
  ["x-own", [" \t1 2\t"], "1 2"],
  ["accept", ["text/html", "application/json"], "text/html, application/json"],
])("of a field that is there more than once, there is one: %s", async (name, values, one) => {
  begin(1, [...Object.entries(setPhone("7")), ...values.map((value): Field => [name, value])]);
  connection.data(1, phone("+41"), true);
  expect((await answerTo(connection, 1)).status).toBe("200");
  expect(seen.map((headers) => headers.get(name))).toEqual([one]);
});

it.each(["/v2/users/7", "/keys"])("HEAD is answered by the header alone: %s", async (path) => {
  begin(1, get(path), true);
  begin(3, get(path, { ":method": "HEAD" }), true);
  const [whole, head] = [await answerTo(connection, 1), await answerTo(connection, 3)];
  expect(head).toMatchObject({ status: "200", body: "", trailers: undefined, reset: undefined });
  expect(Object.keys(head.headers).toSorted()).toEqual(Object.keys(whole.headers).toSorted());
  expect(connection.frames.filter(({ stream, type }) => stream === 3 && type === types.data)).toEqual([]);
});

it("HEAD is answered also where its own body is still on its way", async () => {
  begin(1, get("/keys", { ":method": "HEAD" }));
  expect(await answerTo(connection, 1)).toMatchObject({ status: "200", body: "", reset: undefined });
  connection.data(1, Buffer.of(), true);
  await connection.roundTrip();
  expect(connection.frames.filter(({ type }) => type === types.resetStream)).toEqual([]);
});

it("an answer without a body ends with its header", async () => {
  const preflight = {
    ":method": "OPTIONS",
    origin: "https://app.example.com",
    "access-control-request-method": "POST",
  };
  begin(1, get("/v2/users/7", preflight), true);
  expect((await answerTo(connection, 1)).status).toBe("204");
  expect(connection.frames.filter(({ type }) => type === types.data)).toEqual([]);
});

it("whoever leaves off in the middle of a body, once it is answered, is told that this is the end of it", async () => {
  begin(1, setPhone("7", { authorization: "no" }));
  connection.data(1, phone("+41").subarray(0, 3), false);
  const answer = await answerTo(connection, 1);
  expect([answer.status, answer.reset]).toEqual(["401", undefined]);
  const { payload } = await connection.next(types.resetStream, 1);
  expect(payload.readUInt32BE()).toBe(0);
  await expectService(3);
});

it("CONNECT is refused", async () => {
  begin(1, connectTo, true);
  const { status, reset } = await answerTo(connection, 1);
  expect(reset).toBeUndefined();
  expect(Number(status)).toBeGreaterThanOrEqual(400);
  await expectService(3);
});

it.each(["/v2/users/7/phone", "/zitadel.user.v2.UserService/SetPhone"])(
  "whoever holds the body back until it is asked for is asked for it: %s",
  async (path) => {
    const isJson = {
      "content-type": "application/json",
      expect: "100-continue",
      "connect-protocol-version": "1",
    };
    begin(1, setPhone("7", { ...isJson, ":path": path }));
    const first = await connection.next(types.headers, 1);
    expect([fieldsIn(first), first.flags]).toEqual([{ ":status": "100" }, flags.endHeaders]);
    connection.data(1, phone("+41"), true);
    expect(await answerTo(connection, 1)).toMatchObject({ status: "200", reset: undefined });
  },
);

it("whoever holds back a body that is too large is not asked for it", async () => {
  begin(1, setPhone("7", { "content-length": "9999999", expect: "100-continue" }));
  expect(fieldsIn(await connection.next(types.headers, 1))).toMatchObject({ ":status": "429" });
  connection.reset(1, 8);
  await expectService(3);
  expect(connection.frames.filter(({ type, stream }) => type === types.headers && stream === 1)).toHaveLength(
    1,
  );
});

it.each([1, 2, 7, 100])("a header block may come in pieces of %d bytes", async (bytes) => {
  const block = plainBlock({ ...setPhone("7"), "x-echo": "e".repeat(100) });
  connection.frame(types.headers, flags.none, 1, block.subarray(0, bytes));
  for (let at = bytes; at < block.byteLength; at += bytes) {
    const flag = at + bytes >= block.byteLength ? flags.endHeaders : flags.none;
    connection.frame(types.continuation, flag, 1, block.subarray(at, at + bytes));
  }
  connection.data(1, phone("+41"), true);
  const { status, headers } = await answerTo(connection, 1);
  expect([status, headers["x-echo"]]).toEqual(["200", "e".repeat(100)]);
});

it("a header block may begin with nothing, and have padding and a priority", async () => {
  const block = plainBlock(setPhone("7"));
  const priority = Buffer.of(0x80, 0, 0, 3, 15);
  const padding = 200;
  connection.frame(
    types.headers,
    flags.padded | flags.priority,
    1,
    Buffer.concat([Buffer.of(padding), priority, Buffer.alloc(padding)]),
  );
  connection.frame(types.continuation, flags.none, 1);
  connection.frame(types.continuation, flags.endHeaders, 1, block);
  connection.data(1, phone("+41"), true);
  expect((await answerTo(connection, 1)).status).toBe("200");
});

it("a request may come with a priority in the same frame, of a client that allows pushes", async () => {
  connection.frame(types.settings, flags.none, 0, settingsPayload([[0x2, 1]]));
  const block = Buffer.concat([Buffer.of(0, 0, 0, 3, 15), plainBlock(get("/v2/users/7"))]);
  connection.frame(types.headers, flags.priority | flags.endHeaders | flags.endStream, 1, block);
  expect((await answerTo(connection, 1)).status).toBe("200");
});
