import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { SendResult } from "../../src/app/sms-port.ts";
import { Post } from "../support/courier-post.ts";

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

  it("is no reason to ask the next one, nor, where there is no other, to claim more than it can take", async () => {
    await post.offer({ busy });
    await sendSwiss();
    const waiting = await post.outbox.claim(post.nowMs, 1, 1_000);
    expect(waiting.length).toBeGreaterThanOrEqual(swiss - 2 * callsAtOnce);
  });
});
