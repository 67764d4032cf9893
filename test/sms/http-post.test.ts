import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Agent } from "undici";
import type { SendResult } from "../../src/app/sms-port.ts";
import { HttpExchange, type HttpOutcome } from "../../src/sms/http-exchange.ts";
import { HttpPost } from "../../src/sms/http-post.ts";
import { clock, nowMs, silentMs } from "../support/provider-message.ts";
import { give, type ProviderServer, startProvider } from "../support/provider-server.ts";

let server: ProviderServer;
let post: HttpPost;
beforeEach(async () => {
  server = await startProvider({ answer: () => ({ status: 200, body: "good" }) });
  post = new HttpPost({ receiver: "it", allowPrivate: true, clock, timeoutMs: silentMs });
});
afterEach(async () => {
  await post.close();
  await server.close();
});

const reader = {
  idOf: (body: string): string => body.slice(0, 4),
  refused: (body: string) => (body === "" ? undefined : { reason: body }),
};
const send = (url = server.url): Promise<SendResult> => post.send(url, {}, "{}", reader);
const answerWith = (status: number, headers = {}, body = ""): void => {
  server.respond = (response) => give(response, { status, headers, body });
};

describe("a request that did not leave", () => {
  it("was not sent, where the name has no address", async () => {
    expect(await send("http://nobody.invalid/")).toMatchObject({ kind: "retry" });
  });

  it("was not sent, where the other side speaks no TLS", async () => {
    expect(await send(server.url.replace("http:", "https:"))).toEqual({
      kind: "retry",
      reason: expect.stringMatching(/^it cannot be reached: \S*SSL/),
    });
  });

  it("was not sent, where TLS is never agreed on", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket.on("error", () => {}).resume()));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    expect(await send(`https://127.0.0.1:${address.port}/`)).toEqual({
      kind: "retry",
      reason: expect.stringMatching(/^it cannot be reached/),
    });
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it("never leaves once it is aborted", async () => {
    const reached = new Promise<void>((resolve) => (server.respond = () => resolve()));
    const agent = new Agent({ connections: 1 });
    const [first, second] = ["/first", "/second"].map((path) => {
      const { promise, resolve } = Promise.withResolvers<HttpOutcome>();
      const exchange = new HttpExchange(resolve);
      agent.dispatch({ origin: server.url, path, method: "POST", body: "{}" }, exchange);
      return async () => {
        exchange.abort(new Error("too late"));
        return (await promise).kind;
      };
    });
    await reached;
    expect(await second?.()).toBe("not_sent"); // it waited for the connection
    expect(await first?.()).toBe("broken_off");
    await agent.close();
    expect(server.received.map(({ path }) => path)).toEqual(["/first"]);
  });
});

describe("an answer", () => {
  it("counts by its status, even if the rest of a refusal is cut", async () => {
    server.respond = (response) => {
      response.writeHead(400, { "content-length": 100 });
      response.write("half", () => response.socket?.resetAndDestroy());
    };
    expect(await send()).toMatchObject({ kind: "rejected", reason: "it answered 400: half" });
  });

  it("counts by its status, even if a refusal drips until the time is over", async () => {
    server.respond = (response) => void response.writeHead(429, { "retry-after": "1" }).write("half");
    expect(await send()).toMatchObject({ kind: "retry", retryAfterMs: 1_000 });
  });

  it("is read up to 64 KiB, whatever its length", async () => {
    answerWith(200, {}, "long".repeat(1_000_000));
    expect(await send()).toEqual({ kind: "sent", providerMessageId: "long" });
    answerWith(400, {}, "x".repeat(1_000_000));
    const result = await send();
    expect("reason" in result && result.reason.length).toBeLessThan(66_000);
  });

  it("follows no redirect", async () => {
    answerWith(307, { location: `${server.url}/elsewhere` });
    expect(await send()).toEqual({ kind: "rejected", reason: "it answered 307" });
    expect(server.received).toHaveLength(1);
  });

  it("after an informational one is the answer", async () => {
    server.respond = (response) => {
      response.writeProcessing();
      give(response, { status: 200, body: "good" });
    };
    expect(await send()).toEqual({ kind: "sent", providerMessageId: "good" });
  });
});

describe("Retry-After", () => {
  it.each([
    ["7", 7_000],
    ["0", 0],
    [new Date(nowMs + 5_500).toUTCString(), 5_500], // full seconds only: the clock stands at half a second
    [new Date(nowMs - 60_000).toUTCString(), 0],
    ["soon", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["3601", 3_600_000], // an hour at most
    ["99999999999", 3_600_000],
    ["Fri, 31 Dec 9999 23:59:59 GMT", 3_600_000],
  ])("%s", async (value, retryAfterMs) => {
    answerWith(503, { "retry-after": value });
    const expected = { kind: "retry", reason: "it answered 503" };
    expect(await send()).toEqual(retryAfterMs === undefined ? expected : { ...expected, retryAfterMs });
  });

  it("matters where another attempt makes sense only", async () => {
    answerWith(400, { "retry-after": "7" });
    expect(await send()).toEqual({ kind: "rejected", reason: "it answered 400" });
  });
});
