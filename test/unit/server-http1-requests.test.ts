import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Limits } from "../../src/server/limits.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { echoTls } from "../support/echo-tls.ts";

/** What a client of HTTP/1.1 asks on one connection, one after the other or all at once. */

let server: EchoServer;

async function start(isTls: boolean, limits: Partial<Limits> = {}): Promise<void> {
  server = await startEchoServer({ limits, ...(isTls ? { tls: echoTls } : {}) });
}

afterEach(() => server.shutdown(0));

async function open(isTls: boolean): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1").setNoDelay();
  if (!isTls) return once(socket, "connect").then(() => socket);
  const secure = connectTls({ socket, ca: echoTls.cert });
  return once(secure, "secureConnect").then(() => secure);
}

const get = (id: number, more = ""): string => `GET /v2/users/${id} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const last = get(0, "Connection: close\r\n");

function setPhone(id: number, phone: string, more = ""): string {
  const body = JSON.stringify({ phone });
  return `POST /v2/users/${id}/phone HTTP/1.1\r\nHost: x\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function inChunks(id: number, chunks: readonly string[], more = ""): string {
  const head = `POST /v2/users/${id}/phone HTTP/1.1\r\nHost: x\r\n${more}Transfer-Encoding: chunked\r\n\r\n`;
  const body = [...chunks, ""].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return head + body.join("");
}

const messageBytesMax = 1_024;
const tooLarge = [`{"phone":"${"1".repeat(messageBytesMax)}`, "1".repeat(200_000), '"}'];

/** Each way to ask about a user. */
const kinds: Readonly<Record<string, (id: number) => string>> = {
  "a GET": get,
  "a POST": (id) => setPhone(id, "+41"),
  "one that is refused": (id) => setPhone(id, "fail", `X-Own: ${id}\r\n`),
  "one without a target that is known": (id) => `GET /v2/nothing/${id} HTTP/1.1\r\nHost: x\r\n\r\n`,
  "one with a body that is broken": (id) =>
    `POST /v2/users/${id}/phone HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{`,
  "a POST in chunks": (id) => inChunks(id, ['{"', 'phone":""', "}"]),
  "one whose body is too large": (id) => inChunks(id, tooLarge),
  "one whose body nobody reads": (id) => inChunks(id, tooLarge, "Authorization: no\r\n"),
  "one with a header twice": (id) => get(id, "X-Own: 1\r\nx-own: 2\r\n"),
  "a preflight": () =>
    "OPTIONS /v2/users/7 HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\nAccess-Control-Request-Method: GET\r\n\r\n",
};

/** What an answer to each is known by. */
function answerTo(kind: string, id: number): RegExp {
  switch (kind) {
    case "one that is refused":
      return /^HTTP\/1\.1 400 .*as you wish/s;
    case "one without a target that is known":
      return /^HTTP\/1\.1 404 /;
    case "one with a body that is broken":
      return /^HTTP\/1\.1 400 /;
    case "one whose body is too large":
      return /^HTTP\/1\.1 429 .*larger/s;
    case "one whose body nobody reads":
      return /^HTTP\/1\.1 401 .*no token/s;
    case "a preflight":
      return /^HTTP\/1\.1 403 /;
    default:
      return new RegExp(`^HTTP/1\\.1 200 .*"${id}[ "]`, "s");
  }
}

describe.each([
  ["cleartext", false],
  ["TLS", true],
])("over %s", (_name, isTls) => {
  it("answers whatever comes on one connection, however it is cut, in its order", async () => {
    await start(isTls, { messageBytesMax });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Object.keys(kinds)), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 6 }),
        async (chosen, cuts) => {
          const socket = await open(isTls);
          const answers = text(socket);
          let rest = chosen.map((kind, index) => kinds[kind]?.(100 + index)).join("") + last;
          for (const cut of [...cuts, rest.length]) {
            const part = rest.slice(0, cut);
            rest = rest.slice(cut);
            if (part !== "") await new Promise((resolve) => socket.write(part, resolve));
            await new Promise(setImmediate);
          }
          const parts = (await answers).split(/(?=HTTP\/1\.1 )/);
          expect(parts).toHaveLength(chosen.length + 1);
          for (const [index, kind] of chosen.entries())
            expect(parts[index]).toMatch(answerTo(kind, 100 + index));
        },
      ),
      { numRuns: 200 },
    );
    expect(server.errors).toEqual([]);
  });

  it("answers what came meanwhile, once the request before it is answered", async () => {
    await start(isTls);
    const socket = await open(isTls);
    const answers = text(socket);
    socket.write(setPhone(7, "wait"));
    await server.nextWait();
    socket.write(get(8) + get(9));
    socket.write(last);
    server.release();
    expect((await answers).match(/"[789][ "]/g)).toEqual(['"7 ', '"8"', '"9"']);
  });

  it("ends a call whose client has gone", async () => {
    await start(isTls);
    const socket = await open(isTls);
    socket.write(setPhone(7, "wait"));
    const { signal } = await server.nextWait();
    socket.destroy();
    if (!signal.aborted) await once(signal, "abort");
  });

  it("lets a client go that asks and asks, and takes nothing", async () => {
    await start(isTls, { http1WriteTimeoutMs: 50 });
    const socket = await open(isTls);
    socket.on("error", () => {});
    const request = setPhone(7, "+41", `X-Echo: ${"x".repeat(12_000)}\r\n`);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    let goOn: ((value?: unknown) => void) | undefined;
    socket.on("drain", () => goOn?.());
    // What is on its way is bounded by what the system holds; then the client waits.
    for (let sent = 0; !socket.destroyed && sent < 50_000; sent++) {
      if (!socket.write(request)) await Promise.race([new Promise((resolve) => (goOn = resolve)), closed]);
    }
    expect(socket.destroyed).toBe(true);
  });

  it("keeps a client that is slow to take what it asked for", async () => {
    await start(isTls);
    const socket = await open(isTls);
    const request = setPhone(7, "+41", `X-Echo: ${"x".repeat(12_000)}\r\n`);
    const count = 2_000;
    for (let sent = 0; sent < count; sent++) socket.write(request);
    socket.write(last);
    await once(socket, "readable");
    const answers = await text(socket);
    expect(answers.match(/"7 \+41"/g)).toHaveLength(count);
  });
});
