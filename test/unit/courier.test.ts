import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { newCode } from "../../src/app/new-code.ts";
import type { SendResult } from "../../src/app/sms-port.ts";
import { StoreUnavailableError } from "../../src/app/store-port.ts";
import { decideRemoveUser } from "../../src/domain/account.ts";
import type { Facts } from "../../src/domain/decision.ts";
import { v2 } from "../../src/domain/generations.ts";
import {
  decideRemovePhone,
  decideResendPhoneCode,
  decideSetPhone,
  decideVerifyPhone,
} from "../../src/domain/phone.ts";
import type { UserState } from "../../src/domain/user-state.ts";
import { Post, policy } from "../support/courier-post.ts";

const minuteMs = 60_000;

describe("the courier", () => {
  let post: Post;
  beforeEach(() => void (post = new Post()));
  afterEach(() => post.courier.stop());

  const outcomes = () => post.settled.map(({ outcome }) => outcome);

  it("sends a message once, and records it", async () => {
    await post.send("1");
    await post.until(() => post.settled.length === 1);
    post.courier.wake();
    expect(post.sent).toHaveLength(1);
    expect(post.sent[0]).toMatchObject({
      recipient: "+41791000001",
      purpose: "verify_phone",
      user: { id: "1" },
    });
    expect(post.sent[0]?.text).toContain(post.sent[0]?.code);
    expect(outcomes()).toEqual(["sent"]);
    const types = (await post.store.history(0, 10)).map(({ type }) => type);
    expect(types.at(-1)).toBe("user.human.phone.code.sent");
    expect(post.lines.join("")).not.toContain(post.sent[0]?.code);
    expect(post.lines.join("")).not.toContain("+41791000001");
  });

  it("finds by itself what nobody told it of, though it had nothing to do before", async () => {
    post.courier.wake();
    await post.quiet();
    post.isTold = false;
    await post.send("1");
    await post.until(() => post.settled.length === 1);
    expect(outcomes()).toEqual(["sent"]);
  });

  it("says once that it cannot read the outbox, and once that it can, and goes on by itself", async () => {
    post.isCut = true;
    post.isTold = false;
    for (let round = 1; round <= 3; round += 1) {
      post.courier.wake();
      await post.quiet();
    }
    post.isCut = false;
    await post.send("1");
    await post.until(() => post.lines.length === 3);
    const told = post.lines.map((line): unknown => JSON.parse(line).message);
    expect(told).toEqual(["the outbox cannot be read", "the outbox can be read again", "message sent"]);
  });

  it("tries again after what may pass, under the same id", async () => {
    post.answer = () => (post.sent.length < 4 ? { kind: "retry", reason: "busy" } : { kind: "sent" });
    await post.send("1");
    for (let attempt = 2; attempt <= 4; attempt += 1) {
      await post.until(() => post.lines.length >= attempt - 1);
      post.nowMs += 30_000; // beyond the longest back-off
      post.courier.wake();
    }
    await post.until(() => post.settled.length === 1);
    expect(outcomes()).toEqual(["sent"]);
    expect(new Set(post.sent.map(({ id }) => id)).size).toBe(1);
  });

  it("sends at once what was asked for after the clock was set back", async () => {
    await post.send("1");
    await post.until(() => post.settled.length === 1);
    post.nowMs -= 2 * minuteMs;
    const command = {
      number: "+41791234567",
      verification: "send_code",
      code: newCode(post.app, policy.phoneCode, policy.resend),
    } as const;
    await post.change("1", (user, facts) => decideSetPhone(user, command, v2.set, facts));
    await post.until(() => post.settled.length === 2);
    expect(post.sent.at(-1)?.recipient).toBe("+41791234567");
  });

  it("tells the whole life of a code, though time goes by while it is made", async () => {
    let ms = post.nowMs;
    Object.defineProperty(post, "nowMs", { get: () => (ms += 1) });
    await post.send("1");
    await post.until(() => post.settled.length === 1);
    expect(post.sent[0]?.text).toContain("valid for 10 minutes");
  });

  it("waits as long as the provider asks", async () => {
    post.answer = () => ({ kind: "retry", reason: "slow down", retryAfterMs: 90_000 });
    await post.send("1");
    await post.until(() => post.lines.length === 1);
    expect(await post.store.outbox.nextDueMs()).toBe(post.nowMs + 90_000);
  });

  it("waits by itself, a random time that grows with each attempt", async () => {
    post.answer = () => ({ kind: "retry", reason: "busy" });
    await post.send("1");
    for (let attempt = 1; attempt < 7; attempt += 1) {
      await post.until(() => post.lines.length >= attempt);
      await post.quiet();
      post.pass(((await post.store.outbox.nextDueMs()) ?? 0) - post.nowMs);
    }
    await post.until(() => post.lines.length >= 7);
    const [first = 0, ...later] = (await post.attempts()).map(({ startedMs }) => startedMs - 1_000_000);
    expect(first).toBe(0);
    // Less than half a second in all is a chance of one in twenty million; 0.5 + 1 + … + 16 s are the most.
    expect(later[5]).toBeGreaterThan(500);
    expect(later[5]).toBeLessThan(31_500);
  });

  it("gives up when the code would expire first, and after a definite refusal", async () => {
    post.answer = () => ({ kind: "retry", reason: "slow down", retryAfterMs: 10 * minuteMs });
    await post.send("1");
    await post.until(() => post.settled.length === 1);
    post.answer = () => ({ kind: "rejected", reason: "no such number" });
    await post.send("2");
    await post.until(() => post.settled.length === 2);
    expect(post.settled).toMatchObject([
      { outcome: "dead", reason: expect.stringContaining("expires before") },
      { outcome: "dead", reason: "no such number" },
    ]);
  });

  it.each([
    [
      "answered",
      (user: UserState, facts: Facts) =>
        decideVerifyPhone(user, post.sent.at(-1)?.code ?? "", v2.verify, facts),
    ],
    ["removed", (user: UserState) => decideRemovePhone(user, v2.remove)],
    [
      "replaced by one that the caller got",
      (user: UserState, facts: Facts) =>
        decideResendPhoneCode(
          user,
          { verification: "return_code", code: newCode(post.app, policy.phoneCode, policy.resend) },
          v2.resend,
          facts,
        ),
    ],
    ["gone with its user", () => decideRemoveUser()],
  ] as const)("does not send again what was %s meanwhile", async (_name, decide) => {
    post.answer = () => ({ kind: "retry", reason: "busy" });
    await post.send("1");
    await post.until(() => post.lines.length === 1);
    await post.change("1", decide);
    post.nowMs += 30_000;
    post.courier.wake();
    await post.until(() => post.settled.length === 1);
    expect(outcomes()).toEqual(["skipped"]);
    expect(post.sent).toHaveLength(1);
  });

  it("records what was sent, though its user went meanwhile", async () => {
    post.answer = async () => {
      await post.change("1", decideRemoveUser);
      return { kind: "sent" };
    };
    await post.send("1");
    await post.until(() => post.settled.length === 1);
    expect(outcomes()).toEqual(["sent"]);
  });

  it("does not send what has expired", async () => {
    post.answer = () => ({ kind: "retry", reason: "busy", retryAfterMs: minuteMs });
    await post.send("1");
    await post.until(() => post.lines.length === 1);
    post.nowMs += 10 * minuteMs;
    post.courier.wake();
    await post.until(() => post.settled.length === 1);
    expect(post.settled).toMatchObject([{ outcome: "skipped", reason: "the code has expired" }]);
    expect(post.sent).toHaveLength(1);
  });

  it("sends many at a time, so that one that hangs does not hold up the others", async () => {
    const hanging = Promise.withResolvers<SendResult>();
    post.answer = (message) => (message.user.id === "1" ? hanging.promise : { kind: "sent" });
    for (let id = 1; id <= 40; id += 1) await post.send(String(id));
    await post.until(() => post.settled.length === 39);
    let isStopped = false;
    const stopped = post.courier.stop().then(() => (isStopped = true));
    await Promise.resolve();
    expect(isStopped).toBe(false);
    hanging.resolve({ kind: "sent" });
    await stopped;
    expect(post.settled).toHaveLength(40);
  });

  it("takes nothing for a crash that it has in hand itself, though the clock jumps ahead", async () => {
    const slow = Promise.withResolvers<SendResult>();
    await post.offer({ a: { isIdempotent: false, answer: () => slow.promise } });
    await post.send("1");
    await post.until(() => post.askedIds.length === 1);
    post.pass(31_000);
    await post.quiet();
    slow.resolve({ kind: "sent" });
    await post.until(() => post.settled.length > 0);
    expect(outcomes()).toEqual(["sent"]);
  });

  it("gives back what is refused after the clock has jumped ahead, with its attempt", async () => {
    const slow = Promise.withResolvers<SendResult>();
    const answer = () => (post.askedIds.length === 1 ? slow.promise : ({ kind: "sent" } as const));
    await post.offer({ a: { isIdempotent: false, answer } });
    await post.send("1");
    await post.until(() => post.askedIds.length === 1);
    post.pass(31_000);
    await post.quiet();
    slow.resolve({ kind: "retry", reason: "busy" });
    await post.until(() => post.lines.some((line) => line.includes("not sent yet")));
    post.pass(31_000);
    await post.until(() => post.settled.length > 0);
    expect(outcomes()).toEqual(["sent"]);
    expect(await post.attempts()).toMatchObject([{ outcome: "retry" }, { outcome: "sent" }]);
  });

  it("claims what is due again before it heard that it was given back", async () => {
    const answer = () => ({ kind: post.askedIds.length === 1 ? "retry" : "sent", reason: "busy" }) as const;
    await post.offer({ a: { answer } });
    post.onGivenBack = async () => {
      post.pass(1_000);
      await post.quiet();
    };
    await post.send("1");
    await post.until(() => post.settled.length > 0);
    expect(outcomes()).toEqual(["sent"]);
  });

  it("asks no further provider once it is stopped, and gives the message back", async () => {
    const slow = Promise.withResolvers<SendResult>();
    await post.offer({ a: { answer: () => slow.promise }, b: {} });
    await post.send("1");
    await post.until(() => post.askedIds.length === 1);
    const stopped = post.courier.stop();
    slow.resolve({ kind: "retry", reason: "busy" });
    await stopped;
    expect(post.askedIds).toEqual(["a"]);
    expect(post.settled).toEqual([]);
    expect(await post.attempts()).toMatchObject([{ providerId: "a", outcome: "retry" }]);
    expect(await post.store.outbox.nextDueMs()).toBeLessThan(post.nowMs + 1_000); // not after the lease
  });

  it("begins none of the calls that wait for their turn once it is stopped", async () => {
    const slow = Promise.withResolvers<SendResult>();
    post.answer = () => slow.promise;
    for (let id = 1; id <= 20; id += 1) await post.send(String(id));
    await post.until(() => post.askedIds.length === 16);
    await post.quiet();
    const stopped = post.courier.stop();
    slow.resolve({ kind: "sent" });
    await stopped;
    expect(post.askedIds).toHaveLength(16);
    expect(outcomes()).toEqual(Array.from({ length: 16 }, () => "sent"));
    const queued = await post.store.outbox.list({ state: "queued", limit: 20 });
    expect(queued.map(({ attempts }) => attempts)).toEqual([[], [], [], []]);
    expect(post.lines.filter((line) => line.includes("not sent yet"))).toHaveLength(4);
  });

  it("never asks one provider for more than sixteen at a time", async () => {
    let inHand = 0;
    let most = 0;
    post.answer = async () => {
      inHand += 1;
      most = Math.max(most, inHand);
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      inHand -= 1;
      return { kind: "sent" };
    };
    await Promise.all(Array.from({ length: 60 }, (_, id) => post.send(String(id + 1))));
    await post.until(() => post.settled.length === 60);
    expect(most).toBeLessThanOrEqual(16);
    expect(post.sent).toHaveLength(60);
  });

  it("leaves a provider alone that fails steadily, tries it with one message, and goes on when it is back", async () => {
    post.answer = () => ({ kind: "retry", reason: "down", retryAfterMs: 1 });
    for (let id = 1; id <= 40; id += 1) await post.send(String(id));
    await post.until(() => post.lines.some((line) => line.includes("left alone")));
    await post.quiet();
    const before = post.sent.length;
    expect(before).toBe(8);
    for (let probe = 1; probe <= 3; probe += 1) {
      const logged = post.lines.length;
      post.pass(6_000); // longer than any rest
      await post.until(() => post.lines.length > logged);
      expect(post.sent).toHaveLength(before + probe);
    }
    post.answer = () => ({ kind: "sent" });
    post.nowMs += 6_000;
    post.courier.wake();
    await post.until(() => post.settled.length === 40);
    expect(new Set(outcomes())).toEqual(new Set(["sent"]));
  });

  it("remembers what was sent and could not be recorded, and does not send it again", async () => {
    post.failNextSettling();
    await post.send("1");
    await post.until(() => post.lines.some((line) => line.includes("was sent, but could not be recorded")));
    post.pass(30_000); // the lease
    await post.until(() => post.settled.length === 1);
    expect(outcomes()).toEqual(["sent"]);
    expect(post.sent).toHaveLength(1);
    const types = (await post.store.history(0, 10)).map(({ type }) => type);
    expect(types.at(-1)).toBe("user.human.phone.code.sent");
  });

  it("does not speak of recording where nothing was sent", async () => {
    post.onBegin = () => {
      throw new StoreUnavailableError("the disk is full");
    };
    await post.send("1");
    await post.until(() => post.lines.some((line) => line.includes("the disk is full")));
    expect(post.lines).toEqual([expect.stringContaining("could not be handled")]);
    expect(post.sent).toEqual([]);
    post.onBegin = () => {};
    post.pass(30_000); // the lease
    await post.until(() => post.settled.length === 1);
    expect(outcomes()).toEqual(["sent"]);
  });

  it("logs how many requests to providers a message took, who was the last, and what was paid for", async () => {
    const busy = { kind: "retry", reason: "busy" } as const;
    let calls = 0;
    await post.offer({
      a: { answer: () => busy },
      b: { answer: () => ((calls += 1), calls === 1 ? busy : { kind: "sent" }) },
    });
    await post.send("1");
    await post.until(() => post.lines.length === 1);
    post.pass(30_000);
    await post.until(() => post.lines.length === 2);
    post.answer = () => ({ kind: "rejected", reason: "no such number" });
    await post.route({ countries: [], targets: [{ providerId: "default", weight: 1, step: 1 }] });
    await post.send("2");
    await post.until(() => post.lines.length === 3);
    const logged = post.lines.map((line): unknown => JSON.parse(line));
    expect(logged).toMatchObject([
      { message: "message not sent yet", providerId: expect.stringMatching(/^[ab]$/), attempts: 2 },
      { message: "message sent", attempts: 4, segments: 1 },
      { level: "warn", message: "message given up", providerId: "default", attempts: 1 },
    ]);
  });

  it("records what it knows of a message", async () => {
    await post.offer({
      a: { answer: () => ({ kind: "sent", providerMessageId: "SM1" }), readReceipt: () => undefined },
    });
    await post.send("1");
    await post.until(() => post.settled.length === 1);
    const attempt = { providerId: "a", startedMs: post.nowMs, endedMs: post.nowMs, outcome: "sent" };
    expect(await post.store.outbox.list({ limit: 10 })).toMatchObject([
      {
        state: "sent",
        settledMs: post.nowMs,
        attempts: [attempt],
        providerId: "a",
        providerMessageId: "SM1",
        encoding: "gsm7",
        segments: 1,
      },
    ]);
    expect(post.sent[0]?.receiptUrl).toBe(`https://me/a/${post.sent[0]?.id}`);
    expect((await post.store.history(0, 10)).at(-1)?.data).toEqual({ challengeId: post.sent[0]?.id });
  });

  it("records with the user who checks the code, where a provider does", async () => {
    await post.offer({
      a: {
        answer: () => ({ kind: "sent", providerMessageId: "VE1" }),
        checkCode: async () => ({ kind: "right" }),
      },
    });
    await post.send("1");
    await post.until(() => post.settled.length === 1);
    expect((await post.store.history(0, 10)).at(-1)?.data).toEqual({
      challengeId: post.sent[0]?.id,
      providerId: "a",
      providerMessageId: "VE1",
    });
    expect(post.sent[0]).not.toHaveProperty("receiptUrl");
    expect((await post.store.outbox.list({ limit: 1 }))[0]).not.toHaveProperty("segments");
  });
});
