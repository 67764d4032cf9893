import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { closeSockets, headers, serve } from "../support/http2-connection.ts";
import { flags, frame, ping, preface, settings, types, windowUpdate } from "../support/http2-frames.ts";

/** How a connection by itself comes to its end; `http2-end.test.ts` has what calls and their callers see of it. */

const initialWindowSize = 0x4;
const windowBytesMax = 2 ** 31 - 1;

afterEach(() => {
  jest.useRealTimers();
  closeSockets();
});

describe("a connection that ends", () => {
  it("hears nothing any more", async () => {
    const { client, served, connection, errors } = await serve();
    connection.close();
    const wrong = frame(types.ping, flags.none, 1, Buffer.alloc(8));
    served.emit("data", Buffer.concat([Buffer.from(preface), settings([]), wrong]));
    expect(errors).toEqual([]);
    await once(client, "close");
  });

  it("waits for the end of a client that took nothing before", async () => {
    const { client, served, connection, streams } = await serve([[initialWindowSize, windowBytesMax]]);
    client.write(windowUpdate(0, 2 ** 30));
    client.pause();
    for (let id = 1; !served.isPaused(); id += 2) {
      client.write(headers(id, true));
      while (streams.length * 2 < id) await nextTurn();
      streams.at(-1)?.answer(200, {}, Buffer.alloc(16_000));
      await nextTurn();
    }
    const ended = Promise.race([
      once(served, "end").then(() => "its end"),
      once(served, "close").then(() => "no end"),
    ]);
    // However long that takes.
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate"] });
    // Nobody reads it before the end, which is behind it.
    client.write(ping());
    connection.close();
    client.resume();
    expect(await ended).toBe("its end");
  });

  it("closes its streams at once where the client broke a rule", async () => {
    const { client, streams, errors } = await serve([], true);
    client.write(Buffer.concat([headers(1), frame(types.ping, flags.none, 1, Buffer.alloc(8))]));
    while (errors.length === 0) await nextTurn();
    expect(streams.map(({ isClosed }) => isClosed)).toEqual([true]);
  });

  it("waits no longer than a moment for the client's", async () => {
    const { served, connection, errors } = await serve([], true);
    connection.close();
    await once(served, "close");
    expect(errors).toEqual([]);
  });
});

it("carries out nothing that stands behind the GOAWAY of the client that ended the connection", async () => {
  const { client, streams } = await serve();
  client.write(Buffer.concat([frame(types.goAway, flags.none, 0, Buffer.alloc(8)), headers(1)]));
  await once(client, "end");
  expect(streams).toEqual([]);
});
