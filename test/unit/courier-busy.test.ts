import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { SendResult } from "../../src/app/sms-port.ts";
import { policy, Post } from "../support/courier-post.ts";

/** A provider that answers, but so slowly that more waits for it than it takes. */
describe("a provider that is busy", () => {
  const answers: PromiseWithResolvers<SendResult>[] = [];
  const busy = {
    answer() {
      const answer = Promise.withResolvers<SendResult>();
      answers.push(answer);
      return answer.promise;
    },
  };
  const callsAtOnce = 16;
  const swiss = 80;

  let post: Post;
  beforeEach(() => {
    answers.length = 0;
    post = new Post();
  });
  afterEach(async () => {
    for (const { resolve } of answers) resolve({ kind: "sent" });
    post.isHeld = true;
    await post.courier.stop();
  });

  const sendSwiss = async (): Promise<void> => {
    post.isTold = false;
    for (let id = 1; id <= swiss; id++) await post.send(String(id));
    post.isTold = true;
    post.courier.wake();
    await post.until(() => answers.length === callsAtOnce);
  };

  const routeSwiss = async (): Promise<void> => {
    await post.addProviders({ busy, quick: {} });
    await post.route(
      { countries: ["CH"], targets: [{ providerId: "busy", weight: 1, step: 1 }] },
      { countries: [], targets: [{ providerId: "quick", weight: 1, step: 1 }] },
    );
  };

  it("holds up no other", async () => {
    await routeSwiss();
    await sendSwiss();
    for (let id = 301; id <= 340; id++) await post.send(String(id), `+49151234${id}00`);
    await post.until(() => post.settled.length === 40);
    expect(new Set(post.settled.map(({ providerId }) => providerId))).toEqual(new Set(["quick"]));
    expect(answers).toHaveLength(callsAtOnce);
    for (let at = 0; post.settled.length < swiss + 40; at++) {
      await post.until(() => answers.length > at || post.settled.length === swiss + 40);
      answers[at]?.resolve({ kind: "sent" });
      if (answers.length === at + 1) post.pass(1_000);
    }
    expect(answers).toHaveLength(swiss);
  });

  it("is not asked to send a code that has expired since it was its turn to wait", async () => {
    await post.offer({ busy });
    post.isHeld = true;
    for (let id = 1; id <= callsAtOnce + 1; id++) await post.send(String(id));
    post.isHeld = false;
    post.pass((policy.phoneCode.ttlMs ?? 0) - 5_000);
    await post.until(() => answers.length === callsAtOnce);
    post.nowMs += 5_000;
    for (const { resolve } of answers) resolve({ kind: "sent" });
    await post.until(() => post.settled.length === callsAtOnce + 1 || answers.length > callsAtOnce);
    expect(answers).toHaveLength(callsAtOnce);
    expect(post.settled.filter(({ outcome }) => outcome !== "sent")).toMatchObject([
      { outcome: "dead", attempts: [], reason: expect.stringContaining("the code expires") },
    ]);
  });

  it("sends by no other what has expired while it failed", async () => {
    await post.offer({ busy, quick: {} });
    post.isHeld = true;
    await post.send("1");
    post.isHeld = false;
    post.pass((policy.phoneCode.ttlMs ?? 0) - 5_000);
    await post.until(() => answers.length === 1);
    post.nowMs += 5_000;
    answers[0]?.resolve({ kind: "retry", reason: "too slow" });
    await post.until(() => post.settled.length === 1);
    expect(post.askedIds).toEqual(["busy"]);
    expect(post.settled).toMatchObject([{ outcome: "dead", reason: expect.stringContaining("too slow") }]);
  });

  it("holds up no other of its route", async () => {
    await post.addProviders({ busy, quick: {} });
    const targets = ["busy", "quick"].map((providerId) => ({ providerId, weight: 1, step: 1 }));
    await post.route({ countries: [], targets });
    post.isTold = false;
    for (let id = 1; id <= 4 * swiss; id++) await post.send(String(id));
    post.isTold = true;
    post.courier.wake();
    // Half of them are for the quick one, and only those that are drawn before 32 for the busy one were sent.
    await post.until(() => post.settled.length > swiss);
    expect(answers).toHaveLength(callsAtOnce);
  });

  it("holds up no other of its route that sends by another channel", async () => {
    await post.offer({ quick: {}, busy: { ...busy, channel: "voice" } });
    post.isTold = false;
    for (let id = 1; id <= swiss; id++) await post.send(String(id), undefined, "voice");
    for (let id = 301; id <= 340; id++) await post.send(String(id));
    post.isTold = true;
    post.courier.wake();
    await post.until(() => post.settled.length === 40);
    expect(answers).toHaveLength(callsAtOnce);
  });

  it("has those come again that it has no room for at the pace at which it takes them", async () => {
    await routeSwiss();
    await sendSwiss();
    post.pass(4_000);
    for (const { resolve } of answers) resolve({ kind: "sent" });
    await post.until(() => answers.length === 2 * callsAtOnce);
    while (((await post.outbox.nextDueMs()) ?? Infinity) <= post.nowMs) await post.quiet();
    const waiting = await post.outbox.waiting(undefined, swiss);
    // It takes 16 in 4 s: without regard to that, the 32 that it has no room for would come within 1 s.
    expect(waiting).toHaveLength(swiss - callsAtOnce);
    expect(waiting.filter(({ dueMs }) => dueMs <= post.nowMs + 1_000).length).toBeLessThan(callsAtOnce);
  });

  it("has them come again soon, however often it had no room for them", async () => {
    await routeSwiss();
    await sendSwiss();
    for (let looks = 1; looks <= 10; looks += 1) {
      post.pass(1_000);
      while (((await post.outbox.nextDueMs()) ?? Infinity) <= post.nowMs) await post.quiet();
    }
    const waiting = await post.outbox.waiting(undefined, swiss);
    expect(waiting.filter(({ dueMs }) => dueMs <= post.nowMs + 1_000)).toHaveLength(swiss - 2 * callsAtOnce);
  });

  it.each([
    ["there is no other", {}],
    ["the other one is for when it fails", { next: {} }],
  ])("is no reason, where %s, to ask another or to claim more than it can take", async (_name, others) => {
    await post.offer({ busy, ...others });
    await sendSwiss();
    expect(post.askedIds).toEqual(Array.from(answers, () => "busy"));
    const waiting = await post.outbox.claim(post.nowMs, 1, 1_000);
    expect(waiting.length).toBeGreaterThanOrEqual(swiss - 2 * callsAtOnce);
  });
});
