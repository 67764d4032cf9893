import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { SendResult } from "../../src/app/sms-port.ts";
import { type Fake, Post } from "../support/courier-post.ts";

const sent = { kind: "sent" } as const;
const retry = { kind: "retry", reason: "busy" } as const;
const unknown = { kind: "unknown", reason: "no answer" } as const;
const rejected = { kind: "rejected", reason: "no such number" } as const;

describe("the courier, where there are several providers", () => {
  let post: Post;
  beforeEach(() => void (post = new Post()));
  afterEach(() => post.courier.stop());

  /** Answers in turn; the last one for ever. */
  const answers = (...results: readonly SendResult[]): Fake => {
    let calls = 0;
    return {
      answer: () => {
        calls += 1;
        return results[calls - 1] ?? results.at(-1) ?? sent;
      },
    };
  };
  const hanging = { answer: () => new Promise<SendResult>(() => {}) };
  const notIdempotent = { isIdempotent: false };
  const settled = () => post.until(() => post.settled.length === 1);
  const givenBack = async () => {
    await post.until(() => post.lines.some((line) => line.includes("not sent yet")));
    post.lines.length = 0;
  };
  /** A message that another courier has claimed. */
  const held = async () => {
    post.isHeld = true;
    await post.send("1");
    const [claim] = await post.outbox.claim(post.nowMs, 30_000, 1);
    if (claim === undefined) throw new Error("nothing was due");
    return claim;
  };
  /** Lets the longest back-off go by until the message has its end. */
  const toTheEnd = async () => {
    while (post.settled.length === 0) {
      await post.until(
        () => post.settled.length > 0 || post.lines.some((line) => line.includes("not sent yet")),
      );
      post.lines.length = 0;
      post.pass(30_000);
    }
  };

  describe("after a definite failure", () => {
    it.each([
      ["that may pass", retry],
      ["for good", rejected],
    ])("%s asks the next one at once", async (_name, failure) => {
      await post.offer({ a: answers(failure), b: {}, c: {} });
      await post.send("1");
      await settled();
      expect(post.askedIds).toEqual(["a", "b"]);
      expect(new Set(post.sent.map(({ id }) => id)).size).toBe(1);
      expect(post.settled).toMatchObject([{ outcome: "sent", providerId: "b" }]);
      expect(await post.attempts()).toMatchObject([
        { providerId: "a", outcome: failure.kind, reason: failure.reason },
        { providerId: "b", outcome: "sent" },
      ]);
    });

    it("asks the next one after one that throws, and tells nothing that its error may hold", async () => {
      const broken = () => Promise.reject(new TypeError("invalid header: AWS4-HMAC-SHA256 Credential=…"));
      await post.offer({ a: { ...notIdempotent, answer: broken }, b: {} });
      await post.send("1");
      await settled();
      expect(post.settled).toMatchObject([{ outcome: "sent", providerId: "b" }]);
      expect(await post.attempts()).toMatchObject([
        { providerId: "a", outcome: "rejected", reason: "it cannot be asked: TypeError" },
        { providerId: "b", outcome: "sent" },
      ]);
      expect(post.lines.filter((line) => line.includes("AWS4-HMAC"))).toEqual([]);
    });

    it("asks all of them again later, but the one that refused the message", async () => {
      await post.offer({ a: answers(rejected), b: answers(retry, sent) });
      await post.send("1");
      await givenBack();
      post.pass(30_000);
      await settled();
      expect(post.askedIds).toEqual(["a", "b", "b"]);
    });

    it("asks nobody for longer than the one wants that asked to wait", async () => {
      await post.offer({
        a: answers({ ...retry, retryAfterMs: 90_000 }, sent),
        b: answers(retry, retry, sent),
      });
      await post.send("1");
      await givenBack();
      post.pass(30_000);
      await givenBack();
      expect(post.askedIds).toEqual(["a", "b", "b"]);
      post.pass(60_000);
      await settled();
      expect(post.askedIds).toEqual(["a", "b", "b", "a"]);
    });

    it("gives up when all have refused the message", async () => {
      await post.offer({ a: answers(rejected), b: answers({ ...rejected, reason: "blocked" }) });
      await post.send("1");
      await settled();
      expect(post.settled).toMatchObject([{ outcome: "dead", reason: "blocked" }]);
      // Nobody has it, so no receipt can tell of it.
      expect(post.settled[0]).not.toHaveProperty("providerId");
    });

    it("gives up after twenty attempts", async () => {
      await post.offer({ a: answers(retry), b: answers(retry) });
      const claim = await held();
      const failed = { providerId: "a", startedMs: 1, endedMs: 2, outcome: "retry", reason: "busy" } as const;
      await post.outbox.retry(
        claim,
        post.nowMs,
        Array.from({ length: 19 }, () => failed),
      );
      post.isHeld = false;
      post.courier.wake();
      await settled();
      expect(post.askedIds).toEqual(["a"]);
      expect(post.settled).toMatchObject([{ outcome: "dead", reason: "20 attempts: busy" }]);
      expect(await post.attempts()).toHaveLength(20);
    });

    it("asks nobody any more whose answer could come after the lease", async () => {
      const slow: Fake = {
        answer: () => {
          post.nowMs += 15_000;
          return retry;
        },
      };
      await post.offer({ a: slow, b: {} });
      await post.send("1");
      await givenBack();
      expect(post.askedIds).toEqual(["a"]);
    });

    it("nor one whose turn came too late for that", async () => {
      const slow = Promise.withResolvers<SendResult>();
      await post.offer({ a: { answer: () => slow.promise } });
      for (let id = 1; id <= 17; id += 1) await post.send(String(id));
      await post.until(() => post.askedIds.length === 16);
      await post.quiet();
      post.nowMs += 15_000;
      slow.resolve(sent);
      await givenBack();
      await post.until(() => post.settled.length === 16);
      expect(post.askedIds).toHaveLength(16);
    });

    it("asks nobody any more once somebody else has the message", async () => {
      const tooSlow: Fake = {
        answer: async () => {
          await post.outbox.claim(post.nowMs + 30_000, 30_000, 10);
          return retry;
        },
      };
      await post.offer({ a: tooSlow, b: {} });
      await post.send("1");
      await post.until(() => post.lines.some((line) => line.includes("in other hands")));
      expect(post.askedIds).toEqual(["a"]);
      expect(post.settled).toEqual([]);
    });
  });

  describe("where a message may have been sent", () => {
    it("sends it never again, if its provider cannot tell one message from two", async () => {
      await post.offer({ a: { ...notIdempotent, ...answers(unknown) }, b: {} });
      await post.send("1");
      await settled();
      expect(post.settled).toMatchObject([
        { outcome: "dead", reason: "it may have been sent: no answer", providerId: "a" },
      ]);
      expect(post.askedIds).toEqual(["a"]);
    });

    it("asks the same provider again, and only it, if it can", async () => {
      await post.offer({ a: answers(unknown, retry, unknown, sent), b: {} });
      await post.send("1");
      await toTheEnd();
      expect(post.askedIds).toEqual(["a", "a", "a", "a"]);
      expect(post.settled).toMatchObject([{ outcome: "sent", providerId: "a" }]);
    });

    it("says so when that one refuses it then", async () => {
      await post.offer({ a: answers(unknown, rejected), b: {} });
      await post.send("1");
      await toTheEnd();
      expect(post.askedIds).toEqual(["a", "a"]);
      expect(post.settled).toMatchObject([
        { outcome: "dead", reason: "it may have been sent: no such number", providerId: "a" },
      ]);
    });

    it("asks nobody if that one is gone", async () => {
      await post.offer({ a: answers(unknown), b: {} });
      await post.send("1");
      await givenBack();
      await post.remove("a");
      post.pass(30_000);
      await settled();
      expect(post.askedIds).toEqual(["a"]);
      expect(post.settled).toMatchObject([
        { outcome: "dead", reason: "it may have been sent: no answer", providerId: "a" },
      ]);
    });
  });

  describe("after a crash", () => {
    it("sends what no provider was asked to", async () => {
      await post.offer({ a: notIdempotent });
      await held();
      post.isHeld = false;
      post.crash();
      await settled();
      expect(post.askedIds).toEqual(["a"]);
    });

    it.each([
      [
        "asks the provider again that was being asked, if it can tell one message from two",
        {},
        ["a", "b", "b"],
        "sent",
      ],
      ["gives the message up that was being sent, if it cannot", notIdempotent, ["a", "b"], "dead"],
    ])("%s", async (_name, kind, asked, outcome) => {
      let calls = 0;
      const answer = (): SendResult | Promise<SendResult> => {
        calls += 1;
        return calls === 1 ? hanging.answer() : sent;
      };
      await post.offer({ a: { ...notIdempotent, ...answers(retry) }, b: { ...kind, answer } });
      await post.send("1");
      await post.until(() => post.askedIds.length === 2);
      post.crash();
      await settled();
      expect(post.askedIds).toEqual(asked);
      expect(post.settled).toMatchObject([{ outcome }]);
      expect((await post.attempts())[1]).toMatchObject({
        providerId: "b",
        outcome: "unknown",
        reason: expect.stringContaining("the server stopped"),
      });
    });
  });

  describe("routes", () => {
    const to = (countries: readonly string[], ...ids: readonly string[]) => ({
      countries,
      targets: ids.map((providerId, index) => ({ providerId, weight: 1, step: index })),
    });

    it("lead by country", async () => {
      await post.addProviders({ a: {}, b: {} });
      await post.route(to(["CH", "DE"], "a"), to([], "b"));
      await post.send("1", "+41791234567");
      await post.until(() => post.settled.length === 1);
      await post.send("2", "+33612345678");
      await post.until(() => post.settled.length === 2);
      expect(post.askedIds).toEqual(["a", "b"]);
    });

    it("that lead nowhere end a message", async () => {
      await post.addProviders({ a: {} });
      await post.route(to(["CH"], "a"));
      await post.send("1", "+33612345678");
      await settled();
      expect(post.settled).toMatchObject([{ outcome: "dead", reason: "no route leads to its country" }]);
      expect(post.askedIds).toEqual([]);
    });

    it("are not needed: the active provider sends, or the configured one", async () => {
      await post.addProviders({ a: {} });
      await post.send("1");
      await post.until(() => post.settled.length === 1);
      await post.activate("a");
      await post.send("2");
      await post.until(() => post.settled.length === 2);
      expect(post.askedIds).toEqual(["default", "a"]);
    });

    it("and providers are those of one moment, whenever the active one is removed", async () => {
      const asked = new Set<string | undefined>();
      for (let steps = 0; steps < 50; steps += 1) {
        post = new Post();
        await post.addProviders({ a: {} });
        await post.activate("a");
        await post.send("1");
        for (let step = 0; step < steps; step += 1) await Promise.resolve();
        await post.remove("a");
        await settled();
        expect(post.settled).toMatchObject([{ outcome: "sent" }]);
        asked.add(post.askedIds[0]);
        await post.courier.stop();
      }
      expect(asked).toEqual(new Set(["default", "a"]));
    });

    it("pass over a provider that cannot be used", async () => {
      await post.addProviders({ a: {} });
      await post.route(to([], "gone", "a"));
      await post.send("1");
      await settled();
      expect(post.askedIds).toEqual(["a"]);
    });

    it("keep to the channel that was asked for", async () => {
      await post.offer({ a: {}, b: { channel: "voice" }, c: { channel: "voice" } });
      await post.send("1", "+41791234567", "voice");
      await settled();
      expect(post.askedIds).toEqual(["b"]);
      await post.send("2", "+41791234568", "whatsapp");
      await post.until(() => post.settled.length === 2);
      expect(post.settled[1]).toMatchObject({
        outcome: "dead",
        reason: "no provider of its route sends by whatsapp",
      });
    });
  });
});
