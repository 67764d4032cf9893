import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { addChunk } from "../../src/http2/chunks.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { holdsBodyBack, type LoneStream, loneStream } from "../support/lone-stream.ts";

/** What a stream does by itself: the body that comes, the answer that goes, and its end. */

const cancel = 0x8;

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

describe("a body", () => {
  it("is not kept in as many chunks as frames", () => {
    const { stream } = loneStream();
    for (let sent = 0; sent < 60_000; sent++) stream.receiveData(Buffer.of(sent), 1, sent === 59_999);
    let chunks: readonly Uint8Array[] | undefined;
    stream.readWhole(100_000, (all) => (chunks = all));
    expect(chunks?.length).toBeLessThan(40);
    expect(Buffer.concat(chunks ?? [])).toEqual(Buffer.from(Array.from({ length: 60_000 }, (_, at) => at)));
  });

  it("is not kept in as many chunks as frames by who reads it as it comes, either", () => {
    const { stream } = loneStream();
    let chunks: readonly Uint8Array[] | undefined;
    stream.readWhole(100_000, (all) => (chunks = all));
    for (let sent = 0; sent < 60_000; sent++) stream.receiveData(Buffer.of(sent), 1, sent === 59_999);
    expect(chunks?.length).toBeLessThan(40);
    expect(Buffer.concat(chunks ?? []).byteLength).toBe(60_000);
  });

  it("is copied a few times at most, to memory of its own", () => {
    const copy = jest.spyOn(Object.getPrototypeOf(Uint8Array.prototype), "set");
    const chunks: Uint8Array[] = [];
    for (let sent = 0; sent < 30_000; sent++) addChunk(chunks, Buffer.of(sent));
    const copied = copy.mock.calls.reduce((sum, [bytes]) => sum + Number(Object(bytes).length), 0);
    expect(copied).toBeLessThan(20 * 30_000);
    const large = chunks.filter(({ byteLength }) => byteLength >= 4_096);
    expect(large.length).toBeGreaterThan(1);
    for (const { buffer, byteLength } of large) expect(buffer.byteLength).toBe(byteLength);
  });

  it("is not copied where its chunks are large", () => {
    const large = [Buffer.alloc(16_384), Buffer.alloc(16_384), Buffer.alloc(10)];
    const chunks: Uint8Array[] = [];
    for (const chunk of large) addChunk(chunks, chunk);
    expect(chunks).toEqual(large);
    expect(chunks.every((chunk, at) => chunk === large[at])).toBe(true);
  });

  it("is not whole once it was cut", async () => {
    const { stream } = loneStream();
    stream.receiveData(Buffer.from("all of it"), 9, true);
    stream.breakOff();
    await expect(Array.fromAsync(stream.body())).rejects.toThrow("closed before its end");
  });
});

it("asks for a body that is held back once somebody reads it", async () => {
  const { stream, said } = loneStream(undefined, holdsBodyBack);
  expect(said).toEqual([]);
  const read = jest.fn();
  stream.readWhole(1, read);
  expect(said).toEqual(["headers"]);
  stream.receiveData(Buffer.alloc(2), 2, false);
  expect(read).toHaveBeenCalledWith([Buffer.alloc(2)], false);
  stream.receiveData(Buffer.alloc(1), 1, true);
  expect(await Array.fromAsync(stream.body())).toEqual([Buffer.alloc(1)]);
  expect(said).toEqual(["headers"]);
});

it.each<[string, (stream: Http2Stream) => void]>([
  ["is there", (stream) => stream.receiveEnd()],
  ["is on its way", (stream) => stream.receiveData(Buffer.alloc(1), 1, false)],
  ["is answered already", (stream) => stream.begin(200, {})],
])("does not ask for a body that %s", (_what, happen) => {
  const { stream, said } = loneStream(undefined, holdsBodyBack);
  happen(stream);
  const before = [...said];
  stream.readWhole(10, () => {});
  expect(said).toEqual(before);
});

it("waits for the rest of a body that was answered, until it is there", () => {
  jest.useFakeTimers();
  const [late, never] = [loneStream(), loneStream()];
  for (const { stream } of [late, never]) stream.answer(200, {}, undefined);
  late.stream.receiveEnd();
  expect(jest.getTimerCount()).toBe(1);
  jest.runAllTimers();
  expect([late.said, never.said]).toEqual([["headers"], ["headers", "reset"]]);
});

it("waits for a client to take its answer, until it has", () => {
  jest.useFakeTimers();
  const [late, never] = [loneStream(), loneStream()];
  for (const { stream } of [late, never]) {
    stream.receiveEnd();
    stream.answer(200, {}, Buffer.alloc(2));
  }
  late.take(2);
  expect(jest.getTimerCount()).toBe(1);
  never.take(1);
  jest.runAllTimers();
  expect([late.said, never.said]).toEqual([
    ["headers", "2 bytes"],
    ["headers", "1 bytes", "reset"],
  ]);
});

describe("an answer that comes in parts", () => {
  /** With a part that waits behind another. */
  async function waiting(): Promise<LoneStream & { written: Promise<void>; isWritten: () => boolean }> {
    const lone = loneStream();
    let isWritten = false;
    lone.stream.begin(200, {});
    await lone.stream.write(Buffer.alloc(16_384));
    const written = lone.stream.write(Buffer.alloc(1)).then(() => void (isWritten = true));
    return { ...lone, written, isWritten: () => isWritten };
  }

  it("comes as fast as it is taken", async () => {
    const { take, written, isWritten, said } = await waiting();
    take(16_384);
    await nextTurn();
    expect(isWritten()).toBe(false);
    take(1);
    await written;
    expect(said).toEqual(["headers", "16384 bytes", "1 bytes"]);
  });

  it("is waited for no longer than for a whole answer", async () => {
    jest.useFakeTimers({ doNotFake: ["setImmediate"] });
    const { written, said } = await waiting();
    jest.advanceTimersByTime(59_999);
    expect(said).toEqual(["headers"]);
    jest.advanceTimersByTime(1);
    await expect(written).rejects.toThrow("closed before its end");
    expect(said).toEqual(["headers", "reset"]);
  });

  it("is given up when the stream closes", async () => {
    const { stream, written } = await waiting();
    stream.breakOff();
    await expect(written).rejects.toThrow("closed before its end");
  });
});

it("says nothing on a stream that is closed", async () => {
  const { stream, said } = loneStream(undefined, holdsBodyBack);
  stream.breakOff();
  stream.readWhole(1, () => {});
  stream.begin(200, {});
  await expect(stream.write(Buffer.alloc(1))).rejects.toThrow("takes no more");
  stream.end();
  stream.answer(200, {}, Buffer.alloc(1), {});
  stream.reset(cancel);
  expect(said).toEqual([]);
});

it("tells of its end whoever still listens", () => {
  const { stream } = loneStream();
  const [gone, there] = [jest.fn(), jest.fn()];
  stream.onClose(gone);
  stream.onClose(there);
  stream.offClose(gone);
  stream.breakOff();
  stream.reset(cancel);
  expect([gone.mock.calls.length, there.mock.calls.length]).toEqual([0, 1]);
});
