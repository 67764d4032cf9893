import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { CodeCheckResult, SendResult } from "../../src/app/sms-port.ts";
import { StoreUnavailableError } from "../../src/app/store-port.ts";
import { type Fake, policy, Post } from "../support/courier-post.ts";

const sent = { kind: "sent" } as const;
const retry = { kind: "retry", reason: "busy" } as const;
const rejected = { kind: "rejected", reason: "no such number" } as const;

describe("a provider that fails steadily", () => {
  let post: Post;
  beforeEach(() => void (post = new Post()));
  afterEach(() => post.courier.stop());

  const always = (result: SendResult): Fake => ({ answer: () => result });
  const settled = () => post.until(() => post.settled.length === 1);
  const open = async (): Promise<void> => {
    for (let id = 1; id <= 10; id += 1) await post.send(String(id));
    await post.until(() => post.settled.length === 10);
    post.settled.length = 0;
    post.askedIds.length = 0;
  };
  const rejectedAccount = { kind: "rejected", reason: "wrong key", isAccountRefused: true } as const;

  it.each([
    ["may pass", retry],
    ["refuses the account", rejectedAccount],
  ])("is left alone, and that is no attempt: %s", async (_name, failure) => {
    await post.offer({ a: always(failure), b: {} });
    await open();
    await post.send("11");
    await settled();
    expect(post.askedIds).toEqual(["b"]);
    expect(await post.attempts()).toMatchObject([{ providerId: "b" }]);
    expect(post.lines.filter((line) => line.includes("left alone"))).toHaveLength(1);
  });

  it("stays left alone when another server changes other settings, and is closed once it is removed", async () => {
    post = new Post({ isShared: true });
    let closed = 0;
    await post.offer({ a: { ...always(retry), close: async () => void (closed += 1) }, b: {} });
    await open();
    await post.changeSettingsElsewhere();
    await post.send("11");
    await settled();
    expect(post.askedIds).toEqual(["b"]);
    expect(closed).toBe(0);
    await post.remove("a");
    await post.send("12");
    await post.until(() => post.settled.length === 2);
    expect(closed).toBe(1);
  });

  it("is not one that refuses single messages", async () => {
    await post.offer({ a: always(rejected), b: {} });
    await open();
    await post.send("11");
    await settled();
    expect(post.askedIds).toEqual(["a", "b"]);
  });

  it("is tried again after a rest with one message, and takes all when that went well", async () => {
    const a = { answer: (): SendResult | Promise<SendResult> => retry };
    await post.offer({ a: { answer: () => a.answer() }, b: {} });
    await open();
    const probe = Promise.withResolvers<SendResult>();
    a.answer = () => probe.promise;
    post.nowMs += 250;
    await post.send("11");
    await post.until(() => post.askedIds.length === 1);
    await post.send("12");
    await post.until(() => post.settled.length === 1);
    expect(post.askedIds).toEqual(["a", "b"]);
    probe.resolve(sent);
    await post.until(() => post.settled.length === 2);
    await post.send("13");
    await post.until(() => post.settled.length === 3);
    expect(post.askedIds).toEqual(["a", "b", "a"]);
    expect(post.lines.filter((line) => line.includes("works again"))).toHaveLength(1);
  });

  it("is tried again after a rest, even if the clock was set back meanwhile", async () => {
    let result: SendResult = retry;
    await post.offer({ a: { answer: () => result }, b: {} });
    await open();
    result = sent;
    post.nowMs -= 60_000;
    await post.send("11");
    await settled();
    expect(post.askedIds).toEqual(["a"]);
  });

  it.each([
    [
      "the disk is full",
      () => {
        throw new StoreUnavailableError("the disk is full");
      },
    ],
    ["message is in other hands", () => post.outbox.claim(post.nowMs + 30_000, 30_000, 10)],
  ])("is still tried with one message after one that did not get to it: %s", async (logged, onBegin) => {
    const probe = Promise.withResolvers<SendResult>();
    const a = { answer: (): SendResult | Promise<SendResult> => retry };
    await post.offer({ a: { answer: () => a.answer() }, b: {} });
    await open();
    a.answer = () => probe.promise;
    post.nowMs += 250;
    post.onBegin = onBegin;
    await post.send("11");
    await post.until(() => post.lines.some((line) => line.includes(logged)));
    post.onBegin = () => {};
    expect(post.askedIds).toEqual([]);
    await post.send("12");
    await post.until(() => post.askedIds.length === 1);
    await post.send("13");
    await post.until(() => post.askedIds.length === 2);
    expect(post.askedIds).toEqual(["a", "b"]);
    expect(post.lines.filter((line) => line.includes("works again"))).toEqual([]);
    probe.resolve(retry);
    await post.until(() => post.settled.length === 2);
    expect(post.askedIds).toEqual(["a", "b", "b"]);
  });

  it("gets one message at a time to try it with, however long the store takes", async () => {
    const a = { answer: (): SendResult => retry };
    await post.offer({ a: { answer: () => a.answer() }, b: {} });
    await open();
    const slowDisk = Promise.withResolvers<void>();
    post.nowMs += 250;
    post.onBegin = () => slowDisk.promise;
    await post.send("11");
    await post.send("12");
    await post.quiet();
    slowDisk.resolve();
    await post.until(() => post.settled.length === 2);
    expect(post.askedIds.toSorted()).toEqual(["a", "b", "b"]);
  });

  it("is not asked about codes either, until a rest is over", async () => {
    let asked = 0;
    const broken = { kind: "unavailable", reason: "no answer" } as const;
    await post.offer({
      a: { checkCode: async () => ((asked += 1), asked > 8 ? { kind: "right" } : broken) },
    });
    const check = () => post.codeProviders?.check("a", { providerMessageId: "1", code: "123456" });
    for (let call = 1; call <= 20; call += 1) expect(await check()).toMatchObject({ kind: "unavailable" });
    expect(asked).toBe(8);
    post.nowMs += 5_000;
    expect(await check()).toEqual({ kind: "right" });
  });

  it("is asked about no more codes than can wait for it", async () => {
    const answer = Promise.withResolvers<CodeCheckResult>();
    await post.offer({ a: { checkCode: () => answer.promise } });
    const check = () => post.codeProviders?.check("a", { providerMessageId: "1", code: "123456" });
    const checks = Array.from({ length: 16 + 1_000 }, check);
    expect(await check()).toMatchObject({ kind: "unavailable" });
    answer.resolve({ kind: "right" });
    expect(new Set(await Promise.all(checks))).toEqual(new Set([{ kind: "right" }]));
  });

  it("is told of once, not by each message that waits for it", async () => {
    await post.offer({ a: always(retry) });
    for (let id = 1; id <= 10; id += 1) await post.send(String(id));
    await post.until(() => post.lines.filter((line) => line.includes("not sent yet")).length >= 10);
    const warned = post.lines.filter((line) => JSON.parse(line).level === "warn");
    const refused = post.askedIds.length;
    expect(refused).toBeLessThan(10);
    expect(warned.filter((line) => line.includes("not sent yet"))).toHaveLength(refused);
    expect(warned.filter((line) => line.includes("left alone"))).toHaveLength(1);
  });

  it.each([
    ["alone", []],
    ["beside one that has refused them", ["b"]],
  ])("has many messages that wait for it come again one after the other: %s", async (_name, others) => {
    const messages = 600;
    await post.addProviders({ a: always(retry), b: always(rejected) });
    await post.route(
      {
        countries: ["CH"],
        targets: ["a", ...others].map((providerId) => ({ providerId, weight: 1, step: 1 })),
      },
      { countries: [], targets: [{ providerId: "b", weight: 1, step: 1 }] },
    );
    for (let id = 1; id <= messages; id += 1) await post.send(String(id));
    await post.until(() => post.lines.filter((line) => line.includes("not sent yet")).length >= messages);
    const waiting = await post.outbox.waiting(undefined, messages);
    const afterMs = waiting.map(({ dueMs }) => dueMs - post.nowMs);
    expect(afterMs.filter((ms) => ms <= 1_000).length).toBeLessThan(messages / 2);
  });

  it("costs no message its code that one could still be sent in time", async () => {
    const messages = 600;
    await post.addProviders({ a: always(retry), b: {} });
    await post.route(
      { countries: ["CH"], targets: [{ providerId: "a", weight: 1, step: 1 }] },
      { countries: [], targets: [{ providerId: "b", weight: 1, step: 1 }] },
    );
    post.isTold = false;
    for (let id = 1; id <= messages; id += 1) await post.send(String(id));
    // Less than it takes until all of them have come again, one after the other.
    post.pass((policy.phoneCode.ttlMs ?? 0) - 1_000);
    const notYet = () => post.lines.filter((line) => line.includes("not sent yet")).length;
    await post.until(() => notYet() + post.settled.length >= messages);
    expect(post.settled).toEqual([]);
  });

  it("holds up nobody beyond the rest of another one", async () => {
    const germany = (id: number) => `+49151234${id}00`;
    let b: SendResult = retry;
    await post.addProviders({ a: always(retry), b: { answer: () => b } });
    await post.route(
      { countries: ["CH"], targets: [{ providerId: "a", weight: 1, step: 1 }] },
      { countries: [], targets: [{ providerId: "b", weight: 1, step: 1 }] },
    );
    const leftAlone = () => post.lines.filter((line) => line.includes("an SMS provider fails")).length;
    for (let id = 301; id <= 310; id += 1) await post.send(String(id), germany(id));
    await post.until(() => leftAlone() === 1);
    post.pass(200);
    for (let id = 1; id <= 10; id += 1) await post.send(String(id));
    await post.until(() => leftAlone() === 2);
    b = sent;
    await post.send("311", germany(311));
    post.pass(50);
    await post.until(() => post.settled.length > 0);
  });

  it("lets messages wait when there is no other", async () => {
    let isDown = true;
    await post.offer({ a: { answer: () => (isDown ? retry : sent) } });
    for (let id = 1; id <= 10; id += 1) await post.send(String(id));
    await post.until(() => post.lines.some((line) => line.includes("left alone for a while")));
    await post.quiet();
    // It opens after eight; one more may have been under way.
    const refused = post.askedIds.length;
    expect(refused).toBeLessThan(10);
    isDown = false;
    post.pass(6_000);
    await post.until(() => post.settled.length === 10);
    expect(new Set(post.settled.map(({ outcome }) => outcome))).toEqual(new Set(["sent"]));
    expect(post.askedIds).toHaveLength(refused + 10);
  });
});
