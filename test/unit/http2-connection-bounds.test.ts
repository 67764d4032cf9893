import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { Http2Stream } from "../../src/http2/stream.ts";
import { closeSockets, headers, serve } from "../support/http2-connection.ts";
import { flags, frame, ping, pong, settings, types, uint32, windowUpdate } from "../support/http2-frames.ts";

/** What a connection keeps, does and writes for a client that would cost more than it pays. */

const initialWindowSize = 0x4;
const windowBytesMax = 2 ** 31 - 1;
const streamClosed = 0x5;
const cancel = 0x8;
const enhanceYourCalm = 0xb;

afterEach(() => {
  jest.restoreAllMocks();
  closeSockets();
});

describe("an answer that the client does not take", () => {
  const body = Buffer.from("what was asked for");

  it("is not tried again for what the connection is told of", async () => {
    const { client, streams, said } = await serve([[initialWindowSize, 0]]);
    client.write(Buffer.concat([headers(1), ping()]));
    await said(pong());
    streams[0]?.answer(200, {}, body);
    const sendMore = jest.spyOn(Http2Stream.prototype, "sendMore");
    const second = ping(Buffer.from("and then"));
    client.write(Buffer.concat([...Array.from({ length: 100 }, () => windowUpdate(0, 1)), second]));
    await said(pong(Buffer.from("and then")));
    expect(sendMore).not.toHaveBeenCalled();
  });

  it.each([
    ["its stream is told of more", windowUpdate(1, 100)],
    ["all streams are", settings([[initialWindowSize, 100]])],
  ])("is sent when %s", async (_name, more) => {
    const { client, streams, said } = await serve([[initialWindowSize, 0]]);
    client.write(Buffer.concat([headers(1), ping()]));
    await said(pong());
    streams[0]?.answer(200, {}, body);
    client.write(more);
    await said(frame(types.data, flags.endStream, 1, body));
  });

  it("is sent when the connection is told of more", async () => {
    const { client, streams, said } = await serve([[initialWindowSize, windowBytesMax]]);
    client.write(Buffer.concat([headers(1), ping()]));
    await said(pong());
    streams[0]?.answer(200, {}, Buffer.alloc(65_535 + 3, "x"));
    await said(Buffer.alloc(15_000, "x"));
    client.write(windowUpdate(0, 100));
    await said(frame(types.data, flags.endStream, 1, Buffer.from("xxx")));
  });
});

it("writes of a large answer only what the client takes", async () => {
  const { client, served, streams, said } = await serve([[initialWindowSize, windowBytesMax]]);
  client.write(Buffer.concat([windowUpdate(0, 2 ** 30), headers(1), ping()]));
  await said(pong());
  client.pause();
  // More than the system takes for a client that does not.
  streams[0]?.answer(200, {}, Buffer.alloc(30_000_000));
  while (!served.isPaused()) await nextTurn();
  expect(served.writableLength).toBeLessThan(200_000);
});

it("does not keep an answer that was taken back", async () => {
  const { client, streams, said } = await serve([[initialWindowSize, windowBytesMax]]);
  client.write(Buffer.concat([headers(1), headers(3), ping()]));
  await said(pong());
  streams[0]?.answer(200, {}, Buffer.alloc(65_535 + 1));
  streams[1]?.answer(200, {}, Buffer.from("yyy"));
  const sendMore = jest.spyOn(Http2Stream.prototype, "sendMore");
  const reset = frame(types.resetStream, flags.none, 1, uint32(cancel));
  client.write(Buffer.concat([reset, windowUpdate(0, 100)]));
  await said(frame(types.data, flags.endStream, 3, Buffer.from("yyy")));
  expect(sendMore.mock.contexts).toEqual([streams[1]]);
});

it("sends a client away that changes its settings again and again in one frame", async () => {
  const { client, errors } = await serve();
  client.write(settings(Array.from({ length: 33 }, () => [initialWindowSize, 1])));
  await once(client, "end");
  expect(errors.map(({ code }) => code)).toEqual([enhanceYourCalm]);
});

it("remembers of the streams that it reset only the last thousand", async () => {
  const { client, streams, said } = await serve();
  const idOf = (index: number): number => 2 * index + 1;
  for (let index = 0; index <= 1_000; index++) {
    const payload = Buffer.from(String(index).padStart(8));
    client.write(Buffer.concat([headers(idOf(index)), ping(payload)]));
    await said(pong(payload));
    streams[index]?.reset(cancel);
  }
  const data = (streamId: number): Buffer => frame(types.data, flags.none, streamId, Buffer.of(0));
  const resetOf = (streamId: number): Buffer =>
    frame(types.resetStream, flags.none, streamId, uint32(streamClosed));
  client.write(Buffer.concat([data(idOf(1)), data(idOf(1_000)), data(idOf(0))]));
  const next = await Promise.race([1, 1_000, 0].map((index) => said(resetOf(idOf(index))).then(() => index)));
  expect(next).toBe(0);
});

it("hears the answer to a PING once", async () => {
  const { client, connection, said } = await serve();
  const onAnswer = jest.fn();
  connection.ping(onAnswer);
  const payload = Buffer.of(0, 0, 0, 0, 0, 0, 0, 1);
  await said(ping(payload));
  client.write(Buffer.concat([pong(payload), pong(payload), ping()]));
  await said(pong());
  expect(onAnswer).toHaveBeenCalledTimes(1);
});
