import { once } from "node:events";
import { request as requestHttp1 } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { EndpointRequest } from "../../src/server/endpoint.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";

/** Plain HTTP below a path. */

const bodyBytesMax = 1_000;
const concurrentMax = 2;
const concurrentMaxOfAll = 3;

interface Seen extends Omit<EndpointRequest, "readBody"> {
  readonly body: string | undefined;
}

let server: EchoServer;
let seen: Seen[] = [];

async function handle({ readBody, ...request }: EndpointRequest): Promise<number> {
  if (request.name === "crash") throw new Error("secret cause");
  const isUnread = request.name === "unread";
  seen.push({ ...request, body: isUnread ? undefined : Buffer.from(await readBody()).toString() });
  return isUnread ? 404 : 204;
}

beforeAll(async () => {
  const endpoint = {
    methods: ["GET", "POST"],
    bodyBytesMax,
    bodyMsMax: 60_000,
    concurrentMax,
    concurrentMaxOfAll,
    handle,
  };
  server = await startEchoServer({
    endpoints: new Map([
      ["/calls/", endpoint],
      ["/hasty/", { ...endpoint, bodyMsMax: 50 }],
    ]),
  });
});
beforeEach(() => {
  seen = [];
});
afterAll(() => server.shutdown(0));

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

type Send = (method: string, target: string, body?: string) => Promise<Answer>;

/** Without a content-length, so that only reading tells how much there is. */
const overHttp1: Send = async (method, path, body) => {
  const call = requestHttp1(server.url, { method, path, headers: { "x-key": "a" }, agent: false });
  if (body !== undefined) call.write(body);
  call.end();
  const [response] = await once(call, "response");
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
};

const overHttp2: Send = async (method, path, body) => {
  const session = connectHttp2(server.url);
  const call = session.request({ ":method": method, ":path": path, "x-key": "a" }, { endStream: false });
  call.end(body);
  const [headers] = await once(call, "response");
  const answer = { status: headers[":status"], headers, body: await text(call) };
  session.close();
  return answer;
};

describe.each<[string, Send]>([
  ["HTTP/1.1", overHttp1],
  ["HTTP/2", overHttp2],
])("an endpoint over %s", (_name, send) => {
  it("gets name, target, headers and body, and answers with a status alone", async () => {
    expect(await send("POST", "/calls/a%2Fb?c=d%20e", "the body")).toMatchObject({ status: 204, body: "" });
    expect(await send("GET", "/calls/a")).toMatchObject({ status: 204 });
    expect(seen).toMatchObject([
      { name: "a%2Fb", target: "/calls/a%2Fb?c=d%20e", body: "the body", headers: { "x-key": "a" } },
      { name: "a", target: "/calls/a", body: "" },
    ]);
  });

  it("need not read the body", async () => {
    expect(await send("POST", "/calls/unread", "x".repeat(900))).toMatchObject({ status: 404, body: "" });
  });

  it("takes a body that is just as long as it may be", async () => {
    expect(await send("POST", "/calls/a", "x".repeat(bodyBytesMax))).toMatchObject({ status: 204 });
    expect(seen[0]?.body).toHaveLength(bodyBytesMax);
  });

  it("refuses a longer one", async () => {
    const { status, body } = await send("POST", "/calls/a", "x".repeat(bodyBytesMax + 1));
    expect(status).toBe(413);
    expect(JSON.parse(body)).toMatchObject({ message: "the body is too large" });
    expect(seen).toEqual([]);
  });

  it("says which methods it answers", async () => {
    expect(await send("PUT", "/calls/a", "")).toMatchObject({
      status: 405,
      headers: { allow: "GET, POST" },
    });
  });

  it.each(["/calls", "/calls/a/b", "/call/a"])("is not at %s", async (path) => {
    expect(await send("POST", path, "")).toMatchObject({ status: 404 });
    expect(seen).toEqual([]);
  });

  it("tells nothing of an unexpected error, which is logged", async () => {
    const before = server.errors.length;
    const { status, body } = await send("POST", "/calls/crash", "");
    expect(status).toBe(500);
    expect(body).not.toContain("secret");
    expect(server.errors).toHaveLength(before + 1);
  });
});

it("refuses a body by its own word, before it comes", async () => {
  const call = requestHttp1(server.url, {
    method: "POST",
    path: "/calls/a",
    headers: { "content-length": bodyBytesMax + 1 },
    agent: false,
  });
  call.flushHeaders();
  const [response] = await once(call, "response");
  expect(response.statusCode).toBe(413);
  call.on("error", () => undefined);
  call.destroy();
});

/** A request whose body does not end. */
function sendHalf(path: string) {
  const session = connectHttp2(server.url);
  const call = session.request({ ":method": "POST", ":path": path });
  call.write("half");
  return { session, call, response: once(call, "response") };
}

async function untilFull(path: string): Promise<void> {
  let status: number | undefined;
  while (status !== 503) ({ status } = await overHttp1("POST", path, ""));
}

it("reads as many bodies at a time as it may, of one name and of all", async () => {
  const slow = Array.from({ length: concurrentMax }, () => sendHalf("/calls/slow"));
  await untilFull("/calls/slow");
  expect(await overHttp1("POST", "/calls/another", "")).toMatchObject({ status: 204 });
  slow.push(sendHalf("/calls/another"));
  await untilFull("/calls/a-third");

  for (const { call } of slow) call.end("whole");
  for (const { session, response } of slow) {
    const [headers] = await response;
    expect(headers[":status"]).toBe(204);
    session.close();
  }
  expect(await overHttp1("POST", "/calls/slow", "")).toMatchObject({ status: 204 });
});

it("waits for a body as long as it may", async () => {
  const { session, call, response } = sendHalf("/hasty/slow");
  const [headers] = await response;
  expect(headers[":status"]).toBe(408);
  expect(JSON.parse(await text(call))).toMatchObject({ message: "the body did not come in time" });
  session.destroy();

  const http1 = requestHttp1(server.url, { method: "POST", path: "/hasty/slow", agent: false });
  http1.write("half");
  const [answer] = await once(http1, "response");
  expect(answer.statusCode).toBe(408);
  http1.on("error", () => undefined);
  http1.destroy();
  expect(server.errors.filter(({ fields }) => !String(fields?.["error"]).includes("secret cause"))).toEqual(
    [],
  );
});
